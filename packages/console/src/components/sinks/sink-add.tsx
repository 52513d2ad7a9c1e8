import { useState } from 'react';
import { t } from '../../strings/sinks.ts';
import { Button } from '../../ui/button.tsx';
import { RadioCards, Switch } from '../../ui/choice-controls.tsx';
import { SecretOnce } from '../../ui/copy.tsx';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { MakeDialog } from '../../ui/make-dialog.tsx';
import { Select } from '../../ui/select.tsx';
import { toast } from '../../ui/toast.tsx';
import { useActionOf } from '../use-action.ts';
import { formatsOf, newSink, sinkBodyOf, sinkKinds } from './sink-draft.ts';
import type { SinkDraft } from './sink-draft.ts';
import { sinksApi } from './sinks-api.ts';

/** The way to a new sink; of an HTTP one the signing secret is shown once. */
export function SinkAddButton({ workspace }: { readonly workspace: string | null }) {
  const [open, setOpen] = useState(false);
  const close = (): void => setOpen(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t('add')}</Button>
      <MakeDialog<string>
        open={open}
        onClose={close}
        title={t('add')}
        about={t('addAbout')}
        madeTitle={t('secretTitle')}
        renderForm={(onMade) => (
          <Fields
            workspace={workspace}
            onClose={close}
            onAdded={(secret) => {
              if (secret !== null) return onMade(secret);
              toast({ title: t('added') });
              close();
            }}
          />
        )}
        renderMade={(secret) => <SecretOnce name={t('secret')} secret={secret} onDone={close} />}
      />
    </>
  );
}

interface FieldsProps {
  readonly workspace: string | null;
  readonly onClose: () => void;
  readonly onAdded: (secret: string | null) => void;
}

function Fields({ workspace, onClose, onAdded }: FieldsProps) {
  const [draft, setDraft] = useState(newSink);
  const { noun, create } = sinksApi(workspace);
  const { busy, problem, run } = useActionOf(noun, create, { inForm: true });
  const set = (part: Partial<SinkDraft>): void => setDraft({ ...draft, ...part });
  const field = (name: keyof SinkDraft) => ({
    ...{ name, value: String(draft[name]), error: problem?.errors[name] },
    onChange: (value: string) => set({ [name]: value }),
  });
  const formats: readonly string[] = formatsOf[draft.kind];
  return (
    <Form
      submit={t('add')}
      busy={busy}
      problem={problem}
      disabled={draft.name === ''}
      onCancel={onClose}
      onSubmit={() => run(sinkBodyOf(draft), null, ({ secret }) => onAdded(secret))}
    >
      <RadioCards
        label={t('kind')}
        columns={2}
        value={draft.kind}
        choices={sinkKinds.map((value) => ({ value, label: t(value), help: t(`${value}Help`) }))}
        onChange={(kind) => set({ kind, format: formatsOf[kind][0] ?? '' })}
      />
      <TextField label={t('name')} help={t('nameHelp')} {...field('name')} />
      {(draft.kind === 'http' || draft.kind === 'otlp') && (
        <>
          <TextField label={t('url')} type="url" mono {...field('url')} />
          <TextField
            label={t('authorization')}
            type="password"
            autoComplete="off"
            optional
            help={t('authorizationHelp')}
            {...field('authorization')}
          />
        </>
      )}
      {draft.kind === 'syslog' && (
        <>
          <TextField label={t('target')} mono help={t('targetHelp')} {...field('target')} />
          <Switch label={t('tls')} help={t('tlsHelp')} checked={draft.tls} onChange={(tls) => set({ tls })} />
        </>
      )}
      {draft.kind === 's3' && (
        <>
          <TextField label={t('endpoint')} type="url" mono {...field('endpoint')} />
          <div className="grid gap-4 sm:grid-cols-2">
            <TextField label={t('bucket')} {...field('bucket')} />
            <TextField label={t('region')} {...field('region')} />
          </div>
          <TextField label={t('prefix')} optional {...field('prefix')} />
          <TextField label={t('accessKeyId')} autoComplete="off" {...field('accessKeyId')} />
          <TextField
            label={t('secretAccessKey')}
            type="password"
            autoComplete="off"
            help={t('writeOnly')}
            {...field('secretAccessKey')}
          />
        </>
      )}
      <div className="grid gap-4 sm:grid-cols-2">
        <Select
          label={t('include')}
          value={draft.include}
          choices={(['all', 'calls', 'events'] as const).map((value) => ({ value, label: t(value) }))}
          onChange={(include) => set({ include })}
        />
        <Select
          label={t('from')}
          value={draft.from}
          choices={(['now', 'beginning'] as const).map((value) => ({ value, label: t(value) }))}
          onChange={(from) => set({ from })}
        />
        {formats.length > 0 && (
          <Select
            label={t('format')}
            value={draft.format}
            choices={formats.map((value) => ({ value, label: value.toUpperCase() }))}
            onChange={(format) => set({ format })}
          />
        )}
      </div>
    </Form>
  );
}
