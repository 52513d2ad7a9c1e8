/**
 * A line of RFC 4180. Spreadsheets take a cell that begins with one of `= + - @`, in full width as well, a tab or a
 * line break for something to be worked out; such a cell gets an apostrophe in front, which they show as text. Numbers
 * stay numbers.
 */
export function csvLine(cells: readonly unknown[]): string {
  return `${cells.map(cell).join(',')}\r\n`;
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  const harmless = typeof value !== 'number' && /^[=+\-@＝＋－＠\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
