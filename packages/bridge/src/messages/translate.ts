import { ownMeta } from '../stdio/handshake.ts';
import { ascii, bytes, cut, splice, type ByteString, type Edit } from './byte-string.ts';
import { membersOf } from './json-members.ts';
import { edit, readMessage, type RequestMessage, type ResponseMessage } from './message.ts';
import { json, metaKey, rpcCode } from './protocol.ts';

/** `_meta` keys that describe a request of the modern generation to whoever answers it. */
const describing: ReadonlySet<string> = new Set([
  metaKey.protocolVersion,
  metaKey.clientCapabilities,
  metaKey.clientInfo,
  metaKey.logLevel,
]);

const ownMembers = Object.entries(ownMeta).map(([key, value]) => bytes`${json(key)}:${json(value)}`);

/** A modern client's request for a legacy child: the keys that describe it are taken out of `_meta`. */
export const forLegacyChild = (message: RequestMessage): RequestMessage =>
  [...message.metaMembers.keys()].some((key) => describing.has(key)) ? withMeta(message, []) : message;

/** A legacy client's request for a modern child: described as one of a client that can do nothing special. */
export const forModernChild = (message: RequestMessage): RequestMessage => withMeta(message, ownMembers);

function withMeta(message: RequestMessage, own: readonly ByteString[]): RequestMessage {
  const { text, params, paramMembers, metaMembers } = message;
  const others = [...metaMembers].filter(([key]) => !describing.has(key));
  const meta = bytes`{${listed([...own, ...others.map(([key, at]) => bytes`${json(key)}:${cut(text, at)}`)])}}`;
  const present = paramMembers.get('_meta');
  let change: Edit;
  if (present !== undefined) change = edit(present, meta);
  else if (params !== undefined) change = firstMembers(params.start, [bytes`"_meta":${meta}`], paramMembers.size > 0);
  else change = { start: message.id.end, end: message.id.end, text: bytes`,"params":{"_meta":${meta}}` };
  return readMessage(splice(text, [change])) as RequestMessage;
}

/** Methods whose modern results say how long they may be kept. */
const cacheable = new Set([
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'resources/read',
]);

/**
 * The answer of a legacy child in the form a modern client expects: `resultType`, the caching hints and `serverInfo`
 * are added where they are missing, and "resource not found" has its modern code. Everything else is as it came.
 * @returns the whole response, the id not yet restored
 */
export function forModernClient(answer: ResponseMessage, method: string, serverInfo: unknown): ResponseMessage {
  const { text, result, error } = answer;
  if (error !== undefined) {
    const code = membersOf(text, error.start, 'last')?.get('code');
    if (code === undefined || cut(text, code) !== '-32002') return answer;
    return reread(answer, [edit(code, ascii(String(rpcCode.invalidParams)))]);
  }
  const members = membersOf(text, result!.start, 'last');
  if (members === undefined) return answer;
  const added: ByteString[] = [];
  if (!members.has('resultType')) added.push(ascii('"resultType":"complete"'));
  if (cacheable.has(method) && !members.has('ttlMs')) added.push(ascii('"ttlMs":0'));
  if (cacheable.has(method) && !members.has('cacheScope')) added.push(ascii('"cacheScope":"private"'));
  const info = bytes`${json(metaKey.serverInfo)}:${json(serverInfo)}`;
  const edits: Edit[] = [];
  const meta = members.get('_meta');
  const metaMembers = meta === undefined ? undefined : membersOf(text, meta.start, 'last');
  if (meta === undefined) added.push(bytes`"_meta":{${info}}`);
  else if (metaMembers !== undefined && !metaMembers.has(metaKey.serverInfo)) {
    edits.push(firstMembers(meta.start, [info], metaMembers.size > 0));
  }
  if (added.length > 0) edits.push(firstMembers(result!.start, added, members.size > 0));
  return reread(answer, edits);
}

const reread = (answer: ResponseMessage, edits: readonly Edit[]): ResponseMessage =>
  edits.length === 0 ? answer : (readMessage(splice(answer.text, edits)) as ResponseMessage);

const listed = (members: readonly ByteString[]): ByteString => members.join(',') as ByteString;

/** Puts members in front of those an object has. */
const firstMembers = (brace: number, members: readonly ByteString[], more: boolean): Edit => ({
  start: brace + 1,
  end: brace + 1,
  text: more ? bytes`${listed(members)},` : listed(members),
});
