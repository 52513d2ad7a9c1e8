/** Rows with the same keys as CSV (RFC 4180) with a heading; spreadsheets take no cell of it for a formula. */
export function csvOf(rows: readonly object[]): string {
  const [first] = rows;
  if (first === undefined) return '';
  const heading = Object.keys(first);
  return [heading, ...rows.map((row) => heading.map((key) => cellText((row as Record<string, unknown>)[key])))]
    .map((cells) => `${cells.map(quoted).join(',')}\r\n`)
    .join('');
}

const cellText = (value: unknown): string =>
  value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);

/** A spreadsheet runs what begins like a formula; an apostrophe keeps it text. */
function quoted(text: string): string {
  const safe = /^[=+\-@＝＋－＠\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
