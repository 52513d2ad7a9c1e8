import type { Approval } from '@mcpnest/contract/schemas/approvals';
import { useInfiniteQuery } from '@tanstack/react-query';
import { apiPages, rowsOf } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { useGo } from '../../components/navigate.ts';
import { usePageKeys } from '../../components/page-keys.ts';
import { usePathPart, useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/approvals.ts';
import { CodeBlock } from '../../ui/copy.tsx';
import { EmptyState } from '../../ui/states.tsx';
import { ApprovalDetail } from './approval-detail.tsx';
import { ApprovalsFrame } from './approvals-frame.tsx';
import { WaitingList } from './waiting-list.tsx';

/** How often what waits is read anew while somebody looks at it. */
const refreshMs = 5_000;

/** What waits, and beside it the one that is looked at. */
export function ApprovalsPage() {
  const workspace = useWorkspace();
  const named = usePathPart('approval');
  const go = useGo();
  const query = useInfiniteQuery({
    ...apiPages('approvals', 'list', { params: { workspace }, query: { show: 'pending', limit: 100 } }),
    refetchInterval: refreshMs,
  });
  const rows = forViewerFirst(rowsOf(query.data));
  const chosen = named === '' ? rows[0]?.id : named;
  const at = rows.findIndex(({ id }) => id === chosen);
  const move = (by: number): void => {
    const next = rows[Math.min(rows.length - 1, Math.max(0, at === -1 ? 0 : at + by))];
    if (next !== undefined) go(paths.approval(workspace, next.id), { replace: true });
  };
  usePageKeys({ j: () => move(1), k: () => move(-1) });
  return (
    <ApprovalsFrame
      cli={{
        command: `mcpnest approval list --workspace ${workspace}`,
        request: `GET /api/v1/workspaces/${workspace}/approvals?show=pending`,
      }}
    >
      <Asked query={query}>
        {() =>
          rows.length === 0 && chosen === undefined ? (
            <EmptyState
              title={t('emptyTitle')}
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
            <div className="grid items-start gap-6 lg:grid-cols-[20rem_minmax(0,1fr)]">
              <WaitingList rows={rows} chosen={chosen} query={query} />
              {chosen !== undefined && (
                <ApprovalDetail key={chosen} approval={chosen} next={rows[at + 1]?.id ?? rows[at - 1]?.id} />
              )}
            </div>
          )
        }
      </Asked>
    </ApprovalsFrame>
  );
}

/** Oldest first within each: who waited longest is next. */
const forViewerFirst = (rows: readonly Approval[]): readonly Approval[] =>
  rows.toReversed().toSorted((a, b) => Number(b.mayDecide) - Number(a.mayDecide));
