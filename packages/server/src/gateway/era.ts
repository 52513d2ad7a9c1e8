import { claimsModern, isLegacyVersion, isModernVersion, metaKey } from '../domain/protocol.ts';
import { decodeHeaderValue } from '../platform/header-value.ts';
import { member, stringValue } from '../platform/json/scan.ts';
import type { Message } from './message.ts';
import type { RequestHead } from './request-head.ts';
import { headerMismatch, invalidMeta, unsupportedVersion } from './rpc-error.ts';

/**
 * Which generation of the protocol a message speaks: `modern` (2026-07-28: it describes itself), `legacy` (within a
 * session opened by `initialize`), or `bare` (legacy without a session: the plain curl).
 */
export interface Era {
  readonly kind: 'modern' | 'legacy' | 'bare';
  /** The revision in force; 2025-03-26 is assumed where a legacy message names none. */
  readonly version: string;
}

/**
 * Decide the era from what the message claims, and refuse headers that disagree with the body. Decisions rest on the
 * body; headers are only compared. `Mcp-Method` alone proves nothing: some legacy clients send it.
 * @throws RpcError -32602, -32020 or -32022
 */
export function decideEra(head: RequestHead, message: Message): Era {
  const header = head.protocolVersion;
  const claimed = stringValue(message.bytes, member(message.meta, metaKey.protocolVersion));
  if (header !== undefined && claimed !== undefined && header !== claimed) {
    throw headerMismatch('The header MCP-Protocol-Version differs from the body.');
  }
  const modern = claimed !== undefined ? !isLegacyVersion(claimed) : header !== undefined && claimsModern(header);
  if (!modern) {
    if (header !== undefined && !isLegacyVersion(header) && message.method !== 'initialize')
      throw unsupportedVersion(header);
    const session = head.sessionId !== undefined || message.method === 'initialize';
    return { kind: session ? 'legacy' : 'bare', version: header ?? '2025-03-26' };
  }
  if (claimed === undefined) {
    if (!isModernVersion(header!)) throw unsupportedVersion(header!);
    throw invalidMeta(`params._meta["${metaKey.protocolVersion}"] is missing.`);
  }
  if (header === undefined) throw headerMismatch('The header MCP-Protocol-Version is missing.');
  if (!isModernVersion(claimed)) throw unsupportedVersion(claimed);
  if (message.kind === 'request' && member(message.meta, metaKey.clientCapabilities)?.kind !== 'object') {
    throw invalidMeta(`params._meta["${metaKey.clientCapabilities}"] must be an object.`);
  }
  requireMirror(head, message);
  return { kind: 'modern', version: claimed };
}

/** Methods whose target is mirrored in `Mcp-Name`, and the member it mirrors. */
const nameMember: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
};

function requireMirror({ method, name: mirrored }: RequestHead, message: Message): void {
  if (method === undefined) throw headerMismatch('The header Mcp-Method is missing.');
  if (method !== message.method) throw headerMismatch('The header Mcp-Method differs from the body.');
  const target = Object.hasOwn(nameMember, message.method) ? nameMember[message.method] : undefined;
  if (target === undefined) return;
  const name = stringValue(message.bytes, member(message.params, target));
  if (name === undefined) return; // the method's own check names the fault
  if (mirrored === undefined) throw headerMismatch('The header Mcp-Name is missing.');
  if (decodeHeaderValue(mirrored) !== name) throw headerMismatch('The header Mcp-Name differs from the body.');
}
