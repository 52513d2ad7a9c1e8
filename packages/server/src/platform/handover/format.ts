import { cefFormat } from './cef.ts';
import { csvFormat } from './csv.ts';
import { ocsfFormat } from './ocsf.ts';
import { otlpFormat } from './otlp.ts';
import type { HandoverRecord } from './record.ts';

/** A way to write records. What was rendered one after another, behind the head, is one file. */
export interface Format {
  readonly media: string;
  /** Of a file, without the dot. */
  readonly extension: string;
  /** What a file begins with. */
  readonly head: string;
  /** Whole lines. */
  render(records: readonly HandoverRecord[]): string;
}

/** One JSON object a line, nothing left out. */
const jsonlFormat: Format = {
  media: 'application/x-ndjson',
  extension: 'jsonl',
  head: '',
  render: (records) => records.map((record) => `${JSON.stringify(record)}\n`).join(''),
};

export const formats = {
  jsonl: jsonlFormat,
  csv: csvFormat,
  cef: cefFormat,
  ocsf: ocsfFormat,
  otlp: otlpFormat,
} as const satisfies Record<string, Format>;

export type FormatName = keyof typeof formats;
