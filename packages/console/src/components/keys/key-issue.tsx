import { roles } from '@mcpnest/contract/operation';
import type { Role } from '@mcpnest/contract/operation';
import { useState } from 'react';
import { t } from '../../strings/keys.ts';
import { Button } from '../../ui/button.tsx';
import { SecretOnce } from '../../ui/copy.tsx';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { MakeDialog } from '../../ui/make-dialog.tsx';
import { Select } from '../../ui/select.tsx';
import { useActionOf } from '../use-action.ts';
import { keysApi } from './keys-api.ts';

/** The way to a new control key, shown once with the command that uses it. */
export function KeyIssueButton({ workspace }: { readonly workspace: string | null }) {
  const [open, setOpen] = useState(false);
  const close = (): void => setOpen(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t('issue')}</Button>
      <MakeDialog<string>
        open={open}
        onClose={close}
        title={t('issue')}
        about={t('issueAbout')}
        madeTitle={t('issuedTitle')}
        renderForm={(onMade) => <Fields workspace={workspace} onClose={close} onIssued={onMade} />}
        renderMade={(secret) => (
          <SecretOnce
            name={t('key')}
            secret={secret}
            ready={{
              label: t('command'),
              code: `MCPNEST_URL=${location.origin} MCPNEST_API_KEY=${secret} mcpnest workspace list`,
            }}
            onDone={close}
          />
        )}
      />
    </>
  );
}

interface FieldsProps {
  readonly workspace: string | null;
  readonly onClose: () => void;
  readonly onIssued: (secret: string) => void;
}

function Fields({ workspace, onClose, onIssued }: FieldsProps) {
  const [label, setLabel] = useState('');
  const [role, setRole] = useState<Role>('admin');
  const [days, setDays] = useState('90');
  const { noun, issue } = keysApi(workspace);
  const { busy, problem, run } = useActionOf(noun, issue, { inForm: true });
  return (
    <Form
      submit={t('issue')}
      busy={busy}
      problem={problem}
      disabled={label.trim() === ''}
      onCancel={onClose}
      onSubmit={() =>
        run({ label, role, ...(days.trim() === '' ? {} : { expiresInDays: Number(days) }) }, null, ({ secret }) =>
          onIssued(secret),
        )
      }
    >
      <TextField
        label={t('label')}
        name="label"
        help={t('labelHelp')}
        value={label}
        onChange={setLabel}
        error={problem?.errors['label']}
      />
      <Select
        label={t('role')}
        name="role"
        value={role}
        choices={roles.map((value) => ({ value, label: t(value) }))}
        onChange={setRole}
        error={problem?.errors['role']}
      />
      <TextField
        label={t('days')}
        name="expiresInDays"
        inputMode="numeric"
        optional
        help={t('daysHelp')}
        value={days}
        onChange={setDays}
        error={problem?.errors['expiresInDays']}
      />
    </Form>
  );
}
