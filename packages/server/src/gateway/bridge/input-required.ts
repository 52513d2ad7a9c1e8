import { byteString, type ByteString } from '../../platform/byte-string.ts';
import { JsonRejected, member, scanJson, sourceText, stringValue, type JsonNode } from '../../platform/json/scan.ts';
import { UpstreamFault } from '../upstreams/fault.ts';
import { noCapabilities, type ClientCapabilities } from '../client-capabilities.ts';
import type { UpstreamAnswer } from '../upstreams/upstream.ts';
import { missingCapability, requires, type InputRequest } from './capabilities.ts';

/** An `InputRequiredResult` (2026-07-28, basic/patterns/mrtr): what the upstream wants before it goes on. */
export interface InputRequired {
  /** By the upstream's own keys, in its order. */
  readonly requests: ReadonlyMap<string, InputRequest>;
  /** What the upstream wants back with the answers, and where it stands in the answer. */
  readonly state: { readonly text: string; readonly node: JsonNode } | undefined;
}

/** Things asked at once. */
const mostRequests = 16;
/** Bytes of JSON text of an upstream's state: sealed, a longer one would be too long to come back. */
export const longestState = 64 * 1024;

const limits = { maxDepth: 64, maxElements: 50_000, maxKeys: 5_000, nodeDepth: 3, strict: true } as const;

/** Kind of a result; absent means `complete`. */
export const resultType = (answer: UpstreamAnswer): string | undefined =>
  stringValue(answer.bytes, member(answer.result, 'resultType'));

/**
 * Read an answer of type `input_required`.
 * @throws UpstreamFault `protocol` when it is not one that a client could follow
 */
export function readInputRequired(answer: UpstreamAnswer): InputRequired {
  const { bytes, result } = answer;
  const stateNode = member(result, 'requestState');
  const state = stringValue(bytes, stateNode);
  if (stateNode !== undefined && (state === undefined || Buffer.byteLength(JSON.stringify(state)) > longestState))
    throw unreadable();
  const requests = readRequests(bytes, member(result, 'inputRequests'));
  if (requests.size === 0 && state === undefined) throw unreadable();
  return { requests, state: stateNode === undefined ? undefined : { text: state!, node: stateNode } };
}

function readRequests(bytes: Buffer, node: JsonNode | undefined): Map<string, InputRequest> {
  const requests = new Map<string, InputRequest>();
  if (node === undefined) return requests;
  const text = bytes.subarray(node.start, node.end);
  let root: JsonNode;
  try {
    root = scanJson(text, limits);
  } catch (error) {
    if (error instanceof JsonRejected) throw unreadable();
    throw error;
  }
  if (root.kind !== 'object' || root.keys.length > mostRequests) throw unreadable();
  for (const [i, key] of root.keys.entries()) {
    const request = root.children[i]!;
    const method = stringValue(text, member(request, 'method'));
    const params = member(request, 'params');
    if (method === undefined || (params !== undefined && params.kind !== 'object')) throw unreadable();
    const wanted = { method, params: params === undefined ? '{}' : sourceText(text, params) };
    if (requires(wanted, noCapabilities).kind === 'unknown') throw unreadable();
    requests.set(key, wanted);
  }
  return requests;
}

/**
 * Make sure that the client declared everything it is asked for.
 * @throws RpcError -32021 naming all that is missing
 */
export function requireDeclared(requests: Iterable<InputRequest>, declared: ClientCapabilities): void {
  const missing: Record<string, unknown> = {};
  let lacks = false;
  for (const request of requests) {
    const verdict = requires(request, declared);
    // What no client can be asked was refused when it was read.
    if (verdict.kind === 'unknown') throw unreadable();
    if (verdict.kind === 'granted') continue;
    lacks = true;
    for (const [name, value] of Object.entries(verdict.missing)) {
      missing[name] = { ...(missing[name] as object | undefined), ...(value as object) };
    }
  }
  if (lacks) throw missingCapability(missing);
}

/** An `InputRequiredResult` of our own, as JSON text. */
export function inputRequired(requests: ReadonlyMap<string, InputRequest>, state: string): ByteString {
  const members = [...requests].map(
    ([key, { method, params }]) => `${JSON.stringify(key)}:{"method":${JSON.stringify(method)},"params":${params}}`,
  );
  return byteString(
    `{"resultType":"input_required","inputRequests":{${members.join(',')}},"requestState":${JSON.stringify(state)}}`,
  );
}

const unreadable = (): UpstreamFault =>
  new UpstreamFault('protocol', 'it asks for input in no form that a client could follow', { dispatched: true });
