import type { Connection } from '@mcpnest/contract/schemas/connections';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/activity.ts';
import { CodeBlock } from '../../ui/copy.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { EmptyState } from '../../ui/states.tsx';
import { StatusWord } from '../../ui/status.tsx';
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { ActivityFrame } from './activity-frame.tsx';

const nameOf = ({ client, version }: Connection): string =>
  client === '' ? t('clientsUnnamed') : `${client} ${version}`.trimEnd();

const columns: readonly Column<Connection>[] = [
  {
    id: 'client',
    header: t('client'),
    width: 'minmax(10rem, 2fr)',
    sortBy: (row) => nameOf(row),
    cell: (row) => <UntrustedText text={nameOf(row)} limit={80} />,
  },
  {
    id: 'token',
    header: t('clientsToken'),
    width: 'minmax(9rem, 2fr)',
    sortBy: ({ tokenLabel }) => tokenLabel,
    cell: ({ tokenLabel }) => <UntrustedText text={tokenLabel} limit={80} />,
  },
  {
    id: 'server',
    header: t('clientsServer'),
    width: 'minmax(9rem, 1fr)',
    cell: ({ server }) => server ?? t('clientsWhole'),
  },
  {
    id: 'protocol',
    header: t('clientsProtocol'),
    width: 'minmax(9rem, 1fr)',
    cell: ({ era, revision }) => <UntrustedText text={`${revision} (${era})`} limit={40} />,
  },
  { id: 'tools', header: t('clientsTools'), width: '8.5rem', cell: (row) => <ToolsKnown row={row} /> },
  {
    id: 'seen',
    header: t('clientsSeen'),
    width: '8.5rem',
    align: 'end',
    sortBy: ({ lastRequestAt }) => lastRequestAt,
    cell: ({ lastRequestAt }) => <RelativeTime inRow at={lastRequestAt} />,
  },
];

function ToolsKnown({ row: { toolsReadAt, staleSince } }: { readonly row: Connection }) {
  if (toolsReadAt === null) return <StatusWord tone="off">{t('clientsUnread')}</StatusWord>;
  if (staleSince !== null) return <StatusWord tone="warn">{t('clientsStale')}</StatusWord>;
  return <StatusWord tone="ok">{t('clientsCurrent')}</StatusWord>;
}

/** Which clients have come, by which token. */
export function ClientsPage() {
  const workspace = useWorkspace();
  const query = useQuery(apiQuery('connections', 'list', { params: { workspace } }));
  return (
    <ActivityFrame
      operation="connections.list"
      about={t('clientsAbout')}
      cli={{
        command: `mcpnest connection list --workspace ${workspace}`,
        request: `GET /api/v1/workspaces/${workspace}/connections`,
      }}
    >
      <Asked query={query} rows={8}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState
              title={t('clientsEmptyTitle')}
              example={<CodeBlock label="gateway URL" code={`${location.origin}/api/gw/${workspace}`} />}
            >
              {t('clientsEmpty')}
            </EmptyState>
          ) : (
            <VirtualTable
              label={t('tabClients')}
              rows={items}
              columns={columns}
              rowKey={(row) => JSON.stringify([row.client, row.version, row.era, row.server, row.tokenId])}
            />
          )
        }
      </Asked>
    </ActivityFrame>
  );
}
