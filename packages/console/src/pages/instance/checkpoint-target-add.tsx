import { useState } from 'react';
import { useAction } from '../../components/use-action.ts';
import { t } from '../../strings/instance.ts';
import { Button } from '../../ui/button.tsx';
import { RadioCards } from '../../ui/choice-controls.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';

/** Another place for checkpoints: a folder or a web hook. */
export function CheckpointTargetAdd() {
  const [open, setOpen] = useState(false);
  const [kind, setKind] = useState<'folder' | 'https'>('https');
  const [name, setName] = useState('');
  const [place, setPlace] = useState('');
  const { busy, problem, run } = useAction('checkpointTargets', 'create', { inForm: true });
  const close = (): void => {
    setOpen(false);
    setName('');
    setPlace('');
  };
  const body = kind === 'folder' ? { kind, name, path: place } : { kind, name, url: place };
  return (
    <>
      <Button small onClick={() => setOpen(true)}>
        {t('addTarget')}
      </Button>
      <Dialog open={open} onClose={close} title={t('addTarget')} about={t('addTargetAbout')}>
        <Form
          submit={t('addTarget')}
          busy={busy}
          problem={problem}
          disabled={name.trim() === '' || place.trim() === ''}
          onCancel={close}
          onSubmit={() => run({ body }, null, close)}
        >
          <RadioCards
            label={t('kind')}
            columns={2}
            value={kind}
            choices={(['https', 'folder'] as const).map((value) => ({
              value,
              label: t(value),
              help: t(`${value}Help`),
            }))}
            onChange={setKind}
          />
          <TextField
            label={t('nameLabel')}
            name="name"
            value={name}
            onChange={setName}
            error={problem?.errors['name']}
          />
          <TextField
            label={kind === 'folder' ? t('path') : 'URL'}
            name={kind === 'folder' ? 'path' : 'url'}
            mono
            value={place}
            onChange={setPlace}
            error={problem?.errors[kind === 'folder' ? 'path' : 'url']}
          />
        </Form>
      </Dialog>
    </>
  );
}
