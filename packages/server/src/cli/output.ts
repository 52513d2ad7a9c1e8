import { stripVTControlCharacters } from 'node:util';
import { visibleText } from '../domain/definitions/visible-text.ts';
import type { Io } from './io.ts';

/** Columns of a table: heading and the value of a row. */
export type Columns<Row> = Readonly<Record<string, (row: Row) => string | number | null | undefined>>;

/** Rows as aligned columns; what came from elsewhere cannot move the cursor or colour the terminal. */
export function table<Row>(rows: readonly Row[], columns: Columns<Row>): string {
  if (rows.length === 0) return '(none)\n';
  const headings = Object.keys(columns);
  const cells = [
    headings.map((heading) => heading.toUpperCase()),
    ...rows.map((row) => headings.map((key) => plain(columns[key]!(row)))),
  ];
  const widths = headings.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)));
  return cells
    .map(
      (line) =>
        `${line
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** One thing as `name: value` lines. */
export function fields(values: Readonly<Record<string, unknown>>): string {
  const width = Math.max(...Object.keys(values).map((key) => key.length)) + 1;
  return Object.entries(values)
    .map(([key, value]) => `${`${key}:`.padEnd(width)} ${plain(value)}\n`)
    .join('');
}

/** A value on one line; of text from elsewhere, what would not be seen is written out. */
export function plain(value: unknown): string {
  if (value === null || value === undefined) return '-';
  const text = typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value) : String(value);
  return visibleText(stripVTControlCharacters(text).replace(/[\u0000-\u001f\u007f-\u009f]/g, ' '));
}

/** Print a result: as JSON when asked to, otherwise for people. */
export function print(io: Io, json: boolean | undefined, value: unknown, human: () => string): void {
  io.out(json === true ? `${JSON.stringify(value, null, 2)}\n` : human());
}

/** `2026-11-21 12:00` of a stored time; the whole value is in --json. */
export const shortTime = (time: string | null): string => (time === null ? '-' : time.slice(0, 16).replace('T', ' '));

/** The same of a text of several lines, which keeps them. */
export const plainLines = (text: string): string =>
  text
    .split('\n')
    .map((line) =>
      visibleText(stripVTControlCharacters(line).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, ' ')),
    )
    .join('\n');
