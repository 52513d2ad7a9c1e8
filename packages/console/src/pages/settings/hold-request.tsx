import { useState } from 'react';
import { useChange } from '../../api/queries.ts';
import { faultOf } from '../../components/fault-of.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/settings-records.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { TextArea, TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { toast } from '../../ui/toast.tsx';

export interface HoldRequestProps {
  readonly open: boolean;
  readonly onClose: () => void;
}

/** Ask for a legal hold. */
export const HoldRequest = ({ open, onClose }: HoldRequestProps) => (
  <Dialog open={open} onClose={onClose} title={t('request')} about={t('requestAbout')}>
    {open && <Fields onClose={onClose} />}
  </Dialog>
);

const nothing = { name: '', reason: '', scope: 'workspace', from: '', to: '' };
const day = (text: string): string => `${text}T00:00:00Z`;

function Fields({ onClose }: Pick<HoldRequestProps, 'onClose'>) {
  const workspace = useWorkspace();
  const [draft, setDraft] = useState(nothing);
  const request = useChange('holds', 'request', ['retention']);
  const problem = faultOf(request.error);
  const field = (name: keyof typeof nothing) => ({
    ...{ name, value: draft[name], error: problem?.errors[name] },
    onChange: (value: string) => setDraft({ ...draft, [name]: value }),
  });
  const { name, reason, scope, from, to } = draft;
  return (
    <Form
      submit={t('request')}
      busy={request.isPending}
      problem={problem}
      disabled={name.trim() === '' || reason.trim() === ''}
      onCancel={onClose}
      onSubmit={() =>
        request.mutate(
          {
            params: { workspace },
            body: {
              ...{ name, reason, scope },
              ...(from === '' ? {} : { from: day(from) }),
              ...(to === '' ? {} : { to: day(to) }),
            },
          },
          {
            onSuccess: () => {
              toast({ title: t('requested') });
              onClose();
            },
          },
        )
      }
    >
      <TextField label={t('name')} help={t('nameHelp')} {...field('name')} />
      <TextArea label={t('reason')} rows={3} {...field('reason')} />
      <TextField label={t('scopeLabel')} mono help={t('scopeHelp')} {...field('scope')} />
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField label={t('from')} type="date" optional help={t('fromHelp')} {...field('from')} />
        <TextField label={t('to')} type="date" optional help={t('toHelp')} {...field('to')} />
      </div>
    </Form>
  );
}
