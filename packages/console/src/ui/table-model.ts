import type { ReactNode } from 'react';

/** One column, by definition. */
export interface Column<Row> {
  readonly id: string;
  readonly header: string;
  /** The heading is read aloud and not shown: of a column of menus. */
  readonly headerHidden?: boolean;
  readonly cell: (row: Row) => ReactNode;
  /** CSS grid track, e.g. `2fr`, `8rem`; default `minmax(8rem, 1fr)`. */
  readonly width?: string;
  readonly align?: 'start' | 'end';
  /** Makes the column sortable by what it gives. */
  readonly sortBy?: (row: Row) => string | number;
}

export interface Sort {
  readonly column: string;
  readonly descending: boolean;
}

/** The rows in the order asked for; equal ones keep theirs. */
export function sortRows<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  sort: Sort | null,
): readonly Row[] {
  const by = columns.find(({ id }) => id === sort?.column)?.sortBy;
  if (sort === null || by === undefined) return rows;
  const keyed = rows.map((row) => [by(row), row] as const);
  const sign = sort.descending ? -1 : 1;
  return keyed.toSorted(([a], [b]) => sign * compare(a, b)).map(([, row]) => row);
}

const compare = (a: string | number, b: string | number): number =>
  typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b), 'en', { numeric: true });

/** First press ascending, second descending, third as it came. */
export function nextSort(sort: Sort | null, column: string): Sort | null {
  if (sort?.column !== column) return { column, descending: false };
  return sort.descending ? null : { column, descending: true };
}

/** The row a key leads to, or undefined for a key that leads nowhere. */
export function rowAfterKey(key: string, at: number, count: number, page: number): number | undefined {
  if (count === 0) return undefined;
  const bounded = (index: number): number => Math.min(count - 1, Math.max(0, index));
  switch (key) {
    case 'ArrowDown':
    case 'j':
      return bounded(at + 1);
    case 'ArrowUp':
    case 'k':
      return bounded(at - 1);
    case 'PageDown':
      return bounded(at + page);
    case 'PageUp':
      return bounded(at - page);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}

/** The selection with one row turned over. */
export function toggled(selection: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const next = new Set(selection);
  if (!next.delete(key)) next.add(key);
  return next;
}
