import { version } from '../version.ts';
import type { Format } from './format.ts';
import type { CallRecord, EventRecord, HandoverRecord } from './record.ts';

/** The version of the Open Cybersecurity Schema Framework that is written. */
export const ocsfVersion = '1.5.0';

/** OCSF events, one JSON object a line: API Activity (6003), Account Change (3001) for who becomes or ceases to be a member, and Authentication (3002) for log-ins that failed. */
export const ocsfFormat: Format = {
  media: 'application/x-ndjson',
  extension: 'ocsf.jsonl',
  head: '',
  render: (records) => records.map((record) => `${JSON.stringify(ocsfEvent(record))}\n`).join(''),
};

/** A record as an OCSF event. */
export const ocsfEvent = (record: HandoverRecord): object =>
  record.kind === 'call' ? ofCall(record) : (ofLogin(record) ?? ofAccount(record) ?? ofChange(record));

const activity = { unknown: 0, create: 1, read: 2, update: 3, delete: 4, other: 99 } as const;
const activityName = ['Unknown', 'Create', 'Read', 'Update', 'Delete'];

function ofCall(call: CallRecord): object {
  const ok = call.outcome === 'ok';
  const {
    rule,
    wouldDeny,
    approvalId,
    policyVersion,
    policyDigest,
    toolClass,
    authMethod,
    definitionHash,
    argsShape,
    argsMac,
    era,
    protocolVersion,
  } = call;
  const reads = call.method === 'resources/read' || call.method === 'prompts/get' || call.method.startsWith('complet');
  return {
    ...classified(6, 'Application Activity', 6003, 'API Activity', reads ? activity.read : activity.other, call.method),
    ...common(call, call.traceId),
    severity_id: ok ? 1 : call.status >= 500 ? 3 : 2,
    severity: ok ? 'Informational' : call.status >= 500 ? 'Medium' : 'Low',
    status_id: ok ? 1 : 2,
    status: ok ? 'Success' : 'Failure',
    status_code: String(call.status),
    status_detail: call.errorCode ?? call.outcome,
    duration: call.latencyMs,
    count: call.repeatCount,
    actor: {
      user: {
        uid: call.memberId ?? call.machineId ?? call.tokenId,
        type: call.principalKind,
        type_id: call.principalKind === 'member' ? 1 : 4,
        credential_uid: call.tokenId,
        org: { uid: call.workspaceId },
      },
      ...(call.clientName === null ? {} : { app_name: call.clientName }),
    },
    api: {
      operation: call.method,
      service: { name: call.serverSlug ?? 'mcpnest', ...(call.serverId === null ? {} : { uid: call.serverId }) },
      request: { uid: call.id },
      response: { code: call.status, ...(call.errorCode === null ? {} : { error: call.errorCode }) },
      ...(protocolVersion === null ? {} : { version: protocolVersion }),
    },
    // Addresses of callers are not recorded; the token is what a call came by.
    src_endpoint: { uid: call.tokenId },
    dst_endpoint: { svc_name: call.serverSlug ?? 'mcpnest' },
    resources: [{ name: call.toolName, type: call.method.split('/', 1)[0], group: { name: call.serverSlug ?? '' } }],
    unmapped: {
      ...{
        outcome: call.outcome,
        dispatched: call.dispatched,
        rule,
        wouldDeny,
        approvalId,
        policyVersion,
        policyDigest,
        toolClass,
        authMethod,
      },
      ...{ definitionHash, argsShape, argsMac, era, bytesIn: call.bytesIn, bytesOut: call.bytesOut },
      upstreamMs: call.upstreamMs,
    },
  };
}

