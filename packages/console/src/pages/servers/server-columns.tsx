import { paths } from '../../paths.ts';
import { Link } from '../../components/link.tsx';
import { formatDuration, formatNumber } from '../../strings/catalogue.ts';
import { t } from '../../strings/servers.ts';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { Badge } from '../../ui/status.tsx';
import type { StatusTone } from '../../ui/status.tsx';
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { RowMenu } from './row-menu.tsx';
import { ServerState } from './server-state.tsx';
import type { ServerRow } from './use-server-rows.ts';

export type ServerView = 'operation' | 'inventory';

const none = <span className="text-quiet">–</span>;
const number = (value: number | undefined) => (value === undefined ? none : formatNumber(value));
const moment = (at: string | null | undefined) => (at === null || at === undefined ? none : <RelativeTime at={at} />);
const sensitivityTones: Readonly<Record<ServerRow['sensitivity'], StatusTone>> = {
  none: 'off',
  internal: 'info',
  confidential: 'warn',
  restricted: 'bad',
};
const sensitivityRank = Object.keys(sensitivityTones);

const name = (workspace: string): Column<ServerRow> => ({
  id: 'name',
  header: t('name'),
  width: 'minmax(12rem, 2fr)',
  sortBy: (row) => row.name,
  cell: (row) => (
    <span className="flex items-center gap-2">
      <Link to={paths.server(workspace, row.slug)} className="truncate rounded font-medium hover:underline">
        <UntrustedText text={row.name} />
      </Link>
      {row.health.pendingReview > 0 && <Badge tone="warn">{t('review', { count: row.health.pendingReview })}</Badge>}
    </span>
  ),
});

const position: Column<ServerRow> = {
  id: 'position',
  header: '#',
  width: '1.75rem',
  sortBy: (row) => row.position,
  cell: (row) => <span className="text-quiet tabular-nums">{row.position}</span>,
};

const state: Column<ServerRow> = {
  id: 'state',
  header: t('state'),
  width: '8rem',
  sortBy: (row) => (row.enabled ? row.health.state : 'z'),
  cell: (row) => <ServerState server={row} />,
};

const lastUsed: Column<ServerRow> = {
  id: 'used',
  header: t('lastUsed'),
  width: '6.75rem',
  align: 'end',
  sortBy: ({ stock }) => stock?.lastUsedAt ?? '',
  cell: ({ stock }) => moment(stock?.lastUsedAt),
};

const use: readonly Column<ServerRow>[] = [
  {
    id: 'tools',
    header: t('tools'),
    width: '4rem',
    align: 'end',
    sortBy: ({ tools }) => tools ?? -1,
    cell: ({ tools }) => number(tools),
  },
  {
    id: 'calls',
    header: t('calls'),
    width: '6rem',
    align: 'end',
    sortBy: (row) => row.use?.calls ?? 0,
    cell: (row) => number(row.use?.calls ?? 0),
  },
  {
    id: 'failed',
    header: t('failed'),
    width: '5rem',
    align: 'end',
    sortBy: (row) => failures(row),
    cell: (row) => <span className={failures(row) > 0 ? 'text-bad' : 'text-quiet'}>{number(failures(row))}</span>,
  },
  {
    id: 'p95',
    header: t('p95'),
    width: '5rem',
    align: 'end',
    sortBy: (row) => row.use?.latencyMs.p95 ?? -1,
    cell: (row) => (row.use?.latencyMs.p95 == null ? none : formatDuration(row.use.latencyMs.p95)),
  },
  lastUsed,
];

const failures = ({ use: counted }: ServerRow): number => (counted === undefined ? 0 : counted.calls - counted.ok);

const custody: readonly Column<ServerRow>[] = [
  {
    id: 'owner',
    header: t('owner'),
    width: '7rem',
    sortBy: ({ owner }) => owner ?? '',
    cell: ({ owner }) => owner ?? <span className="text-quiet">{t('administrators')}</span>,
  },
  {
    id: 'maintainer',
    header: t('maintainer'),
    width: 'minmax(9rem, 1fr)',
    sortBy: ({ maintainer }) => maintainer ?? '',
    cell: ({ maintainer, stock }) =>
      stock?.orphaned == null ? (
        maintainer === null ? (
          none
        ) : (
          <UntrustedText text={maintainer} />
        )
      ) : (
        <Badge tone="warn">{t('orphaned')}</Badge>
      ),
  },
  {
    id: 'sensitivity',
    header: t('sensitivity'),
    width: '6.5rem',
    sortBy: ({ sensitivity }) => sensitivityRank.indexOf(sensitivity),
    cell: ({ sensitivity }) => <Badge tone={sensitivityTones[sensitivity]}>{sensitivity}</Badge>,
  },
  {
    id: 'labels',
    header: t('labels'),
    width: 'minmax(6rem, 1fr)',
    cell: ({ labels }) =>
      labels.length === 0 ? (
        none
      ) : (
        <span className="flex gap-1 overflow-hidden">
          {labels.map((label) => (
            <Badge key={label}>{label}</Badge>
          ))}
        </span>
      ),
  },
  lastUsed,
  {
    id: 'healthy',
    header: t('lastHealthy'),
    width: '6.75rem',
    align: 'end',
    sortBy: ({ stock }) => stock?.lastHealthyAt ?? '',
    cell: ({ stock }) => moment(stock?.lastHealthyAt),
  },
];

const forEverybody: readonly Column<ServerRow>[] = [
  {
    id: 'tools',
    header: t('tools'),
    width: '6rem',
    align: 'end',
    sortBy: ({ tools }) => tools ?? -1,
    cell: ({ tools }) => number(tools),
  },
  {
    id: 'prefix',
    header: t('prefix'),
    width: '8rem',
    cell: ({ prefix }) => <span className="font-mono text-sm">{prefix ?? '–'}</span>,
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

/**
 * The columns of the list.
 * @param detailed whether the statistics may be read
 */
export function serverColumns(
  workspace: string,
  view: ServerView,
  detailed: boolean,
  count: number,
): readonly Column<ServerRow>[] {
  if (!detailed) return [position, name(workspace), state, ...forEverybody];
  const menu: Column<ServerRow> = {
    id: 'menu',
    header: t('more'),
    headerHidden: true,
    width: '1.75rem',
    align: 'end',
    cell: (row) => <RowMenu server={row} count={count} />,
  };
  return view === 'inventory' ? [name(workspace), ...custody, menu] : [position, name(workspace), state, ...use, menu];
}
