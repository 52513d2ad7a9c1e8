import { useState } from 'react';
import { useGo } from '../../components/navigate.ts';
import { useAction } from '../../components/use-action.ts';
import { paths } from '../../paths.ts';
import { t } from '../../strings/instance.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';

/** The way to a new workspace, which is gone to at once. */
export function WorkspaceAdd() {
  const go = useGo();
  const [open, setOpen] = useState(false);
  const [name, setName] = useState('');
  const [slug, setSlug] = useState('');
  const { busy, problem, run } = useAction('workspaces', 'create', { also: ['session', 'instance'], inForm: true });
  const body = { name, ...(slug.trim() === '' ? {} : { slug: slug.trim() }) };
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t('add')}</Button>
      <Dialog open={open} onClose={() => setOpen(false)} title={t('add')} about={t('addAbout')}>
        <Form
          submit={t('add')}
          busy={busy}
          problem={problem}
          disabled={name.trim() === ''}
          onCancel={() => setOpen(false)}
          onSubmit={() => run({ body }, { title: t('added') }, (made) => go(paths.firstRun(made.slug)))}
        >
          <TextField
            label={t('nameLabel')}
            name="name"
            value={name}
            onChange={setName}
            error={problem?.errors['name']}
          />
          <TextField
            label={t('slugLabel')}
            name="slug"
            optional
            mono
            help={t('slugHelp')}
            value={slug}
            onChange={setSlug}
            error={problem?.errors['slug']}
          />
        </Form>
      </Dialog>
    </>
  );
}
