import type { AuditEvent } from '@mcpnest/contract/schemas/records';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import { apiPages, rowsOf } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { FilterBar } from '../../components/filter-bar.tsx';
import { useFilters } from '../../components/navigate.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/activity.ts';
import { CodeBlock } from '../../ui/copy.tsx';
import { inputClass } from '../../ui/field.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { EmptyState } from '../../ui/states.tsx';
import { StatusWord } from '../../ui/status.tsx';
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { ActivityFrame } from './activity-frame.tsx';
import { ChangePanel } from './change-panel.tsx';
import { RangeChoice } from './range-choice.tsx';
import { useTimeRange } from './time-range.ts';

const chainTones = { waiting: 'off', intact: 'ok', changed: 'bad', erased: 'warn' } as const;

const columns: readonly Column<AuditEvent>[] = [
  {
    id: 'when',
    header: t('changesWhen'),
    width: '8.5rem',
    cell: ({ createdAt }) => <RelativeTime inRow at={createdAt} />,
  },
  {
    id: 'who',
    header: t('changesWho'),
    width: 'minmax(11rem, 2fr)',
    cell: ({ actor, actorEmail }) => <UntrustedText text={actorEmail ?? actor} limit={80} />,
  },
  {
    id: 'what',
    header: t('changesWhat'),
    width: 'minmax(11rem, 2fr)',
    cell: ({ action }) => <UntrustedText mono text={action} limit={80} />,
  },
  {
    id: 'target',
    header: t('changesTarget'),
    width: 'minmax(12rem, 3fr)',
    cell: ({ target }) => <UntrustedText text={target ?? t('changesErased')} limit={120} />,
  },
  {
    id: 'chain',
    header: t('changesChain'),
    width: '8rem',
    cell: ({ chain: { state } }) => <StatusWord tone={chainTones[state]}>{t(`chain_${state}`)}</StatusWord>,
  },
];

/** What was changed, read and refused. */
export function ChangesPage() {
  const workspace = useWorkspace();
  return (
    <ActivityFrame
      operation="auditEvents.list"
      about={t('changesAbout')}
      cli={{
        command: `mcpnest audit events --workspace ${workspace} --actor ada@example.com`,
        request: `GET /api/v1/workspaces/${workspace}/audit-events?actor=ada@example.com`,
      }}
    >
      <Changes />
    </ActivityFrame>
  );
}

function Changes() {
  const workspace = useWorkspace();
  const range = useTimeRange('30d');
  const [filters, setFilters] = useFilters(['actor', 'action', 'event']);
  const { actor, action } = filters;
  const changes = useInfiniteQuery(
    apiPages('auditEvents', 'list', {
      params: { workspace },
      query: { actor, action, from: range.from, to: range.to, limit: 100 },
    }),
  );
  const rows = useMemo(() => rowsOf(changes.data), [changes.data]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = changes;
  const readOn = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  return (
    <div className="flex flex-col gap-4">
      <RangeChoice range={range} />
      <FilterBar
        label={t('changesActor')}
        text={actor}
        onText={(next) => setFilters({ actor: next })}
        onClear={
          actor === undefined && action === undefined
            ? undefined
            : () => setFilters({ actor: undefined, action: undefined })
        }
      >
        <label className="flex items-center gap-1.5 text-sm text-quiet">
          {t('changesAction')}
          <input
            key={action}
            defaultValue={action ?? ''}
            placeholder={t('changesActionAny')}
            onBlur={(event) => setFilters({ action: event.target.value.trim() })}
            onKeyDown={(event) => event.key === 'Enter' && setFilters({ action: event.currentTarget.value.trim() })}
            className={`${inputClass} h-8.5 w-52 font-mono text-sm`}
          />
        </label>
      </FilterBar>
      <Asked query={changes} rows={10}>
        {() =>
          rows.length === 0 ? (
            <EmptyState title={t('changesEmptyTitle')} example={<CodeBlock label="action" code="servers.create" />}>
              {t('changesEmpty')}
            </EmptyState>
          ) : (
            <VirtualTable
              label={t('tabChanges')}
              rows={rows}
              columns={columns}
              rowKey={({ id }) => id}
              onOpen={({ id }) => setFilters({ event: id })}
              onNearEnd={readOn}
              footer={
                <p aria-live="polite" className="border-t border-line px-4 py-2 text-sm text-quiet">
                  {rows.length} · {hasNextPage ? t('readingOn') : t('allRead')}
                </p>
              }
            />
          )
        }
      </Asked>
      <ChangePanel
        event={rows.find(({ id }) => id === filters.event)}
        onClose={() => setFilters({ event: undefined })}
      />
    </div>
  );
}
