import { metaKey, type LogLevel } from '../domain/protocol.ts';
import { quoted } from '../platform/json/quoted.ts';
import { sourceText, type JsonNode } from '../platform/json/scan.ts';
import { byteString, bytesOf, type ByteString } from '../platform/byte-string.ts';
import { splice, type Edit } from '../platform/json/splice.ts';
import type { Message } from './message.ts';
import { metaDeclaring, ownMeta } from './upstreams/handshake.ts';

/**
 * `_meta` keys that speak of one hop only: the next hop's are written anew. Baggage (W3C, by way of SEP-414) is what
 * the caller's own systems tell each other, secrets perhaps included, and no rule has said that a server may see it.
 */
const hopKeys: ReadonlySet<string> = new Set([
  metaKey.protocolVersion,
  metaKey.clientCapabilities,
  metaKey.clientInfo,
  metaKey.logLevel,
  'baggage',
]);

const ownMetaMembers = ownMeta.slice(1, -1);

export interface ParamsTarget {
  readonly modern: boolean;
  /** Stands in for the caller's progress token, which may collide with another caller's. */
  readonly id: string;
  /** Client capabilities to declare to a modern upstream: JSON text of an object. */
  readonly capabilities: string;
  /** What a modern upstream is told to log; undefined = nothing. */
  readonly logLevel: LogLevel | undefined;
}

/**
 * Write a call's params for its upstream: the target under the upstream's own name, `_meta` of the right generation,
 * everything else byte for byte. Safe to splice because the message was scanned and has no duplicate names.
 *
 * @param nameNode where the caller's name of the target stands among the params; undefined: nowhere
 * @param name the upstream's own
 */
export function callParams(
  message: Message,
  nameNode: JsonNode | undefined,
  name: string,
  target: ParamsTarget,
): ByteString {
  const { bytes, meta, params } = message;
  if (params === undefined) return byteString(target.modern ? `{"_meta":{${ownMembers(target)}}}` : '{}');
  const edits: Edit[] = [];
  if (nameNode !== undefined) {
    edits.push({ start: nameNode.start, end: nameNode.end, text: byteString(quoted(name)) });
  }
  if (meta !== undefined) {
    const described = { start: meta.start, end: meta.end, text: byteString(metaText(bytes, meta, target)) };
    if (nameNode !== undefined && meta.start < nameNode.start) edits.unshift(described);
    else edits.push(described);
  } else if (target.modern) {
    const at = params.start + 1;
    const comma = params.keys.length > 0 ? ',' : '';
    edits.unshift({ start: at, end: at, text: byteString(`"_meta":{${ownMembers(target)}}${comma}`) });
  }
  return splice(bytesOf(bytes), edits, params.start, params.end);
}

function metaText(bytes: Buffer, meta: JsonNode, target: ParamsTarget): string {
  const members = target.modern ? [ownMembers(target)] : [];
  for (const [i, key] of meta.keys.entries()) {
    if (key === metaKey.progressToken) members.push(`"progressToken":"${target.id}"`);
    else if (!hopKeys.has(key)) members.push(memberText(bytes, key, meta.children[i]!));
  }
  return `{${members.join(',')}}`;
}

function ownMembers({ capabilities, logLevel }: ParamsTarget): string {
  const members = capabilities === '{}' ? ownMetaMembers : metaDeclaring(capabilities).slice(1, -1);
  return logLevel === undefined ? members : `${members},"${metaKey.logLevel}":"${logLevel}"`;
}

/** A member as it came, its name in our own escaping. */
export const memberText = (bytes: Buffer, key: string, value: JsonNode): string =>
  `${JSON.stringify(key)}:${sourceText(bytes, value)}`;
