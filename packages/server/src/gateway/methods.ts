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
import { clip } from '../platform/text.ts';
import { callTool } from './call-tool.ts';
import { readCapabilities } from './client-capabilities.ts';
import type { GatewayDeps } from './deps.ts';
import type { Exchanged } from './inbound.ts';
import { listTools } from './list-tools.ts';
import type { Message } from './message.ts';
import { invalidParams, methodNotFound } from './rpc-error.ts';
import { listen } from './streams/listen.ts';
import { subscribe, unsubscribe } from './streams/subscribe.ts';

type Method = (deps: GatewayDeps, call: Exchanged, message: Message) => Promise<void> | void;

/** What the gateway answers. A method that is not here is refused, never passed on. */
const methods: ReadonlyMap<string, { eras: readonly Exchanged['era']['kind'][]; run: Method }> = new Map([
  ['tools/call', { eras: ['modern', 'legacy', 'bare'], run: callTool }],
  ['tools/list', { eras: ['modern', 'legacy', 'bare'], run: listTools }],
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
  if (method === undefined || !method.eras.includes(call.era.kind)) {
    throw methodNotFound(message.method, call.era.kind === 'modern');
  }
  return method.run(deps, call, message);
}

const emptyResult = byteString('{}');

const capabilities = { tools: { listChanged: true }, logging: {} };

/** `server/discover` (2026-07-28): what this endpoint is, for this caller. */
function discover(deps: GatewayDeps, call: Exchanged, message: Message): void {
  const result = {
    resultType: 'complete',
    supportedVersions,
    capabilities,
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
function initialize(deps: GatewayDeps, call: Exchanged, message: Message): void {
  const { bytes, params } = message;
  const asked = stringValue(bytes, member(params, 'protocolVersion'));
  if (asked === undefined) throw invalidParams('"params.protocolVersion" must be a string.');
  const version = isLegacyVersion(asked) ? asked : newestLegacy;
  const clientName = stringValue(bytes, member(member(params, 'clientInfo'), 'name'));
  const session = deps.sessions.open(call.principal, {
    path: endpoint(call),
    version,
    clientName: clientName === undefined ? null : clip(clientName, 128),
    capabilities: readCapabilities(bytes, member(params, 'capabilities')),
  });
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

const instructions = (call: Exchanged): string =>
  call.server === undefined
    ? `Tools of the workspace "${call.held.snapshot.workspace.name}", served by MCPNest. Every call is authorised and recorded.`
    : `Tools of the server "${call.server.name}", served by MCPNest. Every call is authorised and recorded.`;
