import type { CallKind, Decision } from '../domain/policy.ts';
import type { CallMethod } from '../platform/journal/records.ts';
import type { JsonNode } from '../platform/json/scan.ts';
import type { Edit } from '../platform/json/splice.ts';
import { authorize } from './authorized-call.ts';
import { takeBudget, takeRate } from './budget.ts';
import type { GatewayDeps } from './deps.ts';
import { dispatch } from './dispatch.ts';
import { acceptsStream, whenClosed, type Exchanged } from './inbound.ts';
import type { Message } from './message.ts';
import { mirroredParams, requireMirroredParams } from './param-headers.ts';
import type { CallRecord } from './recorder.ts';
import { refuseUnoffered, Relay } from './relay.ts';
import { invalidParams, notAllowed, type RpcError } from './rpc-error.ts';
import type { CallTarget } from './call-target.ts';
import { callParams } from './translate.ts';
import type { Cancel } from './upstreams/connection.ts';
import { faultError, UpstreamFault } from './upstreams/fault.ts';
import type { UpstreamAnswer } from './upstreams/upstream.ts';

/** What a caller asks for, as far as its parameters say. */
export interface Asked {
  /** As what it is judged. */
  readonly kind: CallKind;
  /** Where its name or URI stands among the parameters. */
  readonly node: JsonNode | undefined;
  readonly name: string;
  /** Of the name, what a row may keep where it means nothing known. */
  readonly recorded: string;
  /** Arguments that go with it. */
  readonly args: JsonNode | undefined;
  /** Why the parameters cannot be used. */
  readonly fault: string | undefined;
}

/** What one governed method has of its own; everything else is the same for all of them. */
export interface GovernedMethod {
  readonly method: CallMethod;
  readonly read: (message: Message) => Asked;
  /** What the name or URI means; undefined: nothing the gateway knows. */
  readonly find: (
    deps: GatewayDeps,
    call: Exchanged,
    asked: Asked,
  ) => CallTarget | undefined | Promise<CallTarget | undefined>;
  /** The answer for what is not there and for what the caller must not know of. */
  readonly unknown: (deps: GatewayDeps, call: Exchanged, asked: Asked) => RpcError;
  /** Put the shape of the arguments, and nothing of their values, into the record. */
  readonly describe: (record: CallRecord, message: Message, asked: Asked, target: CallTarget) => void;
  /** Whether modern requests mirror the target in `Mcp-Name`. */
  readonly mirrored: boolean;
  /** What must change in the answer besides its id; undefined for nearly all. */
  readonly edits: (
    deps: GatewayDeps,
    call: Exchanged,
    target: CallTarget,
    answer: UpstreamAnswer,
  ) => Edit[] | undefined;
}

/**
 * One governed request, top to bottom: has the caller budget → what is meant → may it be used → has that budget →
 * write the intent → send → write the outcome → reply. Leaving early is a recorded denial. No step returns to an
 * earlier one.
 * @throws RpcError, AppError: rendered by the caller
 */
export function governedCall(
  deps: GatewayDeps,
  call: Exchanged,
  message: Message,
  method: GovernedMethod,
): Promise<void> {
  const asked = method.read(message);
  const record = deps.recorder.open(call, message, method.method, asked.recorded);
  const { principal, held } = call;
  // Before anything is looked up, so that guessing names costs as much as calling them.
  const { principalPerMinute } = held.snapshot.settings.limits;
  takeRate(deps, record, 'calls per minute of this token', principal.tokenId, principalPerMinute);
  if (asked.fault !== undefined) {
    record.deny(400, 'invalid_params', 'protocol');
    throw invalidParams(asked.fault);
  }
  const request: Request = { method, call, message, asked, record };
  const found = method.find(deps, call, asked);
  return found instanceof Promise ? found.then((target) => admit(deps, request, target)) : admit(deps, request, found);
}

/** A request whose parameters could be read. */
interface Request {
  readonly method: GovernedMethod;
  readonly call: Exchanged;
  readonly message: Message;
  readonly asked: Asked;
  readonly record: CallRecord;
}

