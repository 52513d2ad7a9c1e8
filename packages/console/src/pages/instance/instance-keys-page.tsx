import { KeyIssueButton } from '../../components/keys/key-issue.tsx';
import { KeysPart } from '../../components/keys/keys-part.tsx';
import { useMay } from '../../components/workspace.tsx';
import { t } from '../../strings/keys.ts';
import { InstanceFrame } from './instance-frame.tsx';

/** The control keys of the whole instance. */
export const InstanceKeysPage = () => (
  <InstanceFrame
    about={t('instanceAbout')}
    needs="instanceKeys.list"
    actions={useMay('instanceKeys.issue') ? <KeyIssueButton workspace={null} /> : undefined}
    cli={{ command: 'mcpnest key list', request: 'GET /api/v1/api-keys' }}
  >
    <KeysPart workspace={null} />
  </InstanceFrame>
);
