import { byteString } from '../../platform/byte-string.ts';
import {
  JsonRejected,
  member,
  scanJson,
  sourceText,
  stringValue,
  type JsonNode,
  type ScanLimits,
} from '../../platform/json/scan.ts';
import type { BridgeFault } from './fault.ts';

/** One JSON-RPC message, either way, as the bytes it came in and what of it decides where it goes. */
export interface Message {
  readonly bytes: Buffer;
  readonly root: JsonNode;
  readonly kind: 'request' | 'notification' | 'response';
  /** Undefined for a notification, and for the answer to something whose id could not be read. */
  readonly id: MessageId | undefined;
  /** Empty for a response. */
  readonly method: string;
  readonly params: JsonNode | undefined;
}

export interface MessageId {
  /** As it stands in the message. */
  readonly text: string;
  /** The same for two spellings of one id, and different for `1` and `"1"`. */
  readonly key: string;
}

/** Longest message, either way, in bytes: what the gateway may answer with, and far more than it takes. */
export const maxMessageBytes = 64 * 1024 * 1024;

/** Both ends are known and the gateway judges what it is sent: this only keeps the scan from running away. */
const limits: Omit<ScanLimits, 'nodeDepth'> = {
  maxDepth: 512,
  maxElements: 5_000_000,
  maxKeys: 1_000_000,
  strict: false,
};

/** How deep each side's messages are looked into: arguments may be mirrored in headers, of answers only the head counts. */
const nodeDepth = { client: 16, gateway: 3 } as const;

/**
 * Read one message.
 * @throws JsonRejected when it is not JSON, or no JSON-RPC message
 */
export function readMessage(bytes: Buffer, from: 'client' | 'gateway'): Message {
  const root = scanJson(bytes, { ...limits, nodeDepth: nodeDepth[from] });
  if (root.kind === 'array') throw new JsonRejected('malformed', 'Batches are not supported; send one message a line.');
  if (root.kind !== 'object') throw new JsonRejected('malformed', 'A JSON-RPC message is an object.');
  const id = readId(bytes, member(root, 'id'));
  const method = stringValue(bytes, member(root, 'method'));
  const params = member(root, 'params');
  if (method !== undefined) {
    return { bytes, root, kind: id === undefined ? 'notification' : 'request', id, method, params };
  }
  if (member(root, 'result') === undefined && member(root, 'error') === undefined)
    throw new JsonRejected('malformed', 'The message is neither a request, a notification nor a response.');
  return { bytes, root, kind: 'response', id, method: '', params: undefined };
}

/** The id in a node; undefined where it is none. */
export function readId(bytes: Buffer, node: JsonNode | undefined): MessageId | undefined {
  if (node?.kind === 'number') {
    const text = sourceText(bytes, node);
    return { text, key: text };
  }
  const value = stringValue(bytes, node);
  return value === undefined ? undefined : { text: sourceText(bytes, node!), key: JSON.stringify(value) };
}

/** A value as JavaScript has it, for what is looked at and never passed on; undefined where the scan was too lenient. */
export function parsedValue(message: Message, node: JsonNode): unknown {
  try {
    return JSON.parse(message.bytes.toString('utf8', node.start, node.end));
  } catch {
    return undefined;
  }
}

/** An error answer of our own. */
export function errorMessage(id: MessageId | undefined, fault: BridgeFault): Buffer {
  const error = { code: fault.code, message: fault.message, data: fault.data };
  return Buffer.from(`{"jsonrpc":"2.0","id":${id?.text ?? 'null'},"error":${JSON.stringify(error)}}`);
}

/** The same answer under the id of the request it is about; untouched where it has that id already. */
export function answerUnder(id: MessageId, answer: Message): Buffer {
  if (answer.id?.key === id.key) return answer.bytes;
  const error = member(answer.root, 'error')!;
  const text = byteString(`{"jsonrpc":"2.0","id":${id.text},"error":`);
  return Buffer.concat([Buffer.from(text, 'latin1'), answer.bytes.subarray(error.start, error.end), Buffer.from('}')]);
}

/** Code of an answer's error; undefined for a result. */
export function errorCode(answer: Message): number | undefined {
  const code = member(member(answer.root, 'error'), 'code');
  return code?.kind === 'number' ? Number(sourceText(answer.bytes, code)) : undefined;
}