/** May it be used, and is there budget? */
function admit(deps: GatewayDeps, request: Request, target: CallTarget | undefined): Promise<void> {
  const { method, call, message, asked, record } = request;
  const { inbound, principal, held, era } = call;
  if (target === undefined) {
    record.deny(404, `unknown_${asked.kind}`, `unknown-${asked.kind}`);
    throw method.unknown(deps, call, asked);
  }
  record.target(target);
  const { server, definition } = target;
  // A resource is judged as what lists it, its own entry or a template, so that lists and reads cannot disagree.
  const question = { serverSlug: server.slug, kind: asked.kind, name: definition.name };
  const decision = deps.decide(held.snapshot, principal, question);
  if (decision.effect === 'deny') refuse(deps, request, decision);
  const headers = mirroredParams(definition.paramHeaders, message.bytes, asked.args);
  if (era.kind === 'modern') {
    try {
      requireMirroredParams(inbound.head.params, definition.paramHeaders, headers);
    } catch (error) {
      record.deny(400, 'header_mismatch', 'header-mismatch');
      throw error;
    }
  }
  const leave = takeBudget(deps, call, asked.kind, target, record);
  return perform(deps, request, { target, decision, paramHeaders: headers, leave });
}

/** What has been decided about a request that may happen. */
interface Admitted {
  readonly target: CallTarget;
  readonly decision: Extract<Decision, { effect: 'allow' }>;
  /** Arguments to mirror in headers. */
  readonly paramHeaders: readonly { header: string; value: string }[];
  /** Gives the budget back. */
  readonly leave: () => void;
}

/** Write the intent, send, write the outcome, reply. */
async function perform(deps: GatewayDeps, request: Request, admitted: Admitted): Promise<void> {
  const { method, call, message, asked, record } = request;
  const { inbound, principal, held, era } = call;
  const { target, decision, paramHeaders } = admitted;
  const { server } = target;
  let forget: (() => void) | undefined;
  try {
    method.describe(record, message, asked, target);
    const receipt = await record.intent(decision.rule);
    record.written(receipt);

    const authorized = authorize({ principal, held, target, decision, receipt });
    const relay = new Relay(deps.replies, call, message);
    const cancel: Cancel = {};
    forget = cancelWith(cancel, call, message);
    const started = deps.clock.monotonic();
    let answer: UpstreamAnswer;
    try {
      answer = await dispatch(deps.upstreams, authorized, {
        method: method.method,
        name: method.mirrored ? target.name : undefined,
        paramHeaders,
        preferModern: era.kind !== 'legacy',
        params: ({ modern, id }) =>
          callParams(message, asked.node!, target.name, { modern, id, logLevel: relay.logLevel }),
        deadlineMs: server.limits.deadlineMs,
        onNotification: acceptsStream(inbound.head) ? relay.notification : undefined,
        cancel,
      });
      refuseUnoffered(answer);
    } catch (error) {
      inbound.upstreamMs = deps.clock.monotonic() - started;
      if (!(error instanceof UpstreamFault)) {
        // A defect of ours; whether anything had left is not known, so the row says it had.
        record.failed(503, 'internal', true);
        throw error;
      }
      record.fault(error);
      // Nothing more is said about a call that was called off.
      if (error.fault === 'cancelled') return deps.replies.empty(inbound, 202);
      throw faultError(error, server.slug);
    }
    inbound.upstreamMs = deps.clock.monotonic() - started;
    record.answered(answer);
    relay.answer(answer, method.edits(deps, call, target, answer));
  } finally {
    forget?.();
    admitted.leave();
  }
}

function refuse(deps: GatewayDeps, request: Request, decision: Extract<Decision, { effect: 'deny' }>): never {
  const { method, call, asked, record } = request;
  record.deny(
    decision.visible ? 403 : 404,
    decision.visible ? 'denied_by_policy' : `unknown_${asked.kind}`,
    decision.rule,
  );
  throw decision.visible ? notAllowed(asked.kind, decision.reason) : method.unknown(deps, call, asked);
}

/**
 * A modern or bare client that closes the connection has cancelled; a legacy one within a session may only have lost
 * it, so its call runs on until a notification names it (cancellation.mdx "Transport-Specific Cancellation").
 * @returns to be called when it has ended
 */
function cancelWith(cancel: Cancel, call: Exchanged, message: Message): (() => void) | undefined {
  const { inbound, era, session } = call;
  const stop = (): void => {
    cancel.fault = 'cancelled';
    cancel.abort?.('cancelled');
  };
  whenClosed(inbound, () => {
    if (!inbound.res.writableFinished && (era.kind !== 'legacy' || inbound.revoked)) stop();
  });
  return session?.running.add({ idText: message.idText, cancel: stop });
}
