import type { Server } from '@mcpnest/contract/schemas/servers';
import { Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useChange } from '../../api/queries.ts';
import { faultOf } from '../../components/fault-of.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/server-parts.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { RadioCards } from '../../ui/choice-controls.tsx';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { PasswordField } from '../../ui/password-field.tsx';
import { toast } from '../../ui/toast.tsx';

interface Header {
  readonly key: number;
  readonly name: string;
  readonly value: string;
}

interface CredentialFormProps {
  readonly server: Server;
  readonly onClose: () => void;
}

/** A bearer token, or headers as they are to be sent. What is typed leaves this page once and is not kept in it. */
export function CredentialForm({ server: { slug, name, credential }, onClose }: CredentialFormProps) {
  const workspace = useWorkspace();
  const [kind, setKind] = useState<'bearer' | 'headers'>('bearer');
  const [bearer, setBearer] = useState('');
  const [headers, setHeaders] = useState<readonly Header[]>(
    (credential?.headers ?? ['X-Api-Key']).map((header, key) => ({ key, name: header, value: '' })),
  );
  const set = useChange('servers', 'setCredential', ['auditEvents']);
  const problem = faultOf(set.error);
  const errors = problem?.errors ?? {};
  const put = (key: number, part: Partial<Header>): void =>
    setHeaders(headers.map((header) => (header.key === key ? { ...header, ...part } : header)));
  const body =
    kind === 'bearer'
      ? { bearer }
      : { headers: Object.fromEntries(headers.map(({ name: header, value }) => [header, value])) };
  return (
    <Form
      submit={t('setCredential')}
      busy={set.isPending}
      problem={problem}
      onCancel={onClose}
      onSubmit={() =>
        set.mutate(
          { params: { workspace, server: slug }, body },
          {
            onSuccess: () => {
              toast({ title: t('credentialSet', { name }) });
              onClose();
            },
          },
        )
      }
    >
      <RadioCards
        label={t('kind')}
        columns={2}
        value={kind}
        choices={[
          { value: 'bearer', label: t('bearer'), help: t('bearerHelp') },
          { value: 'headers', label: t('headers'), help: t('headersHelp') },
        ]}
        onChange={setKind}
      />
      {kind === 'bearer' ? (
        <PasswordField
          label={t('token')}
          value={bearer}
          onChange={setBearer}
          error={errors['bearer']}
          autoComplete="new-password"
        />
      ) : (
        <>
          {headers.map((header, place) => (
            <div key={header.key} className="flex items-start gap-2">
              <div className="w-2/5">
                <TextField
                  label={t('header')}
                  value={header.name}
                  onChange={(next) => put(header.key, { name: next })}
                  autoComplete="off"
                  mono
                />
              </div>
              <div className="grow">
                <PasswordField
                  label={t('value')}
                  value={header.value}
                  onChange={(value) => put(header.key, { value })}
                  error={errors[`headers.${header.name}`]}
                  autoComplete="new-password"
                />
              </div>
              <IconButton
                label={t('dropHeader', { place: place + 1 })}
                icon={<Trash2 size={14} aria-hidden />}
                disabled={headers.length === 1}
                onClick={() => setHeaders(headers.filter(({ key }) => key !== header.key))}
                className="mt-6"
              />
            </div>
          ))}
          <Button
            small
            className="self-start"
            onClick={() =>
              setHeaders([...headers, { key: Math.max(...headers.map(({ key }) => key)) + 1, name: '', value: '' }])
            }
          >
            <Plus size={14} aria-hidden />
            {t('addHeader')}
          </Button>
        </>
      )}
    </Form>
  );
}
