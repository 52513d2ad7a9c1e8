import { cut, splice, textOf, type ByteString, type Edit, type Span } from './byte-string.ts';
import { DuplicateMember, membersOf } from './json-members.ts';

interface Envelope {
  /** The whole message on one line. */
  readonly text: ByteString;
  readonly params: Span | undefined;
  /** The members of `params`, where it is an object. */
  readonly paramMembers: ReadonlyMap<string, Span>;
  /** The members of `params._meta`, where it is an object. */
  readonly metaMembers: ReadonlyMap<string, Span>;
}

export interface RequestMessage extends Envelope {
  readonly kind: 'request';
  readonly id: Span;
  readonly method: string;
}

export interface NotificationMessage extends Envelope {
  readonly kind: 'notification';
  readonly method: string;
}

export interface ResponseMessage {
  readonly kind: 'response';
  readonly text: ByteString;
  readonly id: Span;
  /** The result or the error; exactly one of them is there. */
  readonly result: Span | undefined;
  readonly error: Span | undefined;
}

/** One JSON-RPC 2.0 message and where in its text the parts stand that a bridge must know. */
export type Message = RequestMessage | NotificationMessage | ResponseMessage;

/** Why a text is no message. `isJson` parts -32700 from -32600; the id, where one could be read, is for the reply. */
export class MessageRejected extends Error {
  override readonly name = 'MessageRejected';
  readonly isJson: boolean;
  readonly idText: ByteString | undefined;

  constructor(message: string, isJson: boolean, idText?: ByteString) {
    super(message);
    this.isJson = isJson;
    this.idText = idText;
  }
}

const none: ReadonlyMap<string, Span> = new Map();
const integer = /^-?(?:0|[1-9][0-9]{0,30})$/;
const longestId = 256;

/**
 * Read one message. Only the envelope, `params` and `params._meta` are looked into; their member names are unique
 * afterwards, so that splicing cannot be misread. The text is put on one line, the form stdio and event streams need.
 * @throws MessageRejected
 */
export function readMessage(source: ByteString): Message {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    throw new MessageRejected('The text is not JSON.', false);
  }
  if (Array.isArray(value)) throw new MessageRejected('Batches are not supported; send one message at a time.', true);
  if (typeof value !== 'object' || value === null) throw new MessageRejected('A JSON-RPC message is an object.', true);
  // Line breaks in valid JSON can only stand between tokens.
  const text = (/[\r\n]/.test(source) ? source.replace(/[\r\n]/g, ' ') : source) as ByteString;
  try {
    return classify(text, membersOf(text) ?? none);
  } catch (error) {
    if (error instanceof DuplicateMember) throw new MessageRejected(error.message, true);
    throw error;
  }
}

function classify(text: ByteString, members: ReadonlyMap<string, Span>): Message {
  const id = members.get('id');
  const idText = id === undefined ? undefined : readId(text, id);
  const refuse = (why: string): never => {
    throw new MessageRejected(why, true, idText);
  };
  if (stringAt(text, members.get('jsonrpc')) !== '2.0') refuse('"jsonrpc" must be "2.0".');
  const method = members.get('method');
  if (method === undefined) {
    const result = members.get('result');
    const error = members.get('error');
    if (id === undefined || (result === undefined) === (error === undefined)) return refuse('"method" is missing.');
    return { kind: 'response', text, id, result, error };
  }
  const name = stringAt(text, method) ?? refuse('"method" must be a string.');
  const params = members.get('params');
  const paramMembers = params === undefined ? none : membersOf(text, params.start);
  if (paramMembers === undefined) return refuse('"params" must be an object.');
  const meta = paramMembers.get('_meta');
  const metaMembers = meta === undefined ? none : membersOf(text, meta.start);
  if (metaMembers === undefined) return refuse('"params._meta" must be an object.');
  const envelope = { text, method: name, params, paramMembers, metaMembers };
  return id === undefined ? { kind: 'notification', ...envelope } : { kind: 'request', id, ...envelope };
}

function readId(text: ByteString, span: Span): ByteString {
  const id = cut(text, span);
  const legal = id.startsWith('"') ? id.length <= longestId : integer.test(id);
  if (!legal) throw new MessageRejected('"id" must be a string or an integer.', true);
  return id;
}

/** The string that stands at a span, escapes resolved; undefined for anything else. */
export function stringAt(text: ByteString, span: Span | undefined): string | undefined {
  if (span === undefined || text[span.start] !== '"') return undefined;
  return JSON.parse(textOf(cut(text, span))) as string;
}

/** What tells one id from another: `1`, `"1"` and `"2"` differ, `"a"` and `"\u0061"` do not. */
export function idKey(text: ByteString, span: Span): string {
  const asString = stringAt(text, span);
  return asString === undefined ? cut(text, span) : `"${asString}`;
}

/** The message under another id; everything else as it came. */
export const withId = (message: RequestMessage | ResponseMessage, id: ByteString): ByteString =>
  splice(message.text, [edit(message.id, id)]);

/** Put a text where a span is. */
export const edit = ({ start, end }: Span, text: ByteString): Edit => ({ start, end, text });
