import {
  implementation,
  isLegacyVersion,
  isLogLevel,
  logLevels,
  metaKey,
  newestLegacy,
  supportedVersions,
} from '../domain/protocol.ts';
import { byteString } from '../platform/byte-string.ts';
import { member, stringValue } from '../platform/json/scan.ts';
import { taskCall, taskMethods } from './bridge/task-methods.ts';
import { readCapabilities } from './client-capabilities.ts';
import { clientInfoOf, readClientInfo } from './client-info.ts';
import type { GatewayDeps } from './deps.ts';
import { extensionMethod, isExtensionMethod } from './extension-methods.ts';
import { governedCall } from './governed-call.ts';
import { governedMethods } from './governed-methods.ts';
import type { Exchanged } from './inbound.ts';
import { answerList } from './list.ts';
import { listForms, listKinds } from './list-kinds.ts';
import type { Message } from './message.ts';
import { capabilitiesFor } from './offers.ts';
import { invalidParams, methodNotFound } from './rpc-error.ts';
import { toolListMode } from './search/shown-list.ts';
import { listen } from './streams/listen.ts';
import { subscribe, unsubscribe } from './streams/subscribe.ts';

type Method = (deps: GatewayDeps, call: Exchanged, message: Message) => Promise<void> | void;

interface Served {
  readonly eras: readonly Exchanged['era']['kind'][];
  readonly run: Method;
}

const inEveryEra = (run: Method): Served => ({ eras: ['modern', 'legacy', 'bare'], run });

/** What the gateway answers. A method that is not here is refused, never passed on. */
const methods: ReadonlyMap<string, Served> = new Map<string, Served>([
  ...[...governedMethods].map(([name, method]): [string, Served] => [
    name,
    inEveryEra((deps, call, message) => governedCall(deps, call, message, method)),
  ]),
  ...[...taskMethods].map(([name, method]): [string, Served] => [
    name,
    { eras: ['modern'], run: (deps, call, message) => taskCall(deps, call, message, method) },
  ]),
  ...listKinds.map((kind): [string, Served] => [
    listForms[kind].method,
    inEveryEra((deps, call, message) => answerList(deps, call, message, kind)),
  ]),
  ['server/discover', { eras: ['modern', 'bare'], run: discover }],
  ['initialize', { eras: ['legacy'], run: initialize }],
  ['subscriptions/listen', { eras: ['modern'], run: listen }],
  ['resources/subscribe', { eras: ['legacy'], run: subscribe }],
  ['resources/unsubscribe', { eras: ['legacy'], run: unsubscribe }],
  ['logging/setLevel', { eras: ['legacy'], run: setLogLevel }],
  ['ping', { eras: ['legacy', 'bare'], run: ping }],
]);

/**
 * Run one request.
 * @throws RpcError, AppError
 */
export function runMethod(deps: GatewayDeps, call: Exchanged, message: Message): Promise<void> | void {
  const method = methods.get(message.method);
  if (method?.eras.includes(call.era.kind) === true) return method.run(deps, call, message);
  if (call.server !== undefined && method === undefined && isExtensionMethod(message.method)) {
    return governedCall(deps, call, message, extensionMethod(message.method));
  }
  throw methodNotFound(message.method, call.era.kind === 'modern');
}

const emptyResult = byteString('{}');

/** `server/discover` (2026-07-28): what this endpoint is, for this caller. */
async function discover(deps: GatewayDeps, call: Exchanged, message: Message): Promise<void> {
  deps.connections.note(call, clientInfoOf(call, message), false);
  const result = {
    resultType: 'complete',
    supportedVersions,
    capabilities: await capabilitiesFor(deps, call),
    instructions: instructions(call),
    ttlMs: 60_000,
    cacheScope: 'private',
    _meta: { [metaKey.serverInfo]: serverInfo(call) },
  };
  deps.replies.result(call.inbound, message.idText, byteString(JSON.stringify(result)));
}

/**
 * `initialize` (2024-11-05 … 2025-11-25): agree on the revision asked for, or offer the newest of this kind, and open
 * a session for this principal.
 */
async function initialize(deps: GatewayDeps, call: Exchanged, message: Message): Promise<void> {
  const { bytes, params } = message;
  const asked = stringValue(bytes, member(params, 'protocolVersion'));
  if (asked === undefined) throw invalidParams('"params.protocolVersion" must be a string.');
  const version = isLegacyVersion(asked) ? asked : newestLegacy;
  const info = readClientInfo(bytes, member(params, 'clientInfo'));
  const declared = readCapabilities(bytes, member(params, 'capabilities'));
  const capabilities = await capabilitiesFor(deps, call);
  // The token may have been revoked while lists were read; nobody is there any more, and a session would outlive it.
  if (call.inbound.revoked) return;
  const session = deps.sessions.open(call.principal, {
    path: endpoint(call),
    version,
    clientName: info.name,
    clientVersion: info.version,
    capabilities: declared,
  });
  deps.connections.note({ ...call, era: { ...call.era, version } }, info, false);
  session.onEnd(() => deps.upstreams.endConversation(call.principal.workspaceId, session.id));
  const result = {
    protocolVersion: version,
    capabilities,
    serverInfo: serverInfo(call),
    instructions: instructions(call),
  };
  deps.replies.result(call.inbound, message.idText, byteString(JSON.stringify(result)), ['mcp-session-id', session.id]);
}

/** `logging/setLevel` (legacy): from now on this session hears nothing less severe. */
function setLogLevel(deps: GatewayDeps, call: Exchanged, message: Message): void {
  const level = stringValue(message.bytes, member(message.params, 'level'));
  if (!isLogLevel(level)) throw invalidParams(`"params.level" must be one of ${logLevels.join(', ')}.`);
  if (call.session !== undefined) call.session.logLevel = level;
  deps.replies.result(call.inbound, message.idText, emptyResult);
}

function ping(deps: GatewayDeps, call: Exchanged, message: Message): void {
  deps.replies.result(call.inbound, message.idText, emptyResult);
}

/** The endpoint a session belongs to: a workspace, or one server of it. */
export const endpoint = (call: Pick<Exchanged, 'principal' | 'server'>): string =>
  `${call.principal.workspaceId}/${call.server?.id ?? ''}`;

const serverInfo = (call: Exchanged): { name: string; title: string; version: string } => ({
  ...implementation,
  title: call.server?.name ?? call.held.snapshot.workspace.name,
});

function instructions(call: Exchanged): string {
  const { server, held } = call;
  const whose =
    server === undefined ? `the workspace "${held.snapshot.workspace.name}"` : `the server "${server.name}"`;
  const said = `Tools, prompts and resources of ${whose}, served by MCPNest. Every call is authorised and recorded.`;
  return toolListMode(call) === 'all' ? said : `${said} ${howToSearch}`;
}

const howToSearch =
  'Where the tools listed are find_tools, describe_tools and call_tool alone, they lead to all others: find, describe, call.';
