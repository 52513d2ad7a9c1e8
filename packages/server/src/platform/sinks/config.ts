import type { Selectable } from 'kysely';
import type { Schema } from '../database/schema.ts';
import type { FormatName } from '../handover/format.ts';

/** Where and how a sink's records go, without secrets; the form of `sinks.config`. */
export type SinkConfig =
  | {
      readonly kind: 'http';
      readonly url: string;
      readonly format: Extract<FormatName, 'jsonl' | 'ocsf' | 'otlp'>;
      /** Names of the headers whose values are sealed. */
      readonly headerNames: readonly string[];
    }
  | { readonly kind: 'otlp'; readonly url: string; readonly headerNames: readonly string[] }
  | {
      readonly kind: 'syslog';
      readonly host: string;
      readonly port: number;
      readonly tls: boolean;
      readonly format: Extract<FormatName, 'cef' | 'jsonl' | 'ocsf'>;
      readonly facility: number;
    }
  | {
      readonly kind: 's3';
      readonly endpoint: string;
      readonly region: string;
      readonly bucket: string;
      readonly prefix: string;
      readonly format: Extract<FormatName, 'jsonl' | 'ocsf'>;
      readonly accessKeyId: string;
      /** The longest a record waits for an object to be worth making. */
      readonly everySeconds: number;
    };

/** Sealed values by name: `webhook`, `header/{name}`, `s3`. */
export type SinkSecrets = Readonly<Record<string, string>>;

/** A sink as whoever sends for it needs it. */
export interface SinkTarget {
  readonly id: string;
  readonly config: SinkConfig;
  readonly secrets: SinkSecrets;
}

type SinkRow = Selectable<Schema['sinks']>;

/** @throws SyntaxError for a row that this program did not write */
export const targetOf = (row: Pick<SinkRow, 'id' | 'config' | 'secrets'>): SinkTarget => ({
  id: row.id,
  config: JSON.parse(row.config) as SinkConfig,
  secrets: JSON.parse(row.secrets) as SinkSecrets,
});

/** What a secret of a sink is sealed for. */
export const secretContext = (sinkId: string, name: string): string => `sink/${sinkId}/${name}`;
