import { createSortedRowModel, rowSortingFeature, tableFeatures } from '@tanstack/react-table';
import type { ColumnDef, Row as TableRow, RowData } from '@tanstack/react-table';
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

/** What our tables use of TanStack Table; what is not named here is not in the bundle. */
export const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel() });

const texts = new Intl.Collator('en', { numeric: true });

/** Numbers by size, anything else as people sort texts: `tool9` before `tool10`. */
export const compareValues = (a: string | number, b: string | number): number =>
  typeof a === 'number' && typeof b === 'number' ? a - b : texts.compare(String(a), String(b));

/** Our columns as TanStack Table's; one press sorts ascending, the second descending, the third as the rows came. */
export const tableColumns = <Row extends RowData>(columns: readonly Column<Row>[]): ColumnDef<typeof features, Row>[] =>
  columns.map(({ id, header, sortBy }) =>
    sortBy === undefined
      ? { id, header }
      : {
          ...{ id, header, accessorFn: sortBy, sortDescFirst: false },
          sortFn: (a: TableRow<typeof features, Row>, b: TableRow<typeof features, Row>) =>
            compareValues(a.getValue(id), b.getValue(id)),
        },
  );

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
