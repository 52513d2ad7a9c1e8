import { csvLine } from '../platform/csv-line.ts';
import type { Columns } from './output.ts';

/** Rows as CSV with a heading. */
export function csv<Row>(rows: readonly Row[], columns: Columns<Row>): string {
  const cells = Object.values(columns);
  return csvLine(Object.keys(columns)) + rows.map((row) => csvLine(cells.map((cell) => cell(row)))).join('');
}
