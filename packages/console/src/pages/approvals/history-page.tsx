import type { Approval } from '@mcpnest/contract/schemas/approvals';
import { useInfiniteQuery } from '@tanstack/react-query';
import { apiPages, rowsOf } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { ChoiceRow } from '../../components/choice-row.tsx';
import { useFilters, useGo } from '../../components/navigate.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/approvals.ts';
import { CodeBlock } from '../../ui/copy.tsx';
import { LoadMore } from '../../ui/load-more.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { EmptyState } from '../../ui/states.tsx';
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { ApprovalState } from './approval-state.tsx';
import { ApprovalsFrame } from './approvals-frame.tsx';

const columns: readonly Column<Approval>[] = [
  {
    id: 'tool',
    header: t('tool'),
    width: 'minmax(12rem, 3fr)',
    cell: ({ server, tool }) => <UntrustedText mono text={`${server} · ${tool}`} limit={120} />,
  },
  {
    id: 'requester',
    header: t('requester'),
    width: 'minmax(10rem, 3fr)',
    cell: ({ requester }) => <UntrustedText text={requester} limit={120} />,
  },
  { id: 'state', header: t('state'), width: '7rem', cell: ({ state }) => <ApprovalState state={state} /> },
  {
    id: 'decided',
    header: t('decidedBy'),
    width: 'minmax(10rem, 2fr)',
    cell: ({ decidedBy, decidedByEmail }) => <UntrustedText text={decidedByEmail ?? decidedBy ?? '–'} limit={120} />,
  },
  {
    id: 'asked',
    header: t('asked'),
    width: '8.5rem',
    align: 'end',
    cell: ({ createdAt }) => <RelativeTime inRow at={createdAt} />,
  },
];

/** What was asked for, whatever became of it. */
export function HistoryPage() {
  const workspace = useWorkspace();
  const go = useGo();
  const [filters, setFilters] = useFilters(['show']);
  const show = filters.show === 'mine' ? 'mine' : 'all';
  const query = useInfiniteQuery(apiPages('approvals', 'list', { params: { workspace }, query: { show } }));
  const rows = rowsOf(query.data);
  return (
    <ApprovalsFrame
      cli={{
        command: `mcpnest approval list --${show} --workspace ${workspace}`,
        request: `GET /api/v1/workspaces/${workspace}/approvals?show=${show}`,
      }}
    >
      <ChoiceRow
        label={t('historyAbout')}
        value={show}
        choices={[
          { value: 'all', label: t('showAll') },
          { value: 'mine', label: t('showMine') },
        ]}
        onChange={(next) => setFilters({ show: next === 'all' ? undefined : next })}
      />
      <Asked query={query}>
        {() =>
          rows.length === 0 ? (
            <EmptyState
              title={t('historyEmptyTitle')}
              example={
                <CodeBlock
                  label="command"
                  code={`mcpnest server require-approval github delete_repo --workspace ${workspace}`}
                />
              }
            >
              {t('empty')}
            </EmptyState>
          ) : (
            <VirtualTable
              label={t('historyAbout')}
              rows={rows}
              columns={columns}
              rowKey={({ id }) => id}
              onOpen={({ id }) => go(paths.approval(workspace, id))}
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
    </ApprovalsFrame>
  );
}
