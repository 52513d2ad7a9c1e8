import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { formats } from '../handover/format.ts';
import { otlpRequest } from '../handover/otlp.ts';
import type { HandoverRecord } from '../handover/record.ts';
import type { SinkConfig } from './config.ts';
import { syslogFrames } from './syslog.ts';

/** A batch as it goes to a sink: the bytes, and what tells that they are the same when they are sent again. */
export interface Parcel {
  readonly contentType: string;
  /** From the first and the last record in it. */
  readonly name: string;
  readonly body: Buffer;
}

/** Records, in their order, as this sink takes them. */
export function parcelOf(config: SinkConfig, records: readonly HandoverRecord[]): Parcel {
  const name = nameOf(records);
  switch (config.kind) {
    case 'http':
      if (config.format === 'otlp') return { name, ...otlpBody(records) };
      return { name, contentType: 'application/x-ndjson', body: Buffer.from(formats[config.format].render(records)) };
    case 'otlp':
      return { name, ...otlpBody(records) };
    case 'syslog':
      return { name, contentType: 'text/plain', body: syslogFrames(config, records) };
    case 's3':
      return {
        name: objectKey(config.prefix, formats[config.format].extension, records, name),
        contentType: 'application/gzip',
        body: gzipSync(formats[config.format].render(records)),
      };
  }
}

const otlpBody = (records: readonly HandoverRecord[]): Omit<Parcel, 'name'> => ({
  contentType: 'application/json',
  body: Buffer.from(JSON.stringify(otlpRequest(records))),
});

function nameOf(records: readonly HandoverRecord[]): string {
  const ends = `${records[0]!.eventId} ${records.at(-1)!.eventId} ${records.length}`;
  return createHash('sha256').update(ends).digest('hex').slice(0, 32);
}

/** By the day and the moment of the first record, so that a listing is in order of time. */
function objectKey(prefix: string, extension: string, records: readonly HandoverRecord[], name: string): string {
  const { createdAt, kind } = records[0]!;
  const folder = createdAt.slice(0, 10).replaceAll('-', '/');
  const moment = createdAt.replace(/[-:]|\.\d+Z$/g, '');
  return `${prefix}${folder}/${moment}Z-${kind}-${name}.${extension}.gz`;
}
