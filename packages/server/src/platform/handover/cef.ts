import { version } from '../version.ts';
import type { Format } from './format.ts';
import type { CallRecord, EventRecord } from './record.ts';

type Extension = readonly (readonly [string, string | number | null])[];

/** ArcSight Common Event Format, version 0: one line a record. */
export const cefFormat: Format = {
  media: 'text/plain',
  extension: 'cef',
  head: '',
  render: (records) =>
    records.map((record) => `${record.kind === 'call' ? callLine(record) : eventLine(record)}\n`).join(''),
};

function callLine(call: CallRecord): string {
  return line(`call:${call.outcome}`, `${call.method} ${call.outcome}`, severityOf(call), [
    ['rt', Date.parse(call.createdAt)],
    ['externalId', call.eventId],
    ['deviceExternalId', call.node],
    ['suid', call.memberId ?? call.machineId ?? call.tokenId],
    ['requestMethod', call.method],
    ['destinationServiceName', call.serverSlug],
    ['outcome', call.outcome],
    ['reason', call.errorCode],
    ['requestClientApplication', call.clientName],
    ['in', call.bytesIn],
    ['out', call.bytesOut],
    ['cnt', call.repeatCount],
    ...labelled('cn', [
      ['status', call.status],
      ['latencyMs', call.latencyMs],
      ['policyVersion', call.policyVersion],
    ]),
    ...labelled('cs', [
      ['tool', call.toolName],
      ['workspaceId', call.workspaceId],
      ['tokenId', call.tokenId],
      ['rule', call.rule],
      ['approvalId', call.approvalId],
      ['traceId', call.traceId],
    ]),
  ]);
}

const eventLine = (event: EventRecord): string =>
  line(`change:${event.action}`, event.action, 3, [
    ['rt', Date.parse(event.createdAt)],
    ['externalId', event.eventId],
    ['suid', event.actor],
    ['act', event.action],
    ...labelled('cs', [
      ['target', event.target],
      ['workspaceId', event.workspaceId],
      ['detail', JSON.stringify(event.detail)],
    ]),
  ]);

/** 0 to 10: 1 went well, 4 refused, 5 failed, 7 nobody knows. */
function severityOf({ outcome, status }: CallRecord): number {
  if (outcome === 'ok') return 1;
  if (outcome === 'unknown') return 7;
  return status < 500 ? 4 : 5;
}

function line(signature: string, name: string, severity: number, extension: Extension): string {
  const head = ['CEF:0', 'MCPNest', 'MCPNest', version, signature, name, String(severity)];
  const pairs = extension
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `${key}=${escapeValue(String(value))}`);
  return `${head.map(escapeHead).join('|')}|${pairs.join(' ')}`;
}

/** Custom fields of one kind, numbered, each with the label that says what it is. */
const labelled = (kind: 'cs' | 'cn', fields: Extension): [string, string | number | null][] =>
  fields.flatMap(([label, value], index) =>
    value === null
      ? []
      : [
          [`${kind}${index + 1}Label`, label],
          [`${kind}${index + 1}`, value],
        ],
  );

const escapeHead = (text: string): string => text.replace(/[\\|]/g, '\\$&').replace(/[\r\n]+/g, ' ');

const escapeValue = (text: string): string =>
  text.replace(/[\\=]/g, '\\$&').replaceAll('\r', '\\r').replaceAll('\n', '\\n');
