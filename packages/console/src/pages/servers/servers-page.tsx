import type { Server } from '@mcpnest/contract/schemas/servers';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { FilterBar } from '../../components/filter-bar.tsx';
import { Link } from '../../components/link.tsx';
import { useFilters, useGo } from '../../components/navigate.ts';
import { Page } from '../../components/page.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { formatDuration } from '../../strings/catalogue.ts';
import { t } from '../../strings/servers.ts';
import { CodeBlock } from '../../ui/copy.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { EmptyState } from '../../ui/states.tsx';
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { ServerState } from './server-state.tsx';

const columns = (workspace: string): Column<Server>[] => [
  {
    id: 'name',
    header: t('name'),
    width: 'minmax(12rem, 2fr)',
    sortBy: ({ name }) => name,
    cell: ({ slug, name }) => (
      <Link to={paths.server(workspace, slug)} className="rounded font-medium hover:underline">
        <UntrustedText text={name} />
      </Link>
    ),
  },
  {
    id: 'state',
    header: t('state'),
    width: '13rem',
    sortBy: ({ health }) => health.state,
    cell: (server) => <ServerState server={server} />,
  },
  {
    id: 'address',
    header: t('address'),
    width: 'minmax(12rem, 2fr)',
    cell: ({ url }) => <span className="font-mono text-sm text-quiet">{url}</span>,
  },
  {
    id: 'prefix',
    header: t('prefix'),
    width: '8rem',
    cell: ({ prefix }) => <span className="font-mono text-sm">{prefix ?? '–'}</span>,
  },
  {
    id: 'latency',
    header: t('latency'),
    width: '8rem',
    align: 'end',
    sortBy: ({ health }) => health.latencyMs ?? Number.POSITIVE_INFINITY,
    cell: ({ health }) => (health.latencyMs === null ? '–' : formatDuration(health.latencyMs)),
  },
  {
    id: 'changed',
    header: t('changed'),
    width: '9rem',
    align: 'end',
    sortBy: ({ updatedAt }) => updatedAt,
    cell: ({ updatedAt }) => <RelativeTime at={updatedAt} />,
  },
];

/** The servers of a workspace. */
export function ServersPage() {
  const workspace = useWorkspace();
  const go = useGo();
  const [{ text }, setFilters] = useFilters(['text']);
  const query = useQuery(apiQuery('servers', 'list', { params: { workspace } }));
  const wanted = text?.toLowerCase() ?? '';
  return (
    <Page
      title={t('title')}
      about={t('about')}
      cli={{
        command: `mcpnest server list --workspace ${workspace}`,
        request: `GET /api/v1/workspaces/${workspace}/servers`,
      }}
    >
      <Asked query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState
              title={t('emptyTitle')}
              example={
                <CodeBlock
                  label="command"
                  code={`mcpnest server add Context7 --url https://mcp.context7.com/mcp --prefix docs --workspace ${workspace}`}
                />
              }
            >
              {t('empty')}
            </EmptyState>
          ) : (
            <div className="flex flex-col gap-3">
              <FilterBar label={t('search')} text={text} onText={(next) => setFilters({ text: next })} />
              <VirtualTable
                label={t('title')}
                rows={items.filter(({ name, slug, url }) => `${name} ${slug} ${url}`.toLowerCase().includes(wanted))}
                columns={columns(workspace)}
                rowKey={({ id }) => id}
                onOpen={({ slug }) => go(paths.server(workspace, slug))}
              />
            </div>
          )
        }
      </Asked>
    </Page>
  );
}
