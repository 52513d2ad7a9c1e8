import { authorize } from './authorized-call.ts';
import { giveBack } from './approvals/require.ts';
import { asker } from './bridge/ask-client.ts';
import { capabilitiesOf, conversationOf } from './bridge/conversations.ts';
import { deliver, requireOffered } from './bridge/deliver.ts';
import type { InputRequired } from './bridge/input-required.ts';
import { Parking } from './bridge/parking.ts';
import { nextLeg } from './bridge/resume.ts';
import type { GatewayDeps } from './deps.ts';
import { dispatch } from './dispatch.ts';
import type { Admitted, governedCall, Request } from './governed-call.ts';
import { acceptsStream, whenClosed, type Exchanged } from './inbound.ts';
import type { Message } from './message.ts';
import { Relay } from './relay.ts';
import { callParams } from './translate.ts';
import type { CallTarget } from './call-target.ts';
import type { Cancel } from './upstreams/connection.ts';
import { faultError, UpstreamFault } from './upstreams/fault.ts';
import type { UpstreamAnswer } from './upstreams/upstream.ts';

/**
 * The second half of a governed request: write the intent → send → write the outcome → reply.
 * @param again sends a request once more, with what its server asked for
 * @throws RpcError, AppError: rendered by the caller
 */
export async function perform(
  deps: GatewayDeps,
  request: Request,
  admitted: Admitted,
  again: typeof governedCall,
): Promise<void> {
  const { method, call, message, asked, record } = request;
  const { inbound, principal, held, era } = call;
  const { target, decision, paramHeaders, guarded } = admitted;
  const capabilities = capabilitiesOf(call, message);
  const relay = new Relay(deps.replies, call, message);
  let answer: UpstreamAnswer | undefined;
  let required: InputRequired | undefined;
  let parking: Parking | undefined;
  let forget: (() => void) | undefined;
  /** The upstream asks first: its request goes on, and this one ends with the question. */
  let handedOver = false;
  /** A legacy client is asked, and this request sent once more: it stays one call in flight. */
  let playsOn = false;
  /** Nothing of it can have left. */
  let unsent = true;
  const done = (): void => {
    forget?.();
    guarded?.left();
    admitted.leave();
  };
  try {
    const cancel: Cancel = {};
    forget = cancelWith(cancel, call, message, target);
    method.describe(record, message, asked, target);
    const receipt = await record.intent(decision.rule, decision.wouldDeny);
    record.written(receipt);

    const authorized = authorize({ principal, held, target, decision, approval: request.approval, receipt });
    const conversation = conversationOf(call, capabilities);
    const started = deps.clock.monotonic();
    const took = (): void => {
      inbound.upstreamMs = deps.clock.monotonic() - started;
    };
    try {
      const declares = era.kind === 'modern' && conversation.capabilities !== '{}';
      if (declares && deps.upstreams.of(held, target.server).mayAsk) {
        parking = new Parking(deps, call, message, {
          method: method.method,
          target,
          capabilities,
          relay,
          cancel: () => stop(cancel),
        });
      }
      unsent = false;
      const sent = dispatch(deps.upstreams, authorized, {
        method: method.method,
        name: method.mirrored ? target.name : undefined,
        paramHeaders,
        preferModern: era.kind !== 'legacy',
        conversation,
        params: ({ modern, id, capabilities: declared }) =>
          callParams(message, asked.node, target.name, {
            modern,
            id,
            capabilities: declared,
            logLevel: relay.logLevel,
          }),
        deadlineMs: target.server.limits.deadlineMs,
        onNotification: acceptsStream(inbound.head) ? (parking?.notification ?? relay.notification) : undefined,
        onRequest: parking?.asked ?? asker(deps.waiting, call, message),
        cancel,
      });
      answer = parking === undefined ? await sent : await parking.first(sent);
      handedOver = answer === undefined;
      if (answer === undefined) parking!.follow(sent, { record, guarded }, took, done);
      else required = requireOffered(call, capabilities, method.method, answer);
    } catch (error) {
      took();
      unsent = error instanceof UpstreamFault && !error.dispatched;
      record.failed(error);
      guarded?.failed(error);
      if (!(error instanceof UpstreamFault)) throw error;
      // Nothing more is said about a call that was called off.
      if (error.fault === 'cancelled') return deps.replies.empty(inbound, 202);
      throw faultError(error, target.server.slug);
    }
    took();
    if (answer !== undefined) {
      record.answered(answer);
      guarded?.answered(answer);
    }
    playsOn = required !== undefined && era.kind !== 'modern';
  } finally {
    if (playsOn) forget?.();
    else if (!handedOver) done();
    if (unsent && request.approval !== undefined) await giveBack(deps, request.approval);
  }
  if (answer === undefined) return nextLeg(deps, request, target, parking!.call!, capabilities);
  const delivery = { relay, capabilities, again, required };
  if (!playsOn) return deliver(deps, request, target, delivery, answer);
  try {
    await deliver(deps, request, target, delivery, answer);
  } finally {
    admitted.leave();
  }
}

function stop(cancel: Cancel): void {
  cancel.fault = 'cancelled';
  cancel.running?.abort('cancelled');
}

/**
 * A modern or bare client that closes the connection has cancelled; a legacy one within a session may only have lost
 * it, so its call runs on until a notification names it (cancellation.mdx "Transport-Specific Cancellation").
 * @returns to be called when it has ended
 */
function cancelWith(cancel: Cancel, call: Exchanged, message: Message, target: CallTarget): (() => void) | undefined {
  const { inbound, era, session } = call;
  whenClosed(inbound, () => {
    if (!inbound.res.delivered && (era.kind !== 'legacy' || inbound.revoked)) stop(cancel);
  });
  // It may have ended, or the call been called off, while a list was read.
  if (session?.ended === true || inbound.calledOff) stop(cancel);
  return session?.running.add({ idText: message.idText, target, cancel: () => stop(cancel) });
}
