import { ErasurePart } from '../../components/erasure-part.tsx';
import { NeedsRole } from '../../components/needs-role.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/erasure.ts';
import { SettingsFrame } from './settings-frame.tsx';

/** Erase a person from the workspace. */
export function ErasurePage() {
  const workspace = useWorkspace();
  return (
    <SettingsFrame
      about={t('about')}
      cli={{
        command: `mcpnest people erase cy@example.com --dry-run --workspace ${workspace}`,
        request: `POST /api/v1/workspaces/${workspace}/erasures`,
      }}
    >
      <NeedsRole operation="people.erase">
        <ErasurePart workspace={workspace} />
      </NeedsRole>
    </SettingsFrame>
  );
}
