import type { Connection } from '@mcpnest/contract/schemas/connections';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { t } from '../../strings/connect.ts';
import { Card } from '../../ui/card.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { StatusWord } from '../../ui/status.tsx';
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';

const columns: readonly Column<Connection>[] = [
  {
    id: 'client',
    header: t('client'),
    width: 'minmax(11rem, 2fr)',
    sortBy: ({ client }) => client.toLowerCase(),
    cell: ({ client, version }) => (
      <UntrustedText text={client === '' ? t('unnamed') : `${client} ${version}`} limit={80} />
    ),
  },
  {
    id: 'token',
    header: t('withToken'),
    width: 'minmax(8rem, 1fr)',
    sortBy: ({ tokenLabel }) => tokenLabel,
    cell: ({ tokenLabel }) => <UntrustedText text={tokenLabel} limit={60} />,
  },
  { id: 'reaches', header: t('reaches'), width: '10rem', cell: ({ server }) => server ?? t('everything') },
  { id: 'tools', header: t('tools'), width: '13rem', cell: (connection) => <ListState {...connection} /> },
  {
    id: 'heard',
    header: t('heard'),
    width: '9rem',
    align: 'end',
    sortBy: ({ lastRequestAt }) => lastRequestAt,
    cell: ({ lastRequestAt }) => <RelativeTime at={lastRequestAt} />,
  },
];

function ListState({ toolsReadAt, staleSince }: Connection) {
  if (staleSince !== null)
    return (
      <span className="flex items-center gap-1.5">
        <StatusWord tone="warn">{t('stale')}</StatusWord> <RelativeTime at={staleSince} />
      </span>
    );
  return toolsReadAt === null ? (
    <StatusWord tone="off">{t('unread')}</StatusWord>
  ) : (
    <StatusWord tone="ok">{t('current')}</StatusWord>
  );
}

/** Which clients have come, and which of them do not know the present tools. */
export function ConnectionsCard({
  workspace,
  server,
}: {
  readonly workspace: string;
  readonly server: string | undefined;
}) {
  const query = useQuery(apiQuery('connections', 'list', { params: { workspace } }));
  return (
    <Card title={t('connections')} about={t('connectionsAbout')}>
      <Asked query={query} rows={3}>
        {({ items }) => {
          const rows = items.filter((each) => server === undefined || each.server === null || each.server === server);
          return rows.length === 0 ? (
            <p className="text-quiet">{t('noConnections')}</p>
          ) : (
            <VirtualTable
              label={t('connections')}
              rows={rows}
              columns={columns}
              rowKey={({ tokenId, server: at, client, version, era }) => [tokenId, at, client, version, era].join(' ')}
            />
          );
        }}
      </Asked>
    </Card>
  );
}
