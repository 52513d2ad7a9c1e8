import { byteString, bytes, bytesOf, type ByteString } from '../../platform/byte-string.ts';
import { rpcCode } from '../../domain/protocol.ts';
import { member, sourceText } from '../../platform/json/scan.ts';
import type { ClientSession } from '../client-session.ts';
import { acceptsStream, type Exchanged, type Inbound } from '../inbound.ts';
import type { Message } from '../message.ts';
import { invalidParams, RpcError } from '../rpc-error.ts';
import { AskFailed, type ClientReply } from '../streams/asks.ts';
import type { UpstreamAsk } from '../upstreams/conversation.ts';
import { requires, type InputRequest } from './capabilities.ts';
import type { Waiting } from './waiting.ts';

/** A request to ask on: its client hears the question on the stream of this very request. */
export interface Asker {
  readonly session: ClientSession;
  readonly inbound: Inbound;
}

/** People take their time; nobody waits for ever. */
const patienceMs = 10 * 60_000;

/** Legacy to legacy: what the upstream asks goes to the client as it came, and the reply back. */
function relayAsk(waiting: Waiting, { session, inbound }: Asker, asked: UpstreamAsk, requestBytes: number): void {
  const request = requestOf(asked);
  if (requires(request, session.capabilities).kind !== 'granted') return asked.respond(notDeclared);
  const ask = waiting.count(session.tokenId, asked, requestBytes);
  if (ask === undefined) return asked.respond(busy);
  const withdrawn = new AbortController();
  ask.onWithdrawn = () => withdrawn.abort();
  session
    .ask(inbound, request.method, byteString(request.params), { timeoutMs: patienceMs, signal: withdrawn.signal })
    .then(
      (reply) => ask.respond(bodyOf(reply)),
      () => ask.respond(noReply),
    );
}

/** What an upstream asks. */
export function requestOf({ message }: UpstreamAsk): InputRequest {
  const params = member(message.root, 'params');
  return { method: message.method!, params: params === undefined ? '{}' : sourceText(message.bytes, params) };
}

/** How the client of this request hears questions while it runs; undefined: not at all. */
export function asker(
  waiting: Waiting,
  { session, inbound }: Exchanged,
  { bytes: sent }: Message,
): ((ask: UpstreamAsk) => void) | undefined {
  if (session === undefined || !acceptsStream(inbound.head)) return undefined;
  return (ask) => relayAsk(waiting, { session, inbound }, ask, sent.length);
}

/** Answers to questions that no client is asked. */
export const notDeclared = byteString(
  `"error":${JSON.stringify({ code: rpcCode.methodNotFound, message: 'The client did not declare this capability.' })}`,
);
export const busy = byteString(
  `"error":${JSON.stringify({ code: rpcCode.internalError, message: 'Too many calls wait for input.' })}`,
);
const noReply = byteString(
  `"error":${JSON.stringify({ code: rpcCode.internalError, message: 'The client did not answer.' })}`,
);

function bodyOf({ bytes: said, result, error }: ClientReply): ByteString {
  const node = result ?? error;
  if (node === undefined) return noReply;
  const value = bytesOf(said.subarray(node.start, node.end));
  return result === undefined ? bytes`"error":${value}` : bytes`"result":${value}`;
}

/**
 * Legacy to modern: play an `input_required` out to a client that knows requests from the server alone, all questions
 * at once.
 * @param signal withdraws them
 * @returns JSON text of `inputResponses`
 * @throws AskFailed when the call was called off; RpcError when the client does not or will not answer
 */
export async function playOut(
  { session, inbound }: Asker,
  requests: ReadonlyMap<string, InputRequest>,
  signal: AbortSignal,
): Promise<string> {
  const ended = new AbortController();
  const options = { timeoutMs: patienceMs, signal: AbortSignal.any([signal, ended.signal]) };
  try {
    const members = [...requests].map(async ([key, request]) => {
      const reply = await session.ask(inbound, request.method, byteString(legacyParams(request)), options);
      return `${JSON.stringify(key)}:${resultOf(request, reply)}`;
    });
    return `{${(await Promise.all(members)).join(',')}}`;
  } catch (error) {
    if (!(error instanceof AskFailed) || error.fault === 'withdrawn') throw error;
    throw new RpcError(200, 408, 'The client did not answer what the server asked, so the call did not go on.');
  } finally {
    // When one question has no answer, the others are in vain.
    ended.abort();
  }
}

/** Older clients tell links apart by an id; nothing is ever announced about it (2025-11-25, elicitation "URL Mode"). */
function legacyParams({ method, params }: InputRequest): string {
  if (method !== 'elicitation/create' || !/"mode"\s*:\s*"url"/.test(params) || params.includes('"elicitationId"'))
    return params;
  return `{"elicitationId":"${crypto.randomUUID()}",${params.slice(params.indexOf('{') + 1)}`;
}

function resultOf({ method }: InputRequest, { bytes: said, result }: ClientReply): string {
  if (result !== undefined) return sourceText(said, result);
  // A form that failed to open was not filled in.
  if (method === 'elicitation/create') return '{"action":"cancel"}';
  throw invalidParams(`The client answered "${method}" with an error, so the call did not go on.`);
}
