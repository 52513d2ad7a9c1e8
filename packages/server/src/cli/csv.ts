import type { Columns } from './output.ts';

/**
 * Rows as CSV (RFC 4180) with a heading. A cell that a spreadsheet would run as a formula begins with an apostrophe.
 */
export function csv<Row>(rows: readonly Row[], columns: Columns<Row>): string {
  const headings = Object.keys(columns);
  const lines = [headings, ...rows.map((row) => headings.map((key) => String(columns[key]!(row) ?? '')))];
  return lines.map((cells) => `${cells.map(cell).join(',')}\r\n`).join('');
}

function cell(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(?:\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
