import type { Format } from './format.ts';
import type { CallRecord, EventRecord, HandoverRecord } from './record.ts';

/** Both kinds in one table: first what they share, then what calls have, then what changes have. */
const columns = [
  ...(['kind', 'eventId', 'id', 'createdAt', 'workspaceId'] as const),
  ...([
    ...['memberId', 'tokenId', 'principalKind', 'machineId', 'serverId', 'serverSlug', 'method', 'toolName'],
    ...['status', 'outcome', 'errorCode', 'latencyMs', 'upstreamMs', 'dispatched', 'rule', 'wouldDeny'],
    ...['approvalId', 'policyVersion', 'definitionHash', 'argsShape', 'argsMac', 'era', 'protocolVersion'],
    ...[
      'policyDigest',
      'policyAgeMs',
      'toolClass',
      'authMethod',
      'clientName',
      'bytesIn',
      'bytesOut',
      'traceId',
      'repeatCount',
      'node',
      'endEpoch',
      'endSeq',
    ],
  ] as (keyof CallRecord)[]),
  ...(['actor', 'action', 'target', 'detail', 'commitment', 'epoch', 'seq'] as const satisfies (keyof EventRecord)[]),
];

/** Records as a table (RFC 4180, with a head line), one line a record. */
export const csvFormat: Format = {
  media: 'text/csv',
  extension: 'csv',
  head: csvLine(columns),
  render: (records) => records.map((record) => csvLine(columns.map((column) => valueOf(record, column)))).join(''),
};

const valueOf = (record: HandoverRecord, column: (typeof columns)[number]): unknown =>
  (record as Partial<CallRecord & EventRecord>)[column as keyof CallRecord & keyof EventRecord];

/**
 * A line of RFC 4180. Spreadsheets take a cell that begins with one of `= + - @`, a tab or a line break for something
 * to be worked out; such a cell gets an apostrophe in front, which they show as text.
 */
export function csvLine(cells: readonly unknown[]): string {
  return `${cells.map(cell).join(',')}\r\n`;
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  const harmless = typeof value !== 'number' && /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
