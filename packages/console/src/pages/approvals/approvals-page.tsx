import type { Approval } from '@mcpnest/contract/schemas/approvals';
import { useInfiniteQuery } from '@tanstack/react-query';
import { apiPages, rowsOf } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { Page } from '../../components/page.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/approvals.ts';
import { CodeBlock } from '../../ui/copy.tsx';
import { LoadMore } from '../../ui/load-more.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { EmptyState } from '../../ui/states.tsx';
import { StatusWord } from '../../ui/status.tsx';
import type { StatusTone } from '../../ui/status.tsx';
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';

const tones: Readonly<Record<Approval['state'], StatusTone>> = {
  pending: 'info',
  approved: 'ok',
  used: 'ok',
  refused: 'bad',
  expired: 'off',
  void: 'off',
};

const columns: readonly Column<Approval>[] = [
  {
    id: 'tool',
    header: t('tool'),
    width: '3fr',
    cell: ({ server, tool }) => <UntrustedText mono text={`${server} · ${tool}`} />,
  },
  {
    id: 'requester',
    header: t('requester'),
    width: '3fr',
    cell: ({ requester }) => <UntrustedText text={requester} />,
  },
  {
    id: 'state',
    header: t('state'),
    width: '8rem',
    cell: ({ state }) => <StatusWord tone={tones[state]}>{state}</StatusWord>,
  },
  {
    id: 'asked',
    header: t('asked'),
    width: '9rem',
    align: 'end',
    cell: ({ createdAt }) => <RelativeTime at={createdAt} />,
  },
  {
    id: 'expires',
    header: t('expires'),
    width: '9rem',
    align: 'end',
    cell: ({ expiresAt }) => <RelativeTime at={expiresAt} />,
  },
];

/** Calls that wait, or waited. */
export function ApprovalsPage() {
  const workspace = useWorkspace();
  const query = useInfiniteQuery(apiPages('approvals', 'list', { params: { workspace }, query: { show: 'all' } }));
  const rows = rowsOf(query.data);
  return (
    <Page
      title={t('title')}
      about={t('about')}
      cli={{
        command: `mcpnest approval list --all --workspace ${workspace}`,
        request: `GET /api/v1/workspaces/${workspace}/approvals?show=all`,
      }}
    >
      <Asked query={query}>
        {() =>
          rows.length === 0 ? (
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
            <VirtualTable
              label={t('title')}
              rows={rows}
              columns={columns}
              rowKey={({ id }) => id}
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
    </Page>
  );
}
