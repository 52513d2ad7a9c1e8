import { roles } from '@mcpnest/contract/operation';
import type { Role } from '@mcpnest/contract/operation';
import { useState } from 'react';
import { t } from '../../strings/keys.ts';
import { Button } from '../../ui/button.tsx';
import { SecretOnce } from '../../ui/copy.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { Select } from '../../ui/select.tsx';
import { faultOf } from '../fault-of.ts';
import { keysApi, useKeyChange } from './keys-api.ts';

/** The way to a new control key, shown once with the command that uses it. */
export function KeyIssueButton({ workspace }: { readonly workspace: string | null }) {
  const [open, setOpen] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const close = (): void => {
    setOpen(false);
    setSecret(null);
  };
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t('issue')}</Button>
      <Dialog
        open={open}
        onClose={close}
        title={secret === null ? t('issue') : t('issuedTitle')}
        about={secret === null ? t('issueAbout') : undefined}
      >
        {secret !== null ? (
          <SecretOnce
            name={t('key')}
            secret={secret}
            ready={{
              label: t('command'),
              code: `MCPNEST_URL=${location.origin} MCPNEST_API_KEY=${secret} mcpnest workspace list`,
            }}
            onDone={close}
          />
        ) : (
          open && <Fields workspace={workspace} onClose={close} onIssued={setSecret} />
        )}
      </Dialog>
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
  const change = useKeyChange(noun, issue);
  const problem = faultOf(change.error);
  return (
    <Form
      submit={t('issue')}
      busy={change.isPending}
      problem={problem}
      disabled={label.trim() === ''}
      onCancel={onClose}
      onSubmit={() =>
        change.mutate(
          { label, role, ...(days.trim() === '' ? {} : { expiresInDays: Number(days) }) },
          { onSuccess: (issued) => onIssued(issued.secret) },
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
