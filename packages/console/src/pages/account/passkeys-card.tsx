import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Passkey } from '@mcpnest/contract/schemas/sessions';
import { client } from '../../api/client.ts';
import { apiQuery } from '../../api/queries.ts';
import { registerPasskey } from '../../api/session.ts';
import { Asked } from '../../components/asked.tsx';
import { faultOf } from '../../components/fault-of.ts';
import { t } from '../../strings/account.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';

/** The passkeys of the person. */
export function PasskeysCard() {
  const query = useQuery(apiQuery('passkeys', 'list', {}));
  const cache = useQueryClient();
  const [adding, setAdding] = useState(false);
  const [name, setName] = useState('');
  const [doomed, setDoomed] = useState<Passkey | null>(null);
  const refresh = (): Promise<void> => cache.invalidateQueries({ queryKey: ['passkeys'] });
  const add = useMutation({
    mutationFn: registerPasskey,
    onSuccess: async () => {
      setAdding(false);
      setName('');
      await refresh();
    },
  });
  const remove = useMutation({
    mutationFn: (passkey: string) => client.passkeys.remove({ params: { passkey } }),
    onSuccess: async () => {
      setDoomed(null);
      await refresh();
    },
  });
  const problem = faultOf(add.error);
  return (
    <Card
      title={t('passkeys')}
      about={t('passkeysAbout')}
      actions={
        <Button small onClick={() => setAdding(true)}>
          {t('addPasskey')}
        </Button>
      }
    >
      <Asked query={query} rows={2}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-quiet">{t('noPasskeys')}</p>
          ) : (
            <ul className="divide-y divide-line">
              {items.map((passkey) => (
                <li key={passkey.id} className="flex items-center justify-between gap-4 py-2">
                  <span className="grow font-medium">
                    <UntrustedText text={passkey.name} limit={60} />
                  </span>
                  <span className="text-sm text-quiet">
                    <RelativeTime at={passkey.lastUsedAt ?? passkey.createdAt} />
                  </span>
                  <Button small look="danger" onClick={() => setDoomed(passkey)}>
                    {t('remove')}
                  </Button>
                </li>
              ))}
            </ul>
          )
        }
      </Asked>
      <Dialog open={adding} onClose={() => setAdding(false)} title={t('addPasskey')}>
        <Form
          submit={t('addPasskey')}
          busy={add.isPending}
          problem={problem}
          disabled={name.trim() === ''}
          onSubmit={() => add.mutate(name)}
          onCancel={() => setAdding(false)}
        >
          <TextField
            label={t('passkeyName')}
            name="name"
            help={t('passkeyHelp')}
            value={name}
            onChange={setName}
            error={problem?.errors['name']}
          />
        </Form>
      </Dialog>
      <ConfirmDialog
        open={doomed !== null}
        onClose={() => setDoomed(null)}
        title={t('removePasskey', { name: doomed?.name ?? '' })}
        consequences={[t('removePasskeyAbout')]}
        action={t('remove')}
        busy={remove.isPending}
        problem={faultOf(remove.error)}
        onConfirm={() => doomed !== null && remove.mutate(doomed.id)}
      />
    </Card>
  );
}
