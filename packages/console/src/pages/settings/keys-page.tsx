import { KeyIssueButton } from '../../components/keys/key-issue.tsx';
import { KeysPart } from '../../components/keys/keys-part.tsx';
import { NeedsRole } from '../../components/needs-role.tsx';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/keys.ts';
import { SettingsFrame } from './settings-frame.tsx';

/** The control keys of a workspace. */
export function KeysPage() {
  const workspace = useWorkspace();
  return (
    <SettingsFrame
      about={t('about')}
      actions={useMay('apiKeys.issue') ? <KeyIssueButton workspace={workspace} /> : undefined}
      cli={{
        command: `mcpnest key list --workspace ${workspace}`,
        request: `GET /api/v1/workspaces/${workspace}/api-keys`,
      }}
    >
      <NeedsRole operation="apiKeys.list">
        <KeysPart workspace={workspace} />
      </NeedsRole>
    </SettingsFrame>
  );
}
