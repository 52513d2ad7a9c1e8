import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { problemOf } from '../../api/problem.ts';
import { client } from '../../api/client.ts';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { t } from '../../strings/account.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { Badge } from '../../ui/status.tsx';
import { toast } from '../../ui/toast.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';

/** Where the person is signed in, and the way to end it. */
export function SessionsCard() {
  const query = useQuery(apiQuery('sessions', 'list', {}));
  const cache = useQueryClient();
  const end = useMutation({
    mutationFn: async (id: string | null) => {
      if (id === null) await client.sessions.revokeOthers();
      else await client.sessions.revoke({ params: { session: id } });
    },
    onSuccess: async () => {
      toast({ title: t('ended') });
      await cache.invalidateQueries({ queryKey: ['sessions'] });
    },
    onError: (error) => {
      const { title, detail } = problemOf(error);
      toast({ title, detail, tone: 'bad' });
    },
  });
  return (
    <Card
      title={t('sessions')}
      about={t('sessionsAbout')}
      actions={
        <Button small look="danger" busy={end.isPending} onClick={() => end.mutate(null)}>
          {t('endOthers')}
        </Button>
      }
    >
      <Asked query={query} rows={2}>
        {({ items }) => (
          <ul className="divide-y divide-line">
            {items.map(({ id, browser, address, lastSeenAt, current }) => (
              <li key={id} className="flex items-center gap-4 py-2">
                <span className="grow">
                  <UntrustedText text={browser} limit={100} /> {current && <Badge tone="ok">{t('thisOne')}</Badge>}
                  <span className="block text-sm text-quiet">{address}</span>
                </span>
                <span className="text-sm text-quiet">
                  {t('seen')} <RelativeTime at={lastSeenAt} />
                </span>
                {!current && (
                  <Button small look="danger" busy={end.isPending} onClick={() => end.mutate(id)}>
                    {t('end')}
                  </Button>
                )}
              </li>
            ))}
          </ul>
        )}
      </Asked>
    </Card>
  );
}
