import { NeedsRole } from '../../components/needs-role.tsx';
import { SinkAddButton } from '../../components/sinks/sink-add.tsx';
import { SinksPart } from '../../components/sinks/sinks-part.tsx';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/sinks.ts';
import { SettingsFrame } from './settings-frame.tsx';

/** The sinks of a workspace. */
export function SinksPage() {
  const workspace = useWorkspace();
  return (
    <SettingsFrame
      about={t('about')}
      actions={useMay('sinks.create') ? <SinkAddButton workspace={workspace} /> : undefined}
      cli={{
        command: `mcpnest sink list --workspace ${workspace}`,
        request: `GET /api/v1/workspaces/${workspace}/sinks`,
      }}
    >
      <NeedsRole operation="sinks.list">
        <SinksPart workspace={workspace} />
      </NeedsRole>
    </SettingsFrame>
  );
}
