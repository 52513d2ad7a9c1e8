import type { Connection } from '@mcpnest/contract/schemas/connections';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { LinkButton } from '../../components/link.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { formatTime } from '../../strings/catalogue.ts';
import { t } from '../../strings/server-parts.ts';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { EmptyState } from '../../ui/states.tsx';
import { StatusWord } from '../../ui/status.tsx';
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { ServerFrame } from './server-frame.tsx';

/** Clients that see this server. */
export const ConnectionsPage = () => (
  <ServerFrame part="connections" command={() => 'mcpnest connection list'} request={() => 'GET /connections'}>
    {({ slug }) => <Connections server={slug} />}
  </ServerFrame>
);

const columns: readonly Column<Connection>[] = [
  {
    id: 'client',
    header: t('client'),
    width: 'minmax(10rem, 2fr)',
    sortBy: ({ client }) => client,
    cell: ({ client, version }) =>
      client === '' ? (
        <span className="text-quiet">{t('noName')}</span>
      ) : (
        <UntrustedText limit={80} text={`${client} ${version}`} />
      ),
  },
  {
    id: 'token',
    header: t('tokenColumn'),
    width: 'minmax(8rem, 1fr)',
    sortBy: ({ tokenLabel }) => tokenLabel,
    cell: ({ tokenLabel }) => <UntrustedText limit={80} text={tokenLabel} />,
  },
  {
    id: 'through',
    header: t('through'),
    width: '8rem',
    cell: ({ server }) => (server === null ? t('workspaceUrl') : t('ownUrl')),
  },
  {
    id: 'protocol',
    header: t('protocol'),
    width: '8rem',
    cell: ({ revision }) => <span className="font-mono text-sm">{revision}</span>,
  },
  { id: 'tools', header: t('freshness'), width: '9rem', cell: (connection) => <Freshness {...connection} /> },
  {
    id: 'seen',
    header: t('lastSeen'),
    width: '9rem',
    align: 'end',
    sortBy: ({ lastRequestAt }) => lastRequestAt,
    cell: ({ lastRequestAt }) => <RelativeTime at={lastRequestAt} />,
  },
];

function Freshness({ toolsReadAt, staleSince }: Connection) {
  if (staleSince !== null)
    return (
      <span title={formatTime(staleSince)}>
        <StatusWord tone="warn">{t('freshStale')}</StatusWord>
      </span>
    );
  return toolsReadAt === null ? (
    <StatusWord tone="off">{t('freshNever')}</StatusWord>
  ) : (
    <StatusWord tone="ok">{t('freshCurrent')}</StatusWord>
  );
}

function Connections({ server }: { readonly server: string }) {
  const workspace = useWorkspace();
  const query = useQuery({
    ...apiQuery('connections', 'list', { params: { workspace } }),
    refetchInterval: 15_000,
  });
  return (
    <Asked query={query}>
      {({ items }) => {
        const rows = items.filter((each) => each.server === null || each.server === server);
        return rows.length === 0 ? (
          <EmptyState
            title={t('connectionsNone')}
            action={<LinkButton to={paths.server(workspace, server)}>{t('toOverview')}</LinkButton>}
          >
            {t('connectionsNoneAbout')}
          </EmptyState>
        ) : (
          <div className="flex flex-col gap-3">
            <p className="text-quiet">{t('connectionsAbout')}</p>
            <VirtualTable
              label={t('connections')}
              rows={rows}
              columns={columns}
              rowKey={({ tokenId, client, version, server: only, era }) =>
                [tokenId, client, version, only, era].join(' ')
              }
            />
          </div>
        );
      }}
    </Asked>
  );
}
