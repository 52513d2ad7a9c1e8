import type { WebhookDelivery } from '@mcpnest/contract/schemas/webhooks';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { useAction } from '../../components/use-action.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { formatDuration } from '../../strings/catalogue.ts';
import { t } from '../../strings/settings-webhooks.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import type { Column } from '../../ui/table-model.ts';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { attemptFault, DeliveryState } from './webhook-words.tsx';

const answerOf = (delivery: WebhookDelivery): string => {
  const fault = attemptFault(delivery);
  if (fault !== null) return fault;
  if (delivery.status === null) return '–';
  return `${delivery.status} · ${formatDuration(delivery.latencyMs ?? 0)}`;
};

const columns = (webhook: string): readonly Column<WebhookDelivery>[] => [
  {
    id: 'event',
    header: t('event'),
    width: 'minmax(11rem, 2fr)',
    sortBy: ({ type }) => type,
    cell: ({ id, type }) => (
      <span className="font-mono text-sm" title={id}>
        {type}
      </span>
    ),
  },
  { id: 'state', header: t('state'), width: '7rem', cell: ({ state }) => <DeliveryState state={state} /> },
  { id: 'answer', header: t('answer'), width: 'minmax(10rem, 2fr)', cell: answerOf },
  {
    id: 'attempts',
    header: t('attempts'),
    width: '6rem',
    align: 'end',
    sortBy: ({ attempts }) => attempts,
    cell: ({ attempts }) => attempts,
  },
  {
    id: 'when',
    header: t('when'),
    width: '8rem',
    align: 'end',
    sortBy: ({ attemptedAt }) => attemptedAt ?? '',
    cell: ({ attemptedAt }) => (attemptedAt === null ? '–' : <RelativeTime at={attemptedAt} />),
  },
  {
    id: 'again',
    header: t('again'),
    width: '8rem',
    align: 'end',
    cell: ({ id, state }) => (state === 'waiting' ? null : <Again webhook={webhook} delivery={id} />),
  },
];

/** What a webhook was told, newest first. */
export function WebhookDeliveries({ webhook }: { readonly webhook: string }) {
  const workspace = useWorkspace();
  const query = useQuery(apiQuery('webhooks', 'deliveries', { params: { workspace, webhook } }));
  return (
    <Card title={t('deliveries')} about={t('deliveriesAbout')}>
      <Asked query={query} rows={3}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-quiet">{t('noDeliveries')}</p>
          ) : (
            <VirtualTable
              label={t('deliveries')}
              rows={items}
              columns={columns(webhook)}
              rowKey={({ id }) => id}
              visibleRows={10}
            />
          )
        }
      </Asked>
    </Card>
  );
}

function Again({ webhook, delivery }: { readonly webhook: string; readonly delivery: string }) {
  const workspace = useWorkspace();
  const { busy, run } = useAction('webhooks', 'redeliver');
  return (
    <Button
      small
      look="quiet"
      busy={busy}
      onClick={() => run({ params: { workspace, webhook, delivery } }, { title: t('redelivered') })}
    >
      {t('again')}
    </Button>
  );
}
