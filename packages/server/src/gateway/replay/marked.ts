import { metaKey } from '../../domain/protocol.ts';
import { byteString, bytesOf } from '../../platform/byte-string.ts';
import { member, stringValue, type JsonNode } from '../../platform/json/scan.ts';
import { splice, type Edit } from '../../platform/json/splice.ts';
import { asReply, readMessage } from '../upstreams/reply.ts';
import type { UpstreamAnswer } from '../upstreams/upstream.ts';

/**
 * An answer as a repeat gets it: marked in `_meta` of a result, in `data` of an error, with the call that got it and
 * when; otherwise byte for byte.
 * @param bytes a whole answer that was accepted before
 */
export function markedAnswer(bytes: Buffer, first: { readonly callId: string; readonly at: string }): UpstreamAnswer {
  const message = readMessage(bytes);
  const body = member(message.root, 'result') ?? member(message.root, 'error');
  const holder = member(message.root, 'result') === undefined ? 'data' : '_meta';
  const mark = `"${metaKey.repeat}":${JSON.stringify({ first: first.callId, at: first.at })}`;
  const edit = body === undefined ? undefined : insertion(bytes, body, holder, mark);
  const id = message.id === undefined ? undefined : stringValue(bytes, message.id);
  const marked = edit === undefined ? bytes : Buffer.from(splice(bytesOf(bytes), [edit]), 'latin1');
  return asReply(readMessage(marked), id ?? '');
}

/** Where the mark goes; undefined where an error's data is something that cannot hold it. */
function insertion(bytes: Buffer, body: JsonNode, holder: '_meta' | 'data', mark: string): Edit | undefined {
  const node = member(body, holder);
  if (node === undefined) return atEnd(bytes, body, `"${holder}":{${mark}}`);
  if (node.kind === 'object') return atEnd(bytes, node, mark);
  return holder === 'data' ? undefined : { start: node.start, end: node.end, text: byteString(`{${mark}}`) };
}

/** One more member at the end of an object: of two of one name the last counts. */
function atEnd(bytes: Buffer, object: JsonNode, text: string): Edit {
  const at = object.end - 1;
  const empty = /^\{\s*$/.test(bytes.toString('latin1', Math.max(object.start, at - 64), at));
  return { start: at, end: at, text: byteString(empty ? text : `,${text}`) };
}
