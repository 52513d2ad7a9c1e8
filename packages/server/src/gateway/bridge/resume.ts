import { member, sourceText, stringValue } from '../../platform/json/scan.ts';
import type { ClientCapabilities } from '../client-capabilities.ts';
import type { GatewayDeps } from '../deps.ts';
import type { Admitted, Request } from '../governed-call.ts';
import { whenClosed } from '../inbound.ts';
import type { Message } from '../message.ts';
import { Relay } from '../relay.ts';
import { invalidParams, rpcStatus } from '../rpc-error.ts';
import type { CallTarget } from '../call-target.ts';
import { faultError, UpstreamFault } from '../upstreams/fault.ts';
import { capabilitiesOf } from './conversations.ts';
import { deliverAtOnce } from './deliver.ts';
import { inputRequired } from './input-required.ts';
import { parkedMs, type ParkedCall } from './parked-calls.ts';
import type { Ending } from './parking.ts';
import { bindingOf, invalidState, type CarriedState } from './request-state.ts';
import { retried } from './retried.ts';

/**
 * The state a modern request brings back.
 * @returns undefined when it brings none
 * @throws RpcError -32602 when it was made for anything else, with the row written
 */
export function carriedState(deps: GatewayDeps, request: Request, target: CallTarget): CarriedState | undefined {
  const { call, message, record } = request;
  const node = member(message.params, 'requestState');
  if (node === undefined || call.era.kind !== 'modern') return undefined;
  try {
    const text = stringValue(message.bytes, node);
    if (text === undefined) throw invalidState();
    return deps.states.open(text, bindingOf(request, target));
  } catch (error) {
    record.deny(400, 'invalid_state', 'request-state');
    throw error;
  }
}

/** The request with the upstream's own state where ours was; with none where ours only meant to come again or to wait. */
export function withoutSeal(request: Request, carried: Exclude<CarriedState, { kind: 'parked' }>): Request {
  const { message, method } = request;
  const responses = member(message.params, 'inputResponses');
  const ours = carried.kind === 'again' || carried.kind === 'waiting';
  const plain = retried(message, {
    ...(responses === undefined || ours ? {} : { inputResponses: sourceText(message.bytes, responses) }),
    ...(carried.kind === 'relayed' ? { requestState: JSON.stringify(carried.state) } : {}),
  });
  const sent = { ...request, message: plain, asked: method.read(plain), approval: carried.approval };
  if (carried.kind !== 'waiting') return sent;
  const action = member(member(responses, 'approval'), 'action');
  const declined = action === undefined || stringValue(message.bytes, action) !== 'accept';
  return { ...sent, waited: { asked: carried.asked, declined } };
}

/**
 * A client comes back to its parked call: hand its answers on and wait for what comes next. That it came back is an act
 * with a row of its own; what is sent upstream belongs to the call and its row.
 * @throws RpcError, AppError
 */
export async function resume(
  deps: GatewayDeps,
  request: Request,
  target: CallTarget,
  { rule, wouldDeny }: Admitted['decision'],
  id: string,
): Promise<void> {
  const { call, message, asked, method, record } = request;
  const parked = deps.parked.find(id);
  if (parked === undefined) {
    record.deny(404, 'invalid_state', 'request-state');
    throw invalidParams(
      'The call that asked for this input has ended; whether it took effect is unknown. Call again without "params.requestState".',
    );
  }
  const responses = responsesOf(message);
  if (responses === undefined) {
    record.deny(400, 'invalid_params', 'protocol');
    throw invalidParams('"params.inputResponses" must be an object of results.');
  }
  method.describe(record, message, asked, target);
  record.written(await record.intent(rule, wouldDeny));
  parked.respond(responses);
  record.settled('input_given', false);
  const relay = new Relay(deps.replies, call, message);
  parked.hear = relay.notification;
  const answered = nextLeg(deps, request, target, parked, capabilitiesOf(call, message));
  const { turn } = parked;
  whenClosed(call.inbound, () => {
    // One whose place was taken leaves the call to whoever took it.
    if (!call.inbound.res.delivered && parked.turn === turn) parked.giveUp();
  });
  await answered;
}

/**
 * Answer a request on a parked call with whatever comes next: another question, or the call's own answer.
 * @throws RpcError, AppError
 */
export async function nextLeg(
  deps: GatewayDeps,
  request: Request,
  target: CallTarget,
  parked: ParkedCall<Ending>,
  capabilities: ClientCapabilities,
): Promise<void> {
  const { call, message, approval } = request;
  const leg = await parked.next();
  if (leg === undefined) throw rpcStatus(409, 'Another request came back for the same call.');
  if (leg.kind === 'asked') {
    const state = deps.states.seal({ kind: 'parked', id: parked.id, approval }, bindingOf(request, target), parkedMs);
    return deps.replies.result(call.inbound, message.idText, inputRequired(leg.requests, state));
  }
  if ('answer' in leg.ending) {
    const relay = new Relay(deps.replies, call, message);
    const { answer, required } = leg.ending;
    return deliverAtOnce(deps, request, target, { relay, capabilities, required }, answer);
  }
  const { error } = leg.ending;
  throw error instanceof UpstreamFault ? faultError(error, target.server.slug) : error;
}

/** By the keys of what was asked; undefined where they are in no form that says so. */
function responsesOf({ bytes, params }: Message): Map<string, string> | undefined {
  const responses = member(params, 'inputResponses');
  if (responses === undefined) return new Map();
  if (responses.kind !== 'object' || responses.children.some((child) => child.kind !== 'object')) return undefined;
  return new Map(responses.keys.map((key, i) => [key, sourceText(bytes, responses.children[i]!)]));
}
