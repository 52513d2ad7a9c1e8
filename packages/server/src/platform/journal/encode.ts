import { hash } from 'node:crypto';
import { plain } from '../json/quoted.ts';
import type {
  CallIntent,
  CallOutcome,
  DeniedCall,
  EpochStart,
  EventRecord,
  Gap,
  PurgedRange,
  TrimmedJournal,
} from './records.ts';

const plainName = /^[\w\-./:@+ ]{0,64}$/;
const plainUri = /^[\w\-./:@+~%?#=&;,!$'()*[\]{}]{0,128}$/;
/** Entries after which what is remembered of callers and tools is forgotten; names come from outside. */
const mostRemembered = 2_000;

/** The fields of an intent as JSON text, without braces. */
export const encodeIntent = (record: CallIntent): string => `"kind":"intent",${callFields(record)}`;

/** The fields of an outcome as JSON text. */
export const encodeOutcome = (record: CallOutcome): string =>
  `"kind":"outcome","callId":"${record.callId}",${outcomeFields(record)}`;

/**
 * The fields of a denied call as JSON text.
 * @param count how many calls of the same principal and reason the record stands for
 */
export const encodeDenied = (record: DeniedCall, count: number): string =>
  `"kind":"denied",${callFields(record)},${outcomeFields(record)},"count":${integer(count)}`;

/**
 * The fields of a gap record as JSON text.
 * @param sign makes the keyed digest of the record's own fields
 */
export const encodeGap = (gap: Gap, sign: (fields: string) => string): string => {
  const sealed =
    gap.sealed === null ? 'null' : `{"segment":${text(gap.sealed.segment)},"confirmedSeq":${gap.sealed.confirmedSeq}}`;
  const fields =
    `"kind":"gap","reason":${text(gap.reason)},"lostCalls":${integer(gap.lostCalls)},` +
    `"lostDenials":${integer(gap.lostDenials)},"sealed":${sealed}`;
  return `${fields},"mac":"${sign(fields)}"`;
};

/** The fields of an audit event as JSON text. The same event always has the same text. */
export const encodeEvent = ({ eventId, workspaceId, actor, action, at, commit }: EventRecord): string =>
  `"kind":"event","eventId":${text(eventId)},` +
  (workspaceId === null ? '' : `"workspaceId":${text(workspaceId)},`) +
  `"actor":${text(actor)},"action":${text(action)},"at":${text(at)},"commit":${text(commit)}`;

/** The fields of the first record of a start; signed like a gap record. */
export const encodeEpoch = (start: EpochStart, sign: (fields: string) => string): string => {
  const repaired =
    start.repaired === null
      ? 'null'
      : `{"segment":${text(start.repaired.segment)},"bytes":${integer(start.repaired.bytes)},` +
        `"sha256":${text(start.repaired.sha256)}}`;
  const fields = `"kind":"epoch","repaired":${repaired}`;
  return `${fields},"mac":"${sign(fields)}"`;
};

/** The fields of a purge record; signed like a gap record. */
export const encodePurge = (range: PurgedRange, sign: (fields: string) => string): string => {
  const fields =
    `"kind":"purge","workspaceId":${text(range.workspaceId)},"from":${range.from},"to":${range.to},` +
    `"count":${range.to - range.from},"root":${text(range.root)},"reason":${text(range.reason)},"actor":${text(range.actor)}`;
  return `${fields},"mac":"${sign(fields)}"`;
};

/** The fields of a trim record; signed like a gap record. */
export const encodeTrim = (trim: TrimmedJournal, sign: (fields: string) => string): string => {
  const { through, records, from, to, lastHash } = trim;
  const place = ({ epoch, seq }: { epoch: number; seq: number }): string => `{"epoch":${epoch},"seq":${seq}}`;
  const fields =
    `"kind":"trim","through":${text(through)},"records":${records},"from":${place(from)},"to":${place(to)},` +
    `"lastHash":${text(lastHash)}`;
  return `${fields},"mac":"${sign(fields)}"`;
};

/**
 * Text from outside (tool and client names) for a record: letters, digits and `_ - . / : @ +` and space, at most
 * 64 characters. What had to be changed ends in `~` and 8 hex digits of the original's SHA-256, so that two names
 * stay two.
 */
export function filterName(name: string): string {
  if (plainName.test(name)) return name;
  const kept = name.slice(0, 55).replace(/[^\w\-./:@+ ]/g, '_');
  return `${kept}~${hash('sha256', name, 'hex').slice(0, 8)}`;
}

/** The same for URIs and URI templates (RFC 3986, RFC 6570): their characters, at most 128 of them. */
export function filterUri(uri: string): string {
  if (plainUri.test(uri)) return uri;
  const kept = uri.slice(0, 119).replace(/[^\w\-./:@+~%?#=&;,!$'()*[\]{}]/g, '_');
  return `${kept}~${hash('sha256', uri, 'hex').slice(0, 8)}`;
}

const target = ({ method, toolName }: CallIntent): string =>
  method === 'tools/call' || method === 'prompts/get' ? filterName(toolName) : filterUri(toolName);

// Written by hand because this runs twice per call. Ids and digests are our own hexadecimal and need no escaping. What
// repeats from call to call is written once and remembered: it is most of the text, and joining and escaping it again
// would be half the cost of a record.
function callFields(record: CallIntent): string {
  return (
    `"callId":"${record.callId}",${callerFields(record)},${toolFields(record)},` +
    (record.approvalId === null ? '' : `"approvalId":"${record.approvalId}",`) +
    `"argsShape":${record.argsShape === null ? 'null' : shape(record.argsShape)},"argsMac":${record.argsMac === null ? 'null' : `"${record.argsMac}"`},` +
    `"policyAgeMs":${integer(record.policyAgeMs)},"bytesIn":${integer(record.bytesIn)},"traceId":${orNull(record.traceId)}`
  );
}

const callerFields = remembered(
  (record) => record.tokenId,
  (a, b) =>
    a.workspaceId === b.workspaceId &&
    a.memberId === b.memberId &&
    a.principalKind === b.principalKind &&
    a.authMethod === b.authMethod &&
    a.era === b.era &&
    a.protocolVersion === b.protocolVersion &&
    a.clientName === b.clientName,
  (record) =>
    `"workspaceId":${text(record.workspaceId)},"memberId":${orNull(record.memberId)},` +
    `"tokenId":${text(record.tokenId)},"principalKind":${text(record.principalKind)},"authMethod":${text(record.authMethod)},"era":${text(record.era)},` +
    `"protocolVersion":${orNull(record.protocolVersion)},` +
    `"clientName":${record.clientName === null ? 'null' : `"${filterName(record.clientName)}"`}`,
);

const toolFields = remembered(
  (record) => record.toolName,
  (a, b) =>
    a.method === b.method &&
    a.serverId === b.serverId &&
    a.serverSlug === b.serverSlug &&
    a.rule === b.rule &&
    a.wouldDeny === b.wouldDeny &&
    a.policyVersion === b.policyVersion &&
    a.policyDigest === b.policyDigest &&
    a.toolClass === b.toolClass &&
    a.definitionHash === b.definitionHash,
  (record) =>
    `"method":"${record.method}","serverId":${orNull(record.serverId)},"serverSlug":${orNull(record.serverSlug)},` +
    `"toolName":"${target(record)}","rule":${orNull(record.rule)},` +
    (record.wouldDeny === null ? '' : `"wouldDeny":${text(record.wouldDeny)},`) +
    (record.toolClass === null ? '' : `"toolClass":"${record.toolClass}",`) +
    `"policyVersion":${integer(record.policyVersion)},"policyDigest":${text(record.policyDigest)},"definitionHash":${orNull(record.definitionHash)}`,
);

function remembered(
  keyOf: (record: CallIntent) => string,
  same: (a: CallIntent, b: CallIntent) => boolean,
  write: (record: CallIntent) => string,
): (record: CallIntent) => string {
  const known = new Map<string, { record: CallIntent; fields: string }>();
  return (record) => {
    const key = keyOf(record);
    const last = known.get(key);
    if (last !== undefined && same(last.record, record)) return last.fields;
    if (known.size >= mostRemembered) known.clear();
    // Copied into one piece: a joined string keeps its parts and would be walked again at every use.
    const fields = Buffer.from(write(record), 'latin1').toString('latin1');
    known.set(key, { record, fields });
    return fields;
  };
}

/** Shapes are full of quotes, which makes them slow to escape, and a tool is called in few of them. */
const shapes = new Map<string, string>();

function shape(value: string): string {
  let written = shapes.get(value);
  if (written === undefined) {
    if (shapes.size >= mostRemembered) shapes.clear();
    written = text(value);
    shapes.set(value, written);
  }
  return written;
}

function outcomeFields(record: CallOutcome): string {
  return (
    `"outcome":${text(record.outcome)},"status":${integer(record.status)},` +
    `"errorCode":${orNull(record.errorCode)},"latencyMs":${integer(record.latencyMs)},` +
    `"upstreamMs":${record.upstreamMs === null ? 'null' : integer(record.upstreamMs)},` +
    `"bytesOut":${integer(record.bytesOut)},"dispatched":${record.dispatched ? 'true' : 'false'}`
  );
}

const orNull = (value: string | null): string => (value === null ? 'null' : text(value));

const text = (value: string): string => (plain.test(value) ? `"${value}"` : escaped(value));

// ASCII only, so that a line has as many bytes as characters and can never be cut inside a character.
// Control characters become `_`: PostgreSQL refuses U+0000 in text.
const escaped = (value: string): string =>
  JSON.stringify(value.replace(/[\u0000-\u001f]/g, '_')).replace(
    /[\u007f-\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** Whole, finite and in range whatever comes in: one odd number must not make a record unreadable or a row refused. */
const integer = (value: number): number =>
  value >= 0 && value <= largest && Number.isInteger(value)
    ? value
    : Math.min(Math.max(Math.round(value) || 0, 0), largest);

/** Of a column of type integer. */
const largest = 2_147_483_647;
