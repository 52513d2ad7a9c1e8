import type { AuditEvent } from '@mcpnest/contract/schemas/records';
import { useInfiniteQuery } from '@tanstack/react-query';
import { apiPages, rowsOf } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { FilterBar } from '../../components/filter-bar.tsx';
import { useFilters } from '../../components/navigate.ts';
import { t } from '../../strings/instance.ts';
import { LoadMore } from '../../ui/load-more.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { StatusWord } from '../../ui/status.tsx';
import type { StatusTone } from '../../ui/status.tsx';
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { InstanceFrame } from './instance-frame.tsx';

const tones: Readonly<Record<AuditEvent['chain']['state'], StatusTone>> = {
  waiting: 'info',
  intact: 'ok',
  changed: 'bad',
  erased: 'off',
};

const columns: readonly Column<AuditEvent>[] = [
  {
    id: 'action',
    header: t('action'),
    width: 'minmax(11rem, 2fr)',
    cell: ({ action }) => <UntrustedText text={action} mono limit={60} />,
  },
  {
    id: 'actor',
    header: t('actor'),
    width: 'minmax(11rem, 2fr)',
    cell: ({ actor, actorEmail }) => (
      <span title={actor}>
        <UntrustedText text={actorEmail ?? actor} limit={60} />
      </span>
    ),
  },
  {
    id: 'on',
    header: t('on'),
    width: 'minmax(9rem, 2fr)',
    cell: ({ target }) => (target === null ? '–' : <UntrustedText text={target} mono limit={60} />),
  },
  {
    id: 'chain',
    header: t('chain'),
    width: '7rem',
    cell: ({ chain }) => <StatusWord tone={tones[chain.state]}>{chain.state}</StatusWord>,
  },
  {
    id: 'when',
    header: t('when'),
    width: '8rem',
    align: 'end',
    cell: ({ createdAt }) => <RelativeTime at={createdAt} />,
  },
];

/** What was changed, read and refused in the whole instance. */
export const InstanceChangesPage = () => (
  <InstanceFrame
    about={t('changesAbout')}
    needs="auditEvents.listAll"
    cli={{ command: 'mcpnest audit events', request: 'GET /api/v1/audit-events' }}
  >
    <Changes />
  </InstanceFrame>
);

function Changes() {
  const [{ action }, setFilters] = useFilters(['action']);
  const query = useInfiniteQuery(apiPages('auditEvents', 'listAll', { query: action === undefined ? {} : { action } }));
  const rows = rowsOf(query.data);
  return (
    <div className="flex flex-col gap-3">
      <FilterBar label={t('onlyAction')} text={action} onText={(next) => setFilters({ action: next })} />
      <Asked query={query}>
        {() =>
          rows.length === 0 ? (
            <p className="text-quiet">{t('noChanges')}</p>
          ) : (
            <VirtualTable
              label={t('changesTitle')}
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
    </div>
  );
}
