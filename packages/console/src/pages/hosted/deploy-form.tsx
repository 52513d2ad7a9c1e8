import type { CatalogueEntryView } from '@mcpnest/contract/schemas/hosted';
import { useState } from 'react';
import { useAction } from '../../components/use-action.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/hosted.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { PasswordField } from '../../ui/password-field.tsx';
import { Select } from '../../ui/select.tsx';

type Variable = CatalogueEntryView['required_env_vars'][number];

export const profiles = ['small', 'medium', 'large'] as const;

export interface DeployFormProps {
  /** Undefined: the window is closed. */
  readonly entry: CatalogueEntryView | undefined;
  readonly onClose: () => void;
  readonly onDeployed: (instance: string) => void;
}

/** What an entry asks for, before it is deployed. Values live as long as the window and no longer. */
export const DeployForm = ({ entry, onClose, onDeployed }: DeployFormProps) => (
  <Dialog
    open={entry !== undefined}
    onClose={onClose}
    title={t('deployTitle', { name: entry?.name ?? '' })}
    about={t('deployAbout')}
  >
    {entry !== undefined && <Fields key={entry.slug} entry={entry} onClose={onClose} onDeployed={onDeployed} />}
  </Dialog>
);

function Fields({ entry, onClose, onDeployed }: DeployFormProps & { readonly entry: CatalogueEntryView }) {
  const workspace = useWorkspace();
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const [profile, setProfile] = useState(entry.profile);
  const { run, busy, problem } = useAction('hosted', 'deploy', {
    also: ['hostedCatalogue', 'servers'],
    inForm: true,
  });
  const errors = problem?.errors ?? {};
  const variables = entry.required_env_vars;
  const missing = variables.some(({ key, required }) => required && (values[key] ?? '') === '');
  const env = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));
  return (
    <Form
      submit={t('deploy')}
      busy={busy}
      disabled={missing}
      problem={problem}
      onCancel={onClose}
      onSubmit={() =>
        run({ body: { workspace, slug: entry.slug, env, profile } }, null, ({ instance_id }) => onDeployed(instance_id))
      }
    >
      {variables.map((variable) => (
        <VariableField
          key={variable.key}
          variable={variable}
          value={values[variable.key] ?? ''}
          error={errors[`env.${variable.key}`]}
          onChange={(value) => setValues({ ...values, [variable.key]: value })}
        />
      ))}
      <Select
        label={t('profile')}
        value={profile}
        choices={profiles.map((value) => ({ value, label: t(value) }))}
        onChange={setProfile}
      />
    </Form>
  );
}

interface VariableFieldProps {
  readonly variable: Variable;
  readonly value: string;
  readonly error: string | undefined;
  readonly onChange: (value: string) => void;
}

function VariableField({ variable: { key, label, type, help, required }, ...field }: VariableFieldProps) {
  const frame = {
    ...field,
    label,
    optional: !required,
    help: (
      <>
        {help} <code className="font-mono text-xs">{key}</code>
      </>
    ),
  };
  return type === 'password' ? (
    <PasswordField {...frame} autoComplete="new-password" />
  ) : (
    <TextField {...frame} autoComplete="off" spellCheck={false} />
  );
}
