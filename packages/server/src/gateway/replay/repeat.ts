import type { Decision } from '../../domain/policy.ts';
import { rpcCode } from '../../domain/protocol.ts';
import { isoTime } from '../../platform/clock.ts';
import { takeInFlight } from '../budget.ts';
import { capabilitiesOf } from '../bridge/conversations.ts';
import { deliver, requireOffered } from '../bridge/deliver.ts';
import type { CallTarget } from '../call-target.ts';
import type { GatewayDeps } from '../deps.ts';
import type { governedCall, Request } from '../governed-call.ts';
import { Relay } from '../relay.ts';
import { RpcError } from '../rpc-error.ts';
import { faultError, UpstreamFault } from '../upstreams/fault.ts';
import { markedAnswer } from './marked.ts';
import type { Ended, FirstCall } from './replay-memory.ts';

/** A repeat waits at most this long for the call that came first. */
const longestWaitMs = 60_000;

/**
 * Answer a repeat with what the first call got. Nothing is sent; the row of its own says so.
 * @throws RpcError, AppError: rendered by the caller
 */
export async function answerRepeat(
  deps: GatewayDeps,
  request: Request,
  target: CallTarget,
  decision: Extract<Decision, { effect: 'allow' }>,
  first: FirstCall,
  again: typeof governedCall,
): Promise<void> {
  const { call, record } = request;
  // Who waits holds up something, if only here, and a legacy client may yet be asked and its call sent on.
  const holds = first.ended === undefined || call.era.kind !== 'modern';
  const leave = holds ? takeInFlight(deps, call, record) : undefined;
  try {
    await answerWith(deps, request, target, decision, first, again);
  } finally {
    leave?.();
  }
}

async function answerWith(
  deps: GatewayDeps,
  request: Request,
  target: CallTarget,
  decision: Extract<Decision, { effect: 'allow' }>,
  first: FirstCall,
  again: typeof governedCall,
): Promise<void> {
  const { method, call, message, asked, record } = request;
  method.describe(record, message, asked, target);
  record.written(await record.intent(decision.rule, decision.wouldDeny));
  const ended = await first.wait(Math.min(target.server.limits.deadlineMs, longestWaitMs));
  if (ended?.kind !== 'answered') {
    record.repeated(undefined);
    throw noResult(first, ended, target.server.slug);
  }
  record.repeated(ended.bytes.length);
  const answer = markedAnswer(ended.bytes, { callId: first.callId, at: isoTime(first.at) });
  const capabilities = capabilitiesOf(call, message);
  const relay = new Relay(deps.replies, call, message);
  try {
    const required = requireOffered(call, capabilities, method.method, answer);
    await deliver(deps, request, target, { relay, capabilities, again, required }, answer);
  } catch (error) {
    throw error instanceof UpstreamFault ? faultError(error, target.server.slug) : error;
  }
}

/** Why a repeat gets no result. */
function noResult(first: FirstCall, ended: Ended | undefined, slug: string): unknown {
  if (ended?.kind === 'failed') {
    return ended.error instanceof UpstreamFault ? faultError(ended.error, slug) : ended.error;
  }
  const at = isoTime(first.at);
  const state = ended === undefined ? 'running' : ended.kind === 'unknown' ? 'unknown' : 'done';
  const repeat = { first: first.callId, at, state };
  const retry = state === 'running' ? { retryAfterMs: 1_000 } : {};
  return new RpcError(200, rpcCode.conflict, `${says[state]} (first call ${first.callId}, ${at}).`, {
    repeat,
    ...retry,
  });
}

const says = {
  running: 'This repeats a call that still runs. Repeat it again for its result',
  unknown:
    'This repeats a call whose outcome is unknown: it may have taken effect. Look before you call under another request id',
  done: 'This repeats a call that ran; its result is not kept. Look at what it did before you call under another request id',
} as const;
