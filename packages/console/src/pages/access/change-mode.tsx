import type { Workspace } from '@mcpnest/contract/schemas/workspaces';
import { useQuery } from '@tanstack/react-query';
import { client } from '../../api/client.ts';
import { useChange } from '../../api/queries.ts';
import { after } from '../../components/after.ts';
import { Asked } from '../../components/asked.tsx';
import { faultOf } from '../../components/fault-of.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/access-security.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { Form } from '../../ui/form.tsx';
import { toast } from '../../ui/toast.tsx';
import { SimulationResult } from './simulation-result.tsx';

type Access = Workspace['settings']['access'];

/** The one setting that is to change. */
export type ModeChange = { readonly preset: Access['preset'] } | { readonly enforcement: boolean };

export interface ChangeModeProps {
  readonly change: ModeChange | null;
  readonly before: Access;
  readonly onClose: () => void;
}

const questionOf = (change: ModeChange): string =>
  'preset' in change
    ? t(change.preset === 'strict' ? 'askStrict' : 'askOpen')
    : t(change.enforcement ? 'askOn' : 'askOff');

/** Shows what the change would have done to the calls of the last days, and makes it. */
export const ChangeMode = ({ change, before, onClose }: ChangeModeProps) => (
  <Dialog
    open={change !== null}
    onClose={onClose}
    title={change === null ? '' : questionOf(change)}
    about={t('looking')}
    wide
  >
    {change !== null && <Trial change={change} before={before} onClose={onClose} />}
  </Dialog>
);

function Trial({ change, before, onClose }: ChangeModeProps & { readonly change: ModeChange }) {
  const workspace = useWorkspace();
  const params = { workspace };
  const trial = useQuery({
    queryKey: ['policy', 'simulate', workspace, change],
    queryFn: () => client.policy.simulate({ params, body: { ...change, days: 7 } }),
  });
  const update = useChange('workspaces', 'update', ['access', 'tools']);
  const apply = (access: Partial<Access>, onSuccess: () => void): void =>
    after(update.mutateAsync({ params, body: { settings: { access } } }), onSuccess);
  return (
    <Form
      submit={t('apply')}
      busy={update.isPending}
      problem={faultOf(update.error)}
      onCancel={onClose}
      onSubmit={() =>
        apply(change, () => {
          onClose();
          toast({ title: t('applied'), undo: () => apply(before, () => undefined) });
        })
      }
    >
      <Asked query={trial}>{(result) => <SimulationResult result={result} />}</Asked>
    </Form>
  );
}
