import { useInfiniteQuery } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import { apiPages, rowsOf } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { useGo } from '../../components/navigate.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/activity.ts';
import { CodeBlock } from '../../ui/copy.tsx';
import { EmptyState } from '../../ui/states.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { callColumns } from './call-columns.tsx';
import type { CallQuery } from './call-filters.ts';

/** Rows the API gives at once, at most. */
const pageRows = 200;

export interface FoundCallsProps {
  readonly query: CallQuery & { readonly from: string | undefined; readonly to: string | undefined };
  readonly narrowed: boolean;
}

/** What a search finds, page by page as one scrolls; how many there are in all is never counted. */
export function FoundCalls({ query, narrowed }: FoundCallsProps) {
  const workspace = useWorkspace();
  const go = useGo();
  const calls = useInfiniteQuery({
    ...apiPages('calls', 'list', { params: { workspace }, query: { ...query, limit: pageRows } }),
    // To read hundreds of pages anew because a window has the focus again would help nobody.
    staleTime: Number.POSITIVE_INFINITY,
  });
  const rows = useMemo(() => rowsOf(calls.data), [calls.data]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = calls;
  const readOn = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  return (
    <Asked query={calls} rows={10}>
      {() =>
        rows.length === 0 && !hasNextPage ? (
          <EmptyState
            title={narrowed ? t('noneTitle') : t('emptyTitle')}
            example={<CodeBlock label="gateway URL" code={`${location.origin}/api/gw/${workspace}`} />}
          >
            {narrowed ? t('none') : t('empty')}
          </EmptyState>
        ) : (
          <VirtualTable
            label={t('tabCalls')}
            rows={rows}
            columns={callColumns}
            rowKey={({ id }) => id}
            visibleRows={12}
            onOpen={({ id }) => go(paths.call(workspace, id))}
            onNearEnd={readOn}
            footer={
              <p aria-live="polite" className="border-t border-line px-4 py-2 text-sm text-quiet">
                {t('shown', { count: rows.length })}
                {', '}
                {hasNextPage ? t('readingOn') : t('allRead')}
              </p>
            }
          />
        )
      }
    </Asked>
  );
}
