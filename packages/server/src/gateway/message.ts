import {
  JsonRejected,
  member,
  scanJson,
  sourceText,
  stringValue,
  type JsonNode,
  type ScanLimits,
} from '../platform/json/scan.ts';
import { invalidParams, invalidRequest, parseError } from './rpc-error.ts';

/** One JSON-RPC message from a client, checked, with the spans of what the gateway needs. */
export interface Message {
  readonly bytes: Buffer;
  readonly kind: 'request' | 'notification' | 'response';
  /** Source text of the id, echoed as it came; `null` for messages without one. */
  readonly idText: string;
  readonly method: string;
  readonly params: JsonNode | undefined;
  /** `params._meta` where it is an object. */
  readonly meta: JsonNode | undefined;
  /** The whole of a response; undefined for what is none. */
  readonly body: JsonNode | undefined;
}

/** What a client message may cost before anything is known about it (security rule R8). */
export const clientLimits: ScanLimits = {
  maxDepth: 64,
  maxElements: 50_000,
  maxKeys: 5_000,
  nodeDepth: 64,
  strict: true,
};

const integer = /^-?(?:0|[1-9][0-9]*)$/;
const envelopeKeys = ['jsonrpc', 'id', 'method', 'params', 'result', 'error'];
const paramKeys = ['name', 'arguments', '_meta', 'cursor', 'uri', 'inputResponses', 'requestState', 'ref', 'argument'];

/**
 * Read one message. The errors it throws are complete answers: malformed JSON, batches, ids of a forbidden kind and
 * names that a case-insensitive parser downstream would take for another member.
 * @throws RpcError
 */
export function readMessage(bytes: Buffer): Message {
  let root: JsonNode;
  try {
    root = scanJson(bytes, clientLimits);
  } catch (error) {
    if (!(error instanceof JsonRejected)) throw error;
    const isJson = error.fault !== 'malformed' && error.fault !== 'not_utf8';
    throw isJson ? invalidRequest(error.message) : parseError(`Parse error: ${error.message}`);
  }
  if (root.kind === 'array') throw invalidRequest('Batches are not supported; send one message per request.');
  if (root.kind !== 'object') throw invalidRequest('A JSON-RPC message is an object.');
  refuseLookAlikes(root, envelopeKeys);

  const id = member(root, 'id');
  const idText = id === undefined ? 'null' : readId(bytes, id);
  if (stringValue(bytes, member(root, 'jsonrpc')) !== '2.0')
    throw withId(invalidRequest('"jsonrpc" must be "2.0".'), idText);
  const params = member(root, 'params');
  const method = member(root, 'method');
  if (method === undefined) {
    const isResponse = member(root, 'result') !== undefined || member(root, 'error') !== undefined;
    if (!isResponse) throw withId(invalidRequest('"method" is missing.'), idText);
    return { bytes, kind: 'response', idText, method: '', params: undefined, meta: undefined, body: root };
  }
  const name = stringValue(bytes, method);
  if (name === undefined) throw withId(invalidRequest('"method" must be a string.'), idText);
  if (params !== undefined && params.kind !== 'object')
    throw withId(invalidParams('"params" must be an object.'), idText);
  if (params !== undefined) refuseLookAlikes(params, paramKeys);
  const meta = member(params, '_meta');
  if (meta !== undefined && meta.kind !== 'object')
    throw withId(invalidParams('"params._meta" must be an object.'), idText);
  return {
    bytes,
    kind: id === undefined ? 'notification' : 'request',
    idText,
    method: name,
    params,
    meta,
    body: undefined,
  };
}

/** Errors thrown while reading a message know the id it came with; the reply must echo it. */
const idsOfErrors = new WeakMap<object, string>();

function withId<T extends object>(error: T, idText: string): T {
  idsOfErrors.set(error, idText);
  return error;
}

/** The id to echo with an error thrown by `readMessage`; `null` where none could be read. */
export const idOf = (error: unknown): string =>
  (typeof error === 'object' && error !== null ? idsOfErrors.get(error) : undefined) ?? 'null';

function readId(bytes: Buffer, id: JsonNode): string {
  const text = sourceText(bytes, id);
  if (id.kind === 'string') {
    if (text.length <= 256) return text;
  } else if (id.kind === 'number' && text.length <= 32 && integer.test(text)) return text;
  throw invalidRequest('"id" must be a string or an integer.');
}

/**
 * Some JSON libraries match member names without regard to case, so `Name` next to `name` would let the call that is
 * judged differ from the call that is run.
 * @throws RpcError -32600
 */
export function refuseLookAlikes(node: JsonNode, names: readonly string[]): void {
  for (const key of node.keys) {
    if (names.includes(key)) continue;
    const folded = key.toUpperCase().toLowerCase();
    if (names.some((name) => name.toLowerCase() === folded)) {
      throw invalidRequest(`The member name ${JSON.stringify(key.slice(0, 32))} is too like "${folded.slice(0, 32)}".`);
    }
  }
}
