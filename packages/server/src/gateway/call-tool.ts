import type { Decision } from '../domain/policy.ts';
import { canonicalJson } from '../platform/json/canonical.ts';
import { member, stringValue, type JsonNode } from '../platform/json/scan.ts';
import { mirroredParams } from '../platform/param-headers.ts';
import { argsShape } from './args-shape.ts';
import { authorize } from './authorized-call.ts';
import type { CatalogueTool } from './catalogue.ts';
import { dispatch } from './dispatch.ts';
import { acceptsStream, whenClosed, type Exchanged } from './inbound.ts';
import { rateLimited } from './limits.ts';
import type { Message } from './message.ts';
import { requireMirroredParams } from './param-headers.ts';
import type { CallRecord } from './recorder.ts';
import { refuseUnoffered, Relay } from './relay.ts';
import { invalidParams, toolNotAllowed, unknownTool, type RpcError } from './rpc-error.ts';
import type { GatewayDeps } from './deps.ts';
import { callParams } from './translate.ts';
import { faultError, UpstreamFault } from './upstreams/fault.ts';
import type { Cancel } from './upstreams/connection.ts';
import type { UpstreamAnswer } from './upstreams/upstream.ts';

/**
 * One `tools/call`, top to bottom: has the caller budget → which tool is meant → may it be called → has the tool
 * budget → write the intent → send → write the outcome → reply. Leaving early is a recorded denial. No step returns to
 * an earlier one.
 * @throws RpcError, AppError: rendered by the caller
 */
export function callTool(deps: GatewayDeps, call: Exchanged, message: Message): Promise<void> {
  const { bytes, params } = message;
  const { held, server } = call;
  const name = stringValue(bytes, member(params, 'name'));
  const args = member(params, 'arguments');
  const record = deps.recorder.open(call, message, name ?? '');
  const { tokenId } = call.principal;
  // Before anything is looked up, so that guessing names costs as much as calling them.
  takeRate(deps, record, 'calls per minute of this token', tokenId, held.snapshot.settings.limits.principalPerMinute);
  if (name === undefined || (args !== undefined && args.kind !== 'object')) {
    record.deny(400, 'invalid_params', 'protocol');
    throw invalidParams(`"params.${name === undefined ? 'name" must be a string' : 'arguments" must be an object'}.`);
  }
  const asked: Asked = { call, message, name, args, record };
  const found =
    server === undefined ? deps.catalogue.resolve(held, name) : deps.catalogue.resolveOn(held, server, name);
  return found instanceof Promise ? found.then((tool) => admit(deps, asked, tool)) : admit(deps, asked, found);
}

/** A call whose parameters could be read. */
interface Asked {
  readonly call: Exchanged;
  readonly message: Message;
  readonly name: string;
  readonly args: JsonNode | undefined;
  readonly record: CallRecord;
}

/** May it be called, and is there budget? */
function admit(deps: GatewayDeps, asked: Asked, tool: CatalogueTool | undefined): Promise<void> {
  const { call, message, name, args, record } = asked;
  const { inbound, principal, held, era } = call;
  if (tool === undefined) {
    record.deny(404, 'unknown_tool', 'unknown-tool');
    throw unknownTool(name, deps.catalogue.missing(held, principal));
  }
  record.tool(tool);
  const decision = deps.decide(held.snapshot, principal, { serverSlug: tool.server.slug, tool: tool.definition.name });
  if (decision.effect === 'deny') {
    refuse(record, decision, unknownTool(name, deps.catalogue.missing(held, principal)));
  }
  const headers = mirroredParams(tool.definition.paramHeaders, message.bytes, args);
  if (era.kind === 'modern') {
    try {
      requireMirroredParams(inbound.head.params, tool.definition.paramHeaders, headers);
    } catch (error) {
      record.deny(400, 'header_mismatch', 'header-mismatch');
      throw error;
    }
  }
  return perform(deps, asked, { tool, decision, paramHeaders: headers, leave: takeBudget(deps, call, tool, record) });
}

