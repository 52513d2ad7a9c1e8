import type { ToolCall } from '@mcpnest/contract/schemas/records';
import { useInfiniteQuery } from '@tanstack/react-query';
import { apiPages, rowsOf } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { Page } from '../../components/page.tsx';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { formatDuration } from '../../strings/catalogue.ts';
import { t } from '../../strings/activity.ts';
import { CodeBlock } from '../../ui/copy.tsx';
import { LoadMore } from '../../ui/load-more.tsx';
import { Notice } from '../../ui/notice.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { EmptyState } from '../../ui/states.tsx';
import { StatusWord } from '../../ui/status.tsx';
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';

const columns: readonly Column<ToolCall>[] = [
  { id: 'time', header: t('time'), width: '10rem', cell: ({ createdAt }) => <RelativeTime at={createdAt} /> },
  {
    id: 'tool',
    header: t('tool'),
    width: '3fr',
    cell: ({ server, tool }) => <UntrustedText mono text={`${server ?? '–'} · ${tool}`} />,
  },
  {
    id: 'outcome',
    header: t('outcome'),
    width: '12rem',
    cell: ({ outcome, status }) => (
      <StatusWord tone={status < 400 ? 'ok' : status < 500 ? 'warn' : 'bad'}>{outcome}</StatusWord>
    ),
  },
  {
    id: 'client',
    header: t('client'),
    width: '2fr',
    cell: ({ clientName }) => <UntrustedText text={clientName ?? '–'} />,
  },
  {
    id: 'duration',
    header: t('duration'),
    width: '7rem',
    align: 'end',
    cell: ({ latencyMs }) => formatDuration(latencyMs),
  },
];

/** The calls of the workspace, newest first. */
export function ActivityPage() {
  const workspace = useWorkspace();
  const mayRead = useMay('calls.list');
  return (
    <Page
      title={t('title')}
      about={t('about')}
      cli={{ command: `mcpnest calls --workspace ${workspace}`, request: `GET /api/v1/workspaces/${workspace}/calls` }}
    >
      {mayRead ? (
        <Calls />
      ) : (
        <Notice tone="info" title={t('denied')}>
          {t('deniedAbout')}
        </Notice>
      )}
    </Page>
  );
}

function Calls() {
  const workspace = useWorkspace();
  const query = useInfiniteQuery(apiPages('calls', 'list', { params: { workspace } }));
  const rows = rowsOf(query.data);
  return (
    <Asked query={query}>
      {() =>
        rows.length === 0 ? (
          <EmptyState
            title={t('emptyTitle')}
            example={<CodeBlock label="gateway URL" code={`${location.origin}/api/gw/${workspace}`} />}
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
  );
}
