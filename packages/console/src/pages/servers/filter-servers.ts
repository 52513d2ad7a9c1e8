import { t } from '../../strings/servers.ts';
import { stateOf } from './server-state.tsx';
import type { ServerRow } from './use-server-rows.ts';

/** What the list is narrowed by, as the address has it. */
export const serverFilterKeys = ['view', 'text', 'state', 'sensitivity', 'owner', 'label'] as const;
export type ServerFilters = Readonly<Partial<Record<(typeof serverFilterKeys)[number], string>>>;

export const stateChoices = [
  { value: 'healthy', label: t('healthy') },
  { value: 'degraded', label: t('degraded') },
  { value: 'down', label: t('down') },
  { value: 'drill', label: t('drill') },
  { value: 'unknown', label: t('unknown') },
  { value: 'disabled', label: t('disabled') },
  { value: 'review', label: t('waitsForReview') },
  { value: 'orphaned', label: t('orphaned') },
  { value: 'unused', label: t('unused') },
];

const levels = ['none', 'internal', 'confidential', 'restricted'] as const;
export const sensitivities = levels.slice(1).map((value) => ({ value, label: t('orAbove', { level: value }) }));

/** The rows that every filter lets through; sensitivity means that level or above. */
export function filterServers(rows: readonly ServerRow[], filters: ServerFilters): readonly ServerRow[] {
  const words = (filters.text ?? '').toLowerCase().split(/\s+/);
  const level = levels.findIndex((each) => each === filters.sensitivity);
  return rows.filter((row) => {
    const text = `${row.name} ${row.slug} ${row.url} ${row.prefix ?? ''} ${row.maintainer ?? ''}`.toLowerCase();
    return (
      words.every((word) => text.includes(word)) &&
      (filters.state === undefined || isIn(row, filters.state)) &&
      levels.indexOf(row.sensitivity) >= level &&
      (filters.owner === undefined || row.owner === filters.owner) &&
      (filters.label === undefined || row.labels.includes(filters.label))
    );
  });
}

function isIn(row: ServerRow, state: string): boolean {
  if (state === 'review') return row.health.pendingReview > 0;
  if (state === 'orphaned') return typeof row.stock?.orphaned === 'string';
  if (state === 'unused') return row.stock?.used === false;
  return stateOf(row) === state;
}
