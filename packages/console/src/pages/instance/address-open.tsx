import { useState } from 'react';
import { useAction } from '../../components/use-action.ts';
import { t } from '../../strings/instance.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';

/** Open one private address. */
export function AddressOpen() {
  const [open, setOpen] = useState(false);
  const [target, setTarget] = useState('');
  const [note, setNote] = useState('');
  const { busy, problem, run } = useAction('network', 'allow', { inForm: true });
  const close = (): void => {
    setOpen(false);
    setTarget('');
    setNote('');
  };
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t('open')}</Button>
      <Dialog open={open} onClose={close} title={t('open')} about={t('openAbout')}>
        <Form
          submit={t('open')}
          busy={busy}
          problem={problem}
          disabled={target.trim() === ''}
          onCancel={close}
          onSubmit={() => run({ body: { target, note } }, { title: t('openedToast') }, close)}
        >
          <TextField
            label={t('targetLabel')}
            name="target"
            mono
            help={t('targetHelp')}
            value={target}
            onChange={setTarget}
            error={problem?.errors['target']}
          />
          <TextField
            label={t('note')}
            name="note"
            optional
            value={note}
            onChange={setNote}
            error={problem?.errors['note']}
          />
        </Form>
      </Dialog>
    </>
  );
}
