import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { useAction } from '../../components/use-action.ts';
import { t } from '../../strings/instance.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { ConfirmButton } from '../../ui/confirm-dialog.tsx';
import { SecretDialog } from '../../ui/make-dialog.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { toast } from '../../ui/toast.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';

/** Where one person is signed in, the end of that, and a way back in. */
export function PersonSignIns({ email }: { readonly email: string }) {
  const params = { email };
  const query = useQuery(apiQuery('people', 'sessions', { params }));
  const reset = useAction('people', 'resetLink');
  const [link, setLink] = useState<string | null>(null);
  return (
    <Card
      title={t('sessionsOf', { email })}
      actions={
        <span className="flex gap-2">
          <Button small busy={reset.busy} onClick={() => reset.run({ params }, null, (made) => setLink(made.link))}>
            {t('reset')}
          </Button>
          <EndAll email={email} />
        </span>
      }
    >
      <Asked query={query} rows={2}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-quiet">{t('noSessions')}</p>
          ) : (
            <ul className="divide-y divide-line">
              {items.map(({ id, browser, address, lastSeenAt }) => (
                <li key={id} className="flex items-center justify-between gap-4 py-2">
                  <span>
                    <UntrustedText text={browser} limit={100} />
                    <span className="block text-sm text-quiet">{address}</span>
                  </span>
                  <span className="text-sm text-quiet">
                    {t('seen')} <RelativeTime at={lastSeenAt} />
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Asked>
      <SecretDialog
        title={t('link')}
        about={t('resetAbout')}
        name={t('link')}
        secret={link}
        onDone={() => setLink(null)}
      />
    </Card>
  );
}

function EndAll({ email }: { readonly email: string }) {
  const { busy, problem, run } = useAction('people', 'endSessions', { also: ['sessions'], inForm: true });
  return (
    <ConfirmButton
      title={t('endTitle', { email })}
      consequences={[t('endWhat'), t('endAgain')]}
      action={t('end')}
      busy={busy}
      problem={problem}
      onConfirm={(close) =>
        run({ params: { email } }, null, ({ ended }) => {
          close();
          toast({ title: t('ended', { count: ended }) });
        })
      }
    />
  );
}
