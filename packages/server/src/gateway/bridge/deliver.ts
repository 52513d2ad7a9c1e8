import { AppError } from '../../domain/errors.ts';
import { byteString } from '../../platform/byte-string.ts';
import type { ClientCapabilities } from '../client-capabilities.ts';
import type { GatewayDeps } from '../deps.ts';
import type { governedCall, Request } from '../governed-call.ts';
import type { Exchanged } from '../inbound.ts';
import type { Relay } from '../relay.ts';
import { AskFailed } from '../streams/asks.ts';
import type { CallTarget } from '../call-target.ts';
import { UpstreamFault } from '../upstreams/fault.ts';
import type { UpstreamAnswer } from '../upstreams/upstream.ts';
import { playOut } from './ask-client.ts';
import { canBeAsked } from './conversations.ts';
import { readInputRequired, requireDeclared, resultType, type InputRequired } from './input-required.ts';
import { finish } from './finish.ts';
import { retried } from './retried.ts';
import { bindingOf } from './request-state.ts';
import { tasksExtension } from './task-names.ts';

/** How an answer reaches its client. */
export interface Delivery {
  readonly relay: Relay;
  readonly capabilities: ClientCapabilities;
  /** What the upstream wants first, where its answer is `input_required`. */
  readonly required: InputRequired | undefined;
  readonly again: typeof governedCall;
}

/** Rounds of questions one call may take. */
const mostRounds = 8;
/** A state that its upstream has not bounded itself is worth something this long. */
const stateMs = 60 * 60_000;

/** Methods whose answer may ask for input (2026-07-28, mrtr). */
const mayAsk: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read']);

/**
 * An answer of a kind that was not offered could not be carried on, so it is none.
 * @returns what is asked for, where the answer is `input_required`
 * @throws UpstreamFault `protocol`
 */
export function requireOffered(
  call: Exchanged,
  capabilities: ClientCapabilities,
  method: string,
  answer: UpstreamAnswer,
): InputRequired | undefined {
  const type = resultType(answer);
  if (type === 'input_required' && mayAsk.has(method) && (call.era.kind === 'modern' || canBeAsked(call))) {
    return readInputRequired(answer);
  }
  if (type === 'input_required' || (type === 'task' && !capabilities.extensions.has(tasksExtension))) {
    throw new UpstreamFault('protocol', `an answer of type ${type} that was not offered`, { dispatched: true });
  }
  return undefined;
}

/**
 * Give the client its answer, or what the upstream wants to know before there is one.
 * @throws RpcError, AppError
 */
export function deliver(
  deps: GatewayDeps,
  request: Request,
  target: CallTarget,
  delivery: Delivery,
  answer: UpstreamAnswer,
): Promise<void> | void {
  const { capabilities, required } = delivery;
  if (required === undefined || request.call.era.kind === 'modern')
    return deliverAtOnce(deps, request, target, delivery, answer);
  requireDeclared(required.requests.values(), capabilities);
  return playOn(deps, request, target, required, delivery.again, answer.bytes.length);
}

/**
 * The same for an answer that is final, or a client that is asked by it.
 * @throws RpcError, AppError
 */
export function deliverAtOnce(
  deps: GatewayDeps,
  request: Request,
  target: CallTarget,
  { relay, capabilities, required }: Omit<Delivery, 'again'>,
  answer: UpstreamAnswer,
): void {
  if (required === undefined) return finish(deps, request, target, capabilities, relay, answer);
  requireDeclared(required.requests.values(), capabilities);
  const { approval } = request;
  const binding = bindingOf(request, target);
  if (required.state === undefined) {
    if (approval === undefined) return relay.answer(answer, undefined);
    // It goes on under its approval, which nothing else that the client brings back would say.
    const state = deps.states.seal({ kind: 'answers', approval }, binding, stateMs);
    const at = answer.result!.start + 1;
    return relay.answer(answer, [{ start: at, end: at, text: byteString(`"requestState":${JSON.stringify(state)},`) }]);
  }
  const { node, text } = required.state;
  const state = deps.states.seal({ kind: 'relayed', state: text, approval }, binding, stateMs);
  return relay.answer(answer, [{ start: node.start, end: node.end, text: byteString(JSON.stringify(state)) }]);
}

/** Ask a legacy client on its stream, and send the request once more with what it says. */
async function playOn(
  deps: GatewayDeps,
  { call, message, method, rounds, approval }: Request,
  target: CallTarget,
  { requests, state }: InputRequired,
  again: typeof governedCall,
  answerBytes: number,
): Promise<void> {
  if (rounds >= mostRounds) {
    throw new AppError('upstream_failed', `The server '${target.server.slug}' asks for input without end.`);
  }
  const { inbound } = call;
  const session = call.session!;
  const left = deps.waiting.enter(call.principal.tokenId, message.bytes.length + answerBytes);
  const withdrawn = new AbortController();
  const forget = session.running.add({ idText: message.idText, target, cancel: () => withdrawn.abort() });
  let inputResponses: string;
  try {
    inputResponses = await playOut({ session, inbound }, requests, withdrawn.signal);
  } catch (error) {
    // Nothing more is said about a call that was called off.
    if (error instanceof AskFailed) return deps.replies.empty(inbound, 202);
    throw error;
  } finally {
    left();
    forget();
  }
  const requestState = state === undefined ? {} : { requestState: JSON.stringify(state.text) };
  // People take their time: who may call what is judged as it is now.
  const caller = { ...deps.readmit(inbound), era: call.era, session };
  return again(deps, caller, retried(message, { inputResponses, ...requestState }), method, rounds + 1, approval);
}
