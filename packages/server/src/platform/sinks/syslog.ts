import { formats } from '../handover/format.ts';
import type { HandoverRecord } from '../handover/record.ts';
import type { SinkConfig } from './config.ts';

type SyslogConfig = Extract<SinkConfig, { kind: 'syslog' }>;

/** Severities of RFC 5424. */
const informational = 6;
const notice = 5;
const warning = 4;

/** Messages of RFC 5424, each behind the number of its bytes (octet counting, RFC 6587 3.4.1). */
export function syslogFrames(config: SyslogConfig, records: readonly HandoverRecord[]): Buffer {
  const frames = records.map((record) => {
    const message = Buffer.from(syslogMessage(config, record));
    return Buffer.concat([Buffer.from(`${message.length} `), message]);
  });
  return Buffer.concat(frames);
}

function syslogMessage({ facility, format }: SyslogConfig, record: HandoverRecord): string {
  const priority = facility * 8 + severityOf(record);
  const host = record.kind === 'call' ? printable(record.node) : '-';
  const text = formats[format].render([record]).trimEnd();
  return `<${priority}>1 ${record.createdAt} ${host} mcpnest - ${record.kind} - ${text}`;
}

function severityOf(record: HandoverRecord): number {
  if (record.kind === 'event' || record.outcome === 'ok') return informational;
  return record.status < 500 ? notice : warning;
}

const printable = (text: string): string => text.replace(/[^\x21-\x7e]/g, '_').slice(0, 255) || '-';
