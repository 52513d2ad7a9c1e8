import { useInfiniteQuery } from '@tanstack/react-query';
import { apiPages, rowsOf } from '../../api/queries.ts';
import type { AnswerOf } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { CallOutcome } from '../../components/call-outcome.tsx';
import { FilterBar } from '../../components/filter-bar.tsx';
import { Link, LinkButton } from '../../components/link.tsx';
import { useFilters, useGo } from '../../components/navigate.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { formatDuration } from '../../strings/catalogue.ts';
import { t } from '../../strings/server-parts.ts';
import { ChoiceFilter } from '../../ui/choice-filter.tsx';
import { LoadMore } from '../../ui/load-more.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { EmptyState } from '../../ui/states.tsx';
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { ServerFrame } from './server-frame.tsx';

/** The calls of one server; the whole story of each is in Activity. */
export const CallsPage = () => (
  <ServerFrame
    part="calls"
    command={(server) => `mcpnest calls list --server ${server}`}
    request={(server) => `GET /calls?server=${server}`}
  >
    {({ slug }) => <Calls server={slug} />}
  </ServerFrame>
);

type Call = AnswerOf<'calls', 'list'>['items'][number];

const columns = (workspace: string): readonly Column<Call>[] => [
  {
    id: 'time',
    header: t('time'),
    width: '9rem',
    cell: ({ createdAt }) => <RelativeTime at={createdAt} />,
  },
  {
    id: 'tool',
    header: t('tool'),
    width: 'minmax(12rem, 2fr)',
    cell: ({ id, tool }) => (
      <Link to={paths.call(workspace, id)} className="rounded hover:underline">
        <UntrustedText mono limit={100} text={tool} />
      </Link>
    ),
  },
  {
    id: 'outcome',
    header: t('outcome'),
    width: '10rem',
    cell: (call) => <CallOutcome {...call} />,
  },
  {
    id: 'rule',
    header: t('rule'),
    width: 'minmax(8rem, 1fr)',
    cell: ({ rule }) => <span className="font-mono text-sm text-quiet">{rule ?? '–'}</span>,
  },
  {
    id: 'client',
    header: t('client'),
    width: 'minmax(8rem, 1fr)',
    cell: ({ clientName }) => (clientName === null ? '–' : <UntrustedText limit={60} text={clientName} />),
  },
  {
    id: 'took',
    header: t('took'),
    width: '6rem',
    align: 'end',
    cell: ({ latencyMs }) => formatDuration(latencyMs),
  },
];

function Calls({ server }: { readonly server: string }) {
  const workspace = useWorkspace();
  const go = useGo();
  const [{ tool, failed }, setFilters] = useFilters(['tool', 'failed']);
  const query = useInfiniteQuery({
    ...apiPages('calls', 'list', {
      params: { workspace },
      query: {
        server,
        ...(tool === undefined ? {} : { toolPrefix: tool }),
        ...(failed === 'true' ? { failed: 'true' as const } : {}),
      },
    }),
    refetchInterval: 15_000,
  });
  const rows = rowsOf(query.data);
  return (
    <div className="flex flex-col gap-3">
      <FilterBar label={t('searchCalls')} text={tool} onText={(next) => setFilters({ tool: next })}>
        <ChoiceFilter
          label={t('outcome')}
          value={failed}
          choices={[{ value: 'true', label: t('onlyFailed') }]}
          onChange={(next) => setFilters({ failed: next })}
        />
        <LinkButton look="quiet" to={paths.activityWith(workspace, { server })} className="ml-auto">
          {t('toActivity')}
        </LinkButton>
      </FilterBar>
      <Asked query={query}>
        {() =>
          rows.length === 0 && !query.hasNextPage ? (
            <EmptyState title={t('noCalls')}>{t('noCallsAbout')}</EmptyState>
          ) : (
            <VirtualTable
              label={t('calls')}
              rows={rows}
              columns={columns(workspace)}
              rowKey={({ id }) => id}
              onOpen={({ id }) => go(paths.call(workspace, id))}
              footer={
                <LoadMore
                  shown={rows.length}
                  more={query.hasNextPage}
                  busy={query.isFetchingNextPage}
                  onMore={() => void query.fetchNextPage()}
                />
              }
            />
          )
        }
      </Asked>
    </div>
  );
}
