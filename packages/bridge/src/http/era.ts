import type { IncomingHttpHeaders } from 'node:http';
import { stringAt, type Message } from '../messages/message.ts';
import {
  claimsModern,
  legacyVersions,
  metaKey,
  modernVersion,
  rpcCode,
  supportedVersions,
} from '../messages/protocol.ts';
import { Refusal } from './refusal.ts';

/**
 * Which generation of the protocol a message speaks, by what it claims: `_meta` first, the version header next; a
 * message that claims nothing is a legacy one. The body decides; headers that disagree with it are refused.
 * @throws Refusal 400 with -32602, -32020 or -32022
 */
export function eraOf(headers: IncomingHttpHeaders, message: Message): 'legacy' | 'modern' {
  const header = single(headers['mcp-protocol-version'])?.trim();
  const claimed =
    message.kind === 'response' ? undefined : stringAt(message.text, message.metaMembers.get(metaKey.protocolVersion));
  if (header !== undefined && claimed !== undefined && header !== claimed) {
    throw mismatch('The header MCP-Protocol-Version differs from the body.');
  }
  const modern =
    claimed !== undefined ? !legacyVersions.includes(claimed) : header !== undefined && claimsModern(header);
  if (!modern) {
    const opening = message.kind === 'request' && message.method === 'initialize';
    if (header !== undefined && !legacyVersions.includes(header) && !opening) throw unsupported(header);
    return 'legacy';
  }
  if (message.kind === 'response') throw invalid('Responses are not posted in this protocol version.');
  if (claimed === undefined) {
    if (header !== modernVersion) throw unsupported(header ?? '');
    throw invalid(`params._meta["${metaKey.protocolVersion}"] is missing.`);
  }
  if (header === undefined) throw mismatch('The header MCP-Protocol-Version is missing.');
  if (claimed !== modernVersion) throw unsupported(claimed);
  if (message.kind === 'request') {
    const capabilities = message.metaMembers.get(metaKey.clientCapabilities);
    if (capabilities === undefined || message.text[capabilities.start] !== '{') {
      throw invalid(`params._meta["${metaKey.clientCapabilities}"] must be an object.`);
    }
  }
  requireMirror(headers, message);
  return 'modern';
}

/** Methods whose target is mirrored in `Mcp-Name`, and the member it mirrors (streamable-http "Standard Headers"). */
const nameMember = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
]);

function requireMirror(headers: IncomingHttpHeaders, message: Exclude<Message, { kind: 'response' }>): void {
  const method = single(headers['mcp-method'])?.trim();
  if (method === undefined) throw mismatch('The header Mcp-Method is missing.');
  if (method !== message.method) throw mismatch('The header Mcp-Method differs from the body.');
  const target = nameMember.get(message.method);
  const name = target === undefined ? undefined : stringAt(message.text, message.paramMembers.get(target));
  if (name === undefined) return;
  const mirrored = single(headers['mcp-name'])?.trim();
  if (mirrored === undefined) throw mismatch('The header Mcp-Name is missing.');
  if (decoded(mirrored) !== name) throw mismatch('The header Mcp-Name differs from the body.');
}

const sentinel = /^=\?base64\?((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)\?=$/;

/** Undo the Base64 form of values that are not plain visible ASCII (streamable-http "Value Encoding"). */
function decoded(value: string): string {
  const [, base64] = sentinel.exec(value) ?? [];
  return base64 === undefined ? value : Buffer.from(base64, 'base64').toString('utf8');
}

/** Node joins repeated headers of these names with commas, which then match nothing. */
const single = (value: string | string[] | undefined): string | undefined =>
  typeof value === 'object' ? value.join(',') : value;

const mismatch = (message: string): Refusal => new Refusal(400, { code: rpcCode.headerMismatch, message });
const invalid = (message: string): Refusal => new Refusal(400, { code: rpcCode.invalidParams, message });
const unsupported = (requested: string): Refusal =>
  new Refusal(400, {
    code: rpcCode.unsupportedVersion,
    message: 'This protocol version is not supported.',
    data: { supported: supportedVersions, requested: requested.slice(0, 64) },
  });
