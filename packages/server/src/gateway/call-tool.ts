import type { Decision } from '../domain/policy.ts';
import { canonicalJson } from '../platform/json/canonical.ts';
import { member, stringValue } from '../platform/json/scan.ts';
import { argsShape } from './args-shape.ts';
import { authorize, type AuthorizedCall } from './authorized-call.ts';
import type { CatalogueTool } from './catalogue.ts';
import { dispatch } from './dispatch.ts';
import { acceptsStream, whenClosed, type Exchanged } from './inbound.ts';
import { rateLimited } from './limits.ts';
import type { Message } from './message.ts';
import { mirroredParams, requireMirroredParams } from './param-headers.ts';
import type { CallRecord } from './recorder.ts';
import { refuseUnoffered, Relay } from './relay.ts';
import { invalidParams, toolNotAllowed, unknownTool, type RpcError } from './rpc-error.ts';
import type { GatewayDeps } from './deps.ts';
import { callParams } from './translate.ts';
import { faultError, UpstreamFault } from './upstreams/fault.ts';
import type { Cancel } from './upstreams/connection.ts';
import type { UpstreamAnswer } from './upstreams/upstream.ts';

/**
 * One `tools/call`, top to bottom: which tool is meant → may it be called → is there budget → write the intent →
 * send → write the outcome → reply. Leaving early is a recorded denial. No step returns to an earlier one.
 * @throws RpcError, AppError: rendered by the caller
 */
export async function callTool(deps: GatewayDeps, call: Exchanged, message: Message): Promise<void> {
  const { bytes, params } = message;
  const { inbound, principal, held, server, era } = call;
  const name = stringValue(bytes, member(params, 'name'));
  if (name === undefined) throw invalidParams('"params.name" must be a string.');
  const args = member(params, 'arguments');
  if (args !== undefined && args.kind !== 'object') throw invalidParams('"params.arguments" must be an object.');

  const record = deps.recorder.open(call, message, name);
  const found =
    server === undefined ? deps.catalogue.resolve(held, name) : deps.catalogue.resolveOn(held, server, name);
  const tool = found instanceof Promise ? await found : found;
  if (tool === undefined) {
    record.deny(404, 'unknown_tool', 'unknown-tool');
    throw unknownTool(name, deps.catalogue.missing(held, principal));
  }
  record.tool(tool);
  const decision = deps.decide(held.snapshot, principal, { serverSlug: tool.server.slug, tool: tool.definition.name });
  if (decision.effect === 'deny') {
    refuse(record, decision, unknownTool(name, deps.catalogue.missing(held, principal)));
  }
  const headers = mirroredParams(tool.definition.paramHeaders, bytes, args);
  if (era.kind === 'modern') {
    try {
      requireMirroredParams(inbound.req.headers, tool.definition.paramHeaders, headers);
    } catch (error) {
      record.deny(400, 'header_mismatch', 'header-mismatch');
      throw error;
    }
  }

  const ended = takeBudget(deps, call, tool, record);
  try {
    record.arguments(argsShape(args, tool.definition.declared), args === undefined ? '' : canonicalJson(bytes, args));
    const receipt = await record.intent(decision.rule);
    record.written(receipt);
    await send(deps, call, message, record, authorize({ principal, held, tool, decision, receipt }), headers);
  } finally {
    ended();
  }
}

/** Send what has been authorised, record how it ended, and answer. */
async function send(
  deps: GatewayDeps,
  call: Exchanged,
  message: Message,
  record: CallRecord,
  authorized: AuthorizedCall,
  paramHeaders: readonly { header: string; value: string }[],
): Promise<void> {
  const { inbound } = call;
  const { server, definition } = authorized.tool;
  const relay = new Relay(deps.replies, call, message);
  const { cancel, forget } = cancellation(call, message);
  const started = deps.clock.monotonic();
  let answer: UpstreamAnswer;
  try {
    answer = await dispatch(deps.upstreams, authorized, {
      method: 'tools/call',
      name: definition.name,
      paramHeaders,
      preferModern: call.era.kind !== 'legacy',
      params: (target) => callParams(message, definition.name, { ...target, logLevel: relay.logLevel }),
      deadlineMs: server.limits.deadlineMs,
      ...(acceptsStream(inbound.req) ? { onNotification: relay.notification } : {}),
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
  } finally {
    forget();
  }
  inbound.upstreamMs = deps.clock.monotonic() - started;
  record.answered(answer);
  relay.answer(answer);
}

function refuse(record: CallRecord, decision: Extract<Decision, { effect: 'deny' }>, unknown: RpcError): never {
  record.deny(decision.visible ? 403 : 404, decision.visible ? 'denied_by_policy' : 'unknown_tool', decision.rule);
  throw decision.visible ? toolNotAllowed(decision.reason) : unknown;
}

/**
 * A call counts as in flight until it has ended and its answer has been taken, whichever is later.
 * @returns to be called when it has ended
 */
function takeBudget(deps: GatewayDeps, call: Exchanged, tool: CatalogueTool, record: CallRecord): () => void {
  const { principal, held } = call;
  const { settings } = held.snapshot;
  const { server, definition } = tool;
  const refuse = (what: string, retryAfterMs: number): never => {
    record.deny(429, 'rate_limited', `limit:${what}`);
    throw rateLimited(what, retryAfterMs);
  };
  const ceilings: [string, string, number | null][] = [
    ['calls per minute of this token', `p/${principal.tokenId}`, settings.limits.principalPerMinute],
    ['calls per minute to this tool', `t/${server.id}/${definition.name}`, server.limits.toolPerMinute],
    ['calls per minute to this server', `s/${server.id}`, server.limits.perMinute],
    ['calls per minute in this workspace', `w/${principal.workspaceId}`, settings.limits.workspacePerMinute],
  ];
  for (const [what, key, perMinute] of ceilings) {
    const wait = deps.limits.take(key, perMinute);
    if (wait > 0) refuse(what, wait);
  }
  const leave = deps.concurrency.enter(principal.tokenId, settings.limits.principalConcurrency);
  if (leave === undefined) return refuse('calls in flight of this token', 1_000);
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
 */
function cancellation(call: Exchanged, message: Message): { cancel: Cancel; forget: () => void } {
  const cancel: Cancel = {};
  const { inbound, era, session } = call;
  const stop = (): void => {
    cancel.fault = 'cancelled';
    cancel.abort?.('cancelled');
  };
  const forget = session?.running.add({ idText: message.idText, cancel: stop }) ?? noop;
  whenClosed(inbound, () => {
    if (!inbound.res.writableFinished && (era.kind !== 'legacy' || inbound.revoked)) stop();
  });
  return { cancel, forget };
}

const noop = (): void => {};