/** What has been decided about a call that may happen. */
interface Admitted {
  readonly tool: CatalogueTool;
  readonly decision: Extract<Decision, { effect: 'allow' }>;
  /** Arguments to mirror in headers. */
  readonly paramHeaders: readonly { header: string; value: string }[];
  /** Gives the budget back. */
  readonly leave: () => void;
}

/** Write the intent, send, write the outcome, reply. */
async function perform(deps: GatewayDeps, { call, message, args, record }: Asked, admitted: Admitted): Promise<void> {
  const { inbound, principal, held, era } = call;
  const { tool, decision, paramHeaders } = admitted;
  const { server, definition } = tool;
  let forget: (() => void) | undefined;
  try {
    const canonical = args === undefined ? '' : canonicalJson(message.bytes, args);
    record.arguments(argsShape(args, definition.declared), canonical);
    const receipt = await record.intent(decision.rule);
    record.written(receipt);

    const authorized = authorize({ principal, held, tool, decision, receipt });
    const relay = new Relay(deps.replies, call, message);
    const cancel: Cancel = {};
    forget = cancelWith(cancel, call, message);
    const started = deps.clock.monotonic();
    let answer: UpstreamAnswer;
    try {
      answer = await dispatch(deps.upstreams, authorized, {
        method: 'tools/call',
        name: definition.name,
        paramHeaders,
        preferModern: era.kind !== 'legacy',
        params: ({ modern, id }) => callParams(message, definition.name, { modern, id, logLevel: relay.logLevel }),
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
    relay.answer(answer);
  } finally {
    forget?.();
    admitted.leave();
  }
}

function refuse(record: CallRecord, decision: Extract<Decision, { effect: 'deny' }>, unknown: RpcError): never {
  record.deny(decision.visible ? 403 : 404, decision.visible ? 'denied_by_policy' : 'unknown_tool', decision.rule);
  throw decision.visible ? toolNotAllowed(decision.reason) : unknown;
}

/**
 * Take one call from a budget per minute; null is no ceiling.
 * @throws AppError `rate_limited`, with the row written
 */
export function takeRate(
  deps: GatewayDeps,
  record: CallRecord,
  what: string,
  key: string,
  perMinute: number | null,
): void {
  const wait = deps.limits.take(key, perMinute);
  if (wait > 0) throttle(record, what, wait);
}

function throttle(record: CallRecord, what: string, retryAfterMs: number): never {
  record.deny(429, 'rate_limited', `limit:${what}`);
  throw rateLimited(what, retryAfterMs);
}

/**
 * A call counts as in flight until it has ended and its answer has been taken, whichever is later.
 * @returns to be called when it has ended
 */
function takeBudget(deps: GatewayDeps, call: Exchanged, tool: CatalogueTool, record: CallRecord): () => void {
  const { principal, held } = call;
  const { settings } = held.snapshot;
  const { server, definition } = tool;
  // The ids are distinct whatever they are of, so each is a key as it stands.
  const { toolPerMinute, perMinute } = server.limits;
  if (toolPerMinute !== null)
    takeRate(deps, record, 'calls per minute to this tool', `${server.id}/${definition.name}`, toolPerMinute);
  takeRate(deps, record, 'calls per minute to this server', server.id, perMinute);
  const { workspacePerMinute, principalConcurrency } = settings.limits;
  takeRate(deps, record, 'calls per minute in this workspace', principal.workspaceId, workspacePerMinute);
  const leave = deps.concurrency.enter(principal.tokenId, principalConcurrency);
  if (leave === undefined) return throttle(record, 'calls in flight of this token', 1_000);
  let reasons = 2;
  const done = (): void => {
    if (--reasons === 0) leave();
  };
  whenClosed(call.inbound, done);
  return done;
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
