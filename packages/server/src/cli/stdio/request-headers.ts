import { claimsModern, metaKey } from '../../domain/protocol.ts';
import { encodeHeaderValue } from '../../platform/header-value.ts';
import { member, stringValue } from '../../platform/json/scan.ts';
import type { Message } from './message.ts';
import type { ToolHeaders } from './tool-headers.ts';

/** What `initialize` agreed on. */
export interface Session {
  /** `Mcp-Session-Id`; undefined where the server keeps no sessions. */
  readonly id: string | undefined;
  readonly version: string;
}

/** Members whose value `Mcp-Name` mirrors, by method (2026-07-28, streamable-http; the last three: tasks extension). */
const nameMember: ReadonlyMap<string, string> = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  ['tasks/get', 'taskId'],
  ['tasks/update', 'taskId'],
  ['tasks/cancel', 'taskId'],
]);

/** The modern revision a message says it speaks; undefined for one of the legacy kind. */
export function modernVersion(message: Message): string | undefined {
  const meta = member(message.params, '_meta');
  const version = stringValue(message.bytes, member(meta, metaKey.protocolVersion));
  return version !== undefined && claimsModern(version) ? version : undefined;
}

/** Headers of the POST that carries a message. A modern one mirrors its body; a legacy one names its session. */
export function postHeaders(
  message: Message,
  session: Session | undefined,
  tools: ToolHeaders,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  };
  const version = modernVersion(message);
  if (version === undefined)
    return message.method === 'initialize' ? headers : { ...headers, ...sessionHeaders(session) };
  headers['mcp-protocol-version'] = version;
  headers['mcp-method'] = encodeHeaderValue(message.method);
  const name = stringValue(message.bytes, member(message.params, nameMember.get(message.method) ?? ''));
  if (name !== undefined) headers['mcp-name'] = encodeHeaderValue(name);
  for (const { header, value } of tools.of(message)) headers[`mcp-param-${header}`] = encodeHeaderValue(value);
  return headers;
}

/** What every legacy request after `initialize` carries. */
export function sessionHeaders(session: Session | undefined): Readonly<Record<string, string>> {
  if (session === undefined) return {};
  const { id, version } = session;
  return { 'mcp-protocol-version': version, ...(id === undefined ? {} : { 'mcp-session-id': id }) };
}
