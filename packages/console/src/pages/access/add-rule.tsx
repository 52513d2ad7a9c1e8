import { useState } from 'react';
import { useChange } from '../../api/queries.ts';
import { after, takeBack } from '../../components/after.ts';
import { faultOf } from '../../components/fault-of.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/access-rules.ts';
import { Checkbox } from '../../ui/choice-controls.tsx';
import { Combobox } from '../../ui/combobox.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { Select } from '../../ui/select.tsx';
import { toast } from '../../ui/toast.tsx';
import { useSubjects } from './pickers.tsx';

export interface AddRuleDialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
}

/** Make a rule. */
export const AddRuleDialog = ({ open, onClose }: AddRuleDialogProps) => (
  <Dialog open={open} onClose={onClose} title={t('addTitle')} about={t('addAbout')}>
    {open && <AddRule onDone={onClose} />}
  </Dialog>
);

function AddRule({ onDone }: { readonly onDone: () => void }) {
  const workspace = useWorkspace();
  const subjects = useSubjects(['member', 'team', 'machine']);
  const create = useChange('rules', 'create', ['allowlists', 'access', 'policy']);
  const remove = useChange('rules', 'remove', ['allowlists', 'access', 'policy']);
  const [effect, setEffect] = useState<'allow' | 'deny'>('allow');
  const [subject, setSubject] = useState<string | null>(null);
  const [object, setObject] = useState('');
  const [days, setDays] = useState('');
  const [note, setNote] = useState('');
  const [absolute, setAbsolute] = useState(false);
  const problem = faultOf(create.error);
  const mayBind = effect === 'deny' && subject === 'everybody';
  return (
    <Form
      submit={t('add')}
      busy={create.isPending}
      problem={problem}
      disabled={subject === null || object.trim() === ''}
      onCancel={onDone}
      onSubmit={() =>
        after(
          create.mutateAsync({
            params: { workspace },
            body: {
              ...{ effect, subject: subject ?? '', object: object.trim(), note, absolute: absolute && mayBind },
              ...(days === '' ? {} : { expiresInDays: Number(days) }),
            },
          }),
          ({ id }) => {
            onDone();
            toast({ title: t('added'), undo: () => takeBack(remove.mutateAsync({ params: { workspace, rule: id } })) });
          },
        )
      }
    >
      <Select
        label={t('effect')}
        value={effect}
        choices={[
          { value: 'allow', label: t('allow') },
          { value: 'deny', label: t('deny') },
        ]}
        onChange={setEffect}
      />
      <Combobox
        label={t('subject')}
        value={subject}
        choices={[{ value: 'everybody', label: t('everybody') }, ...subjects]}
        onChange={setSubject}
        error={problem?.errors['subject']}
      />
      <TextField
        label={t('object')}
        mono
        help={t('objectHelp')}
        value={object}
        onChange={setObject}
        error={problem?.errors['object']}
        spellCheck={false}
      />
      {mayBind && <Checkbox label={t('absoluteLabel')} checked={absolute} onChange={setAbsolute} />}
      <TextField
        label={t('days')}
        optional
        type="number"
        min={1}
        help={t('daysHelp')}
        value={days}
        onChange={setDays}
        error={problem?.errors['expiresInDays']}
      />
      <TextField label={t('note')} optional value={note} onChange={setNote} error={problem?.errors['note']} />
    </Form>
  );
}
