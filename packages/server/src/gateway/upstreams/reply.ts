import {
  JsonRejected,
  member,
  scanJson,
  sourceText,
  stringValue,
  type JsonNode,
  type ScanLimits,
} from '../../platform/json/scan.ts';
import { UpstreamFault } from './fault.ts';

/** One JSON-RPC message from an upstream, scanned. */
export interface UpstreamMessage {
  readonly bytes: Buffer;
  readonly root: JsonNode;
  readonly kind: 'response' | 'request' | 'notification';
  readonly method: string | undefined;
  readonly id: JsonNode | undefined;
}

/** An answer that carries the id it was asked with, and exactly one of result and error. */
export interface UpstreamReply {
  readonly bytes: Buffer;
  readonly id: JsonNode;
  readonly result: JsonNode | undefined;
  readonly error: JsonNode | undefined;
}

/** Bounds of an answer; its bytes are bounded before. Only the envelope and one level of the result are kept. */
const answerLimits: ScanLimits = {
  maxDepth: 256,
  maxElements: 2_000_000,
  maxKeys: 100_000,
  nodeDepth: 3,
  strict: false,
};

/** @throws UpstreamFault `protocol` when the bytes are not a JSON-RPC message */
export function readMessage(bytes: Buffer, limits: ScanLimits = answerLimits): UpstreamMessage {
  let root: JsonNode;
  try {
    root = scanJson(bytes, limits);
  } catch (error) {
    if (!(error instanceof JsonRejected)) throw error;
    throw new UpstreamFault('protocol', error.message, { dispatched: true });
  }
  if (root.kind !== 'object' || repeats(root.keys)) {
    throw new UpstreamFault('protocol', 'not a JSON-RPC message', { dispatched: true });
  }
  const method = stringValue(bytes, member(root, 'method'));
  const id = member(root, 'id');
  const kind = method === undefined ? 'response' : id === undefined ? 'notification' : 'request';
  return { bytes, root, kind, method, id };
}

/**
 * Accept a message as the answer to the request with this id. The id must match in value and type: anything else on
 * the connection belongs to nobody.
 * @throws UpstreamFault `protocol`
 */
export function asReply(message: UpstreamMessage, id: string): UpstreamReply {
  const { bytes, root } = message;
  if (message.kind !== 'response' || message.id === undefined || stringValue(bytes, message.id) !== id) {
    throw new UpstreamFault('protocol', 'an answer to something else', { dispatched: true });
  }
  const result = member(root, 'result');
  const error = member(root, 'error');
  if ((result === undefined) === (error === undefined)) {
    throw new UpstreamFault('protocol', 'both or neither of result and error', { dispatched: true });
  }
  const answer = (result ?? error)!;
  // Two members of one name could show the client another outcome than the one that is recorded.
  if (answer.kind !== 'object' || repeats(answer.keys))
    throw new UpstreamFault('protocol', 'not an unambiguous object', { dispatched: true });
  return { bytes, id: message.id, result, error };
}

function repeats(names: readonly string[]): boolean {
  if (names.length > 8) return new Set(names).size !== names.length;
  return names.some((name, index) => names.indexOf(name) !== index);
}

const longestIdBytes = 258;

/** Whether an upstream's own request may be answered: its id goes back as it came, so it is a short string or number. */
export const isRequestId = ({ kind, start, end }: JsonNode): boolean =>
  (kind === 'string' || kind === 'number') && end - start <= longestIdBytes;

/** The code of an error answer, where it is an integer. */
export function errorCode(reply: UpstreamReply): number | undefined {
  const node = member(reply.error, 'code');
  if (node?.kind !== 'number') return undefined;
  const code = Number(sourceText(reply.bytes, node));
  return Number.isInteger(code) ? code : undefined;
}

/** The members of a small answer as plain values (handshakes; never tool results). */
export const resultValue = (reply: UpstreamReply): unknown =>
  reply.result === undefined ? undefined : JSON.parse(sourceText(reply.bytes, reply.result));
