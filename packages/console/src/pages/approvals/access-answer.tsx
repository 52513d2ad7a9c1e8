import type { AccessRequest } from '@mcpnest/contract/schemas/access';
import { useState } from 'react';
import { useChange } from '../../api/queries.ts';
import { faultOf } from '../../components/fault-of.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/approvals.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { TextArea, TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { toast } from '../../ui/toast.tsx';

export interface Answering {
  readonly request: AccessRequest;
  readonly verb: 'grant' | 'refuse';
}

/** Grant a request for access with a rule that ends, or refuse it with a reason. */
export function AccessAnswer({
  answering,
  onClose,
}: {
  readonly answering: Answering | null;
  readonly onClose: () => void;
}) {
  const granting = answering?.verb === 'grant';
  const named = { object: answering?.request.object ?? '', email: answering?.request.email ?? '' };
  return (
    <Dialog
      open={answering !== null}
      onClose={onClose}
      title={granting ? t('grantTitle', named) : t('refuseTitle', named)}
      about={granting ? t('grantAbout') : t('reasonHelp')}
    >
      {answering !== null &&
        (granting ? (
          <Granting request={answering.request} onClose={onClose} />
        ) : (
          <Refusing request={answering.request} onClose={onClose} />
        ))}
    </Dialog>
  );
}

interface PartProps {
  readonly request: AccessRequest;
  readonly onClose: () => void;
}

function Granting({ request, onClose }: PartProps) {
  const workspace = useWorkspace();
  const grant = useChange('accessRequests', 'grant', ['rules', 'access']);
  const removeRule = useChange('rules', 'remove', ['access']);
  const [days, setDays] = useState(String(request.days));
  const [note, setNote] = useState('');
  const problem = faultOf(grant.error);
  const { object, email } = request;
  return (
    <Form
      submit={t('grantDo')}
      busy={grant.isPending}
      problem={problem}
      onCancel={onClose}
      onSubmit={() =>
        grant.mutate(
          { params: { workspace, request: request.id }, body: { days: Number(days), note } },
          {
            onSuccess: ({ ruleId }) => {
              toast({
                title: t('granted', { object, email }),
                detail: t('grantedAbout', { count: Number(days) }),
                ...(ruleId === null ? {} : { undo: () => removeRule.mutate({ params: { workspace, rule: ruleId } }) }),
              });
              onClose();
            },
          },
        )
      }
    >
      <TextField
        label={t('days')}
        name="days"
        type="number"
        min={1}
        max={365}
        value={days}
        onChange={setDays}
        help={t('daysHelp', { count: request.days })}
        error={problem?.errors['days']}
      />
      <TextArea label={t('note')} name="note" optional rows={2} value={note} onChange={setNote} />
    </Form>
  );
}

function Refusing({ request, onClose }: PartProps) {
  const workspace = useWorkspace();
  const refuse = useChange('accessRequests', 'refuse');
  const [reason, setReason] = useState('');
  const problem = faultOf(refuse.error);
  const { object, email } = request;
  return (
    <Form
      submit={t('refuse')}
      busy={refuse.isPending}
      problem={problem}
      onCancel={onClose}
      disabled={reason.trim() === ''}
      onSubmit={() =>
        refuse.mutate(
          { params: { workspace, request: request.id }, body: { reason: reason.trim() } },
          {
            onSuccess: () => {
              toast({ title: t('refusedAccess', { object, email }) });
              onClose();
            },
          },
        )
      }
    >
      <TextArea
        label={t('reason')}
        name="reason"
        rows={3}
        value={reason}
        onChange={setReason}
        error={problem?.errors['reason']}
      />
    </Form>
  );
}