function ofChange(event: EventRecord): object {
  const verb = event.action.split('.').at(-1)!;
  return {
    ...classified(6, 'Application Activity', 6003, 'API Activity', activityOf(verb), verb),
    ...common(event, null),
    ...(refused(event) ? notDone : done),
    actor: actorOf(event),
    api: { operation: event.action, service: { name: 'mcpnest-control' }, request: { uid: event.id } },
    src_endpoint: { uid: event.actor },
    resources: [{ name: targetOf(event), type: targetOf(event).split(':', 1)[0] }],
    unmapped: { detail: event.detail },
  };
}

/** Log-ins that failed; of those that did not, what was done is on record. */
function ofLogin(event: EventRecord): object | undefined {
  if (event.action !== 'login') return undefined;
  const address = /^address:(.+)$/.exec(targetOf(event))?.[1];
  return {
    ...classified(3, 'Identity & Access Management', 3002, 'Authentication', 1, 'Logon'),
    ...common(event, null),
    ...notDone,
    user: { name: event.actor },
    service: { name: 'mcpnest-control' },
    ...(address === undefined ? {} : { src_endpoint: { name: address } }),
    unmapped: { detail: event.detail },
  };
}

/** Activities of Account Change. */
const accountActivity: Readonly<Record<string, readonly [number, string]>> = {
  'members.add': [1, 'Create'],
  'invitations.accept': [1, 'Create'],
  'members.remove': [6, 'Delete'],
};

function ofAccount(event: EventRecord): object | undefined {
  const found = accountActivity[event.action];
  if (found === undefined) return undefined;
  const [activityId, name] = found;
  return {
    ...classified(3, 'Identity & Access Management', 3001, 'Account Change', activityId, name),
    ...common(event, null),
    ...done,
    actor: actorOf(event),
    src_endpoint: { uid: event.actor },
    user: { name: targetOf(event).replace(/^[^:]*:/, ''), org: { uid: event.workspaceId ?? 'instance' } },
    unmapped: { action: event.action, detail: event.detail },
  };
}

/** Log-ins that failed and operations that were not permitted. */
const refused = ({ action, target }: EventRecord): boolean => action === 'login' || target === 'refused';
const notDone = { severity_id: 2, severity: 'Low', status_id: 2, status: 'Failure' };
const done = { severity_id: 1, severity: 'Informational', status_id: 1, status: 'Success' };

/** What an event was about, as long as that was not erased. */
const targetOf = ({ target }: EventRecord): string => target ?? 'erased';

const actorOf = ({ actor }: EventRecord): object =>
  actor.startsWith('user:')
    ? {
        user: {
          uid: /^user:([^/]*)/.exec(actor)![1],
          credential_uid: /(?:key|session):(.*)$/.exec(actor)?.[1],
          type_id: 1,
        },
      }
    : { app_name: actor };

function activityOf(verb: string): number {
  if (/^(?:create|add|issue|invite|request|start|allow|put|publish|rotate|accept)/.test(verb)) return activity.create;
  if (/^(?:list|show|read|export|evidence)/.test(verb)) return activity.read;
  if (/^(?:remove|delete|revoke|clear|stop|lift|withdraw|end)/.test(verb)) return activity.delete;
  return activity.update;
}

const classified = (
  category_uid: number,
  category_name: string,
  class_uid: number,
  class_name: string,
  activity_id: number,
  otherwise: string,
): object => ({
  ...{ category_uid, category_name, class_uid, class_name, activity_id },
  activity_name: class_uid === 6003 ? (activityName[activity_id] ?? otherwise) : otherwise,
  type_uid: class_uid * 100 + activity_id,
});

const common = (record: HandoverRecord, traceId: string | null): object => ({
  time: Date.parse(record.createdAt),
  metadata: {
    version: ocsfVersion,
    uid: record.eventId,
    product: { name: 'MCPNest', vendor_name: 'MCPNest', version },
    log_name: record.kind === 'call' ? 'mcp_tool_calls' : 'audit_events',
    original_time: record.createdAt,
    ...(record.workspaceId === null ? {} : { tenant_uid: record.workspaceId }),
    ...(traceId === null ? {} : { correlation_uid: traceId }),
  },
});
