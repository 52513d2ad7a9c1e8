import type { AccessRequest } from '@mcpnest/contract/schemas/access';
import { useState } from 'react';
import { useChange } from '../../api/queries.ts';
import { after, takeBack } from '../../components/after.ts';
import { faultOf } from '../../components/fault-of.ts';
import { useFilters } from '../../components/navigate.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/access-decisions.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { toast } from '../../ui/toast.tsx';

/** Ask to be allowed something. */
export const AskDialog = ({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) => (
  <Dialog open={open} onClose={onClose} title={t('askTitle')} about={t('askAbout')}>
    {open && <Ask onClose={onClose} />}
  </Dialog>
);

function Ask({ onClose }: { readonly onClose: () => void }) {
  const workspace = useWorkspace();
  const [{ object: given = '' }] = useFilters(['object']);
  const create = useChange('accessRequests', 'create');
  const [object, setObject] = useState(given);
  const [reason, setReason] = useState('');
  const [days, setDays] = useState('7');
  const problem = faultOf(create.error);
  return (
    <Form
      submit={t('ask')}
      busy={create.isPending}
      problem={problem}
      disabled={object.trim() === '' || reason.trim() === ''}
      onCancel={onClose}
      onSubmit={() =>
        after(
          create.mutateAsync({ params: { workspace }, body: { object: object.trim(), reason, days: Number(days) } }),
          () => {
            onClose();
            toast({ title: t('sent') });
          },
        )
      }
    >
      <TextField
        label={t('object')}
        mono
        help={t('objectHelp')}
        value={object}
        onChange={setObject}
        error={problem?.errors['object']}
        spellCheck={false}
      />
      <TextField label={t('why')} value={reason} onChange={setReason} error={problem?.errors['reason']} />
      <TextField
        label={t('days')}
        type="number"
        min={1}
        max={365}
        value={days}
        onChange={setDays}
        error={problem?.errors['days']}
      />
    </Form>
  );
}

interface DecideProps {
  readonly request: AccessRequest;
  readonly onClose: () => void;
}

/** Grant a request; the rule it makes can be taken back at once. */
export function GrantDialog({ request: { id, object, email, days: asked, reason }, onClose }: DecideProps) {
  const workspace = useWorkspace();
  const grant = useChange('accessRequests', 'grant', ['rules', 'allowlists', 'access']);
  const remove = useChange('rules', 'remove', ['allowlists', 'access']);
  const [days, setDays] = useState(String(asked));
  const [note, setNote] = useState('');
  const problem = faultOf(grant.error);
  return (
    <Dialog open onClose={onClose} title={t('grantTitle', { object, email })} about={reason}>
      <Form
        submit={t('grant')}
        busy={grant.isPending}
        problem={problem}
        onCancel={onClose}
        onSubmit={() =>
          after(
            grant.mutateAsync({ params: { workspace, request: id }, body: { days: Number(days), note } }),
            ({ ruleId }) => {
              onClose();
              toast({
                title: t('grantDone', { email, object }),
                ...(ruleId === null
                  ? {}
                  : { undo: () => takeBack(remove.mutateAsync({ params: { workspace, rule: ruleId } })) }),
              });
            },
          )
        }
      >
        <TextField
          label={t('days')}
          type="number"
          min={1}
          max={365}
          value={days}
          onChange={setDays}
          error={problem?.errors['days']}
        />
        <TextField label={t('note')} optional value={note} onChange={setNote} error={problem?.errors['note']} />
      </Form>
    </Dialog>
  );
}

/** Refuse a request and say why. */
export function RefuseDialog({ request: { id, object, email, reason: asked }, onClose }: DecideProps) {
  const workspace = useWorkspace();
  const refuse = useChange('accessRequests', 'refuse');
  const [reason, setReason] = useState('');
  const problem = faultOf(refuse.error);
  return (
    <Dialog open onClose={onClose} title={t('refuseTitle', { object, email })} about={asked}>
      <Form
        submit={t('refuse')}
        busy={refuse.isPending}
        problem={problem}
        disabled={reason.trim() === ''}
        onCancel={onClose}
        onSubmit={() =>
          after(refuse.mutateAsync({ params: { workspace, request: id }, body: { reason } }), () => {
            onClose();
            toast({ title: t('refuseDone') });
          })
        }
      >
        <TextField label={t('refuseReason')} value={reason} onChange={setReason} error={problem?.errors['reason']} />
      </Form>
    </Dialog>
  );
}
