/** What a cell can hold; a row without something has nothing there. */
export type Cell = string | number | boolean | null | undefined;

/**
 * Rows as CSV (RFC 4180). A text that a spreadsheet would take for a formula begins with an apostrophe, as OWASP asks;
 * the wide forms of these signs are in it because spreadsheets of East Asia take them too.
 */
export const csvOf = (rows: readonly (readonly Cell[])[]): string =>
  rows.map((row) => `${row.map(cellText).join(',')}\r\n`).join('');

/** Rows with the same keys, below a heading of these. */
export function csvWithHeading(rows: readonly object[]): string {
  const [first] = rows;
  if (first === undefined) return '';
  const heading = Object.keys(first);
  return csvOf([heading, ...rows.map((row) => heading.map((key) => cellOf((row as Record<string, unknown>)[key])))]);
}

const cellOf = (value: unknown): Cell => (isCell(value) ? value : JSON.stringify(value));

const isCell = (value: unknown): value is Cell =>
  value === null || ['string', 'number', 'boolean', 'undefined'].includes(typeof value);

function cellText(value: Cell): string {
  if (typeof value !== 'string') return String(value ?? '');
  const safe = /^[=+\-@＝＋－＠\t\r\n]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
