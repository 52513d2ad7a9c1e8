import type { CallKind, Decision } from '../domain/policy.ts';
import type { SnapshotApproval } from '../domain/snapshot.ts';
import type { CallMethod } from '../platform/journal/records.ts';
import type { JsonNode } from '../platform/json/scan.ts';
import type { Edit } from '../platform/json/splice.ts';
import type { ApprovalUse } from './approvals/approvals.ts';
import { askToWait, type Waited } from './approvals/ask-to-wait.ts';
import { giveBack, requireApproval } from './approvals/require.ts';
import { carriedState, resume, withoutSeal } from './bridge/resume.ts';
import { perToken, takeBudget, takeRate } from './budget.ts';
import type { GatewayDeps } from './deps.ts';
import type { Exchanged } from './inbound.ts';
import { judgeAgain } from './judge-again.ts';
import type { Message } from './message.ts';
import { mirroredParams } from '../platform/param-headers.ts';
import { requireMirroredParams } from './param-headers.ts';
import { perform } from './perform.ts';
import type { CallRecord } from './recorder.ts';
import { refuseInDrill } from './drill.ts';
import { GuardedCall, samenessOf, type Sameness } from './replay/guard.ts';
import { answerRepeat } from './replay/repeat.ts';
import { refuseCall } from './refuse-call.ts';
import { invalidParams, type RpcError } from './rpc-error.ts';
import type { OwnTool } from './search/own-tools.ts';
import type { CallTarget } from './call-target.ts';
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
  /** Whether it goes on with a call that was let through before, and takes no effect of its own. */
  readonly follows?: true;
  /** What the gateway answers by itself, because the name is its own and no server's. */
  readonly own?: (call: Exchanged, name: string) => OwnTool | undefined;
  /** Whether modern requests mirror the target in `Mcp-Name`. */
  readonly mirrored: boolean;
  /** False: the headers of the request speak of something else than its arguments. */
  readonly paramsInHeaders?: false;
  /** What must change in the answer besides its id; undefined for nearly all. */
  readonly edits: (
    deps: GatewayDeps,
    call: Exchanged,
    target: CallTarget,
    answer: UpstreamAnswer,
  ) => Edit[] | undefined;
}

/**
 * One governed request, top to bottom, the second half in `perform.ts`: has the caller budget → what is meant → may it
 * be used → is it a repeat → is it approved, where that is needed → has that budget → write the intent → send → write
 * the outcome → reply. Leaving early is a recorded denial. No step returns to an earlier one.
 * @throws RpcError, AppError: rendered by the caller
 */
export function governedCall(
  deps: GatewayDeps,
  call: Exchanged,
  message: Message,
  method: GovernedMethod,
  rounds = 0,
  approval?: ApprovalUse,
): Promise<void> {
  const asked = method.read(message);
  const own = method.own?.(call, asked.name);
  if (own !== undefined) return own(deps, call, message, asked);
  const record = deps.recorder.open(call, message, method.method, asked.recorded);
  const { principal, held } = call;
  // Before anything is looked up, so that guessing names costs as much as calling them.
  const { principalPerMinute } = held.snapshot.settings.limits;
  takeRate(deps, record, perToken, principal.tokenId, principalPerMinute);
  if (asked.fault !== undefined) {
    record.deny(400, 'invalid_params', 'protocol');
    throw invalidParams(asked.fault);
  }
  const request: Request = { method, call, message, asked, record, rounds, approval };
  const found = method.find(deps, call, asked);
  return found instanceof Promise ? admitLate(deps, request, found) : admit(deps, request, found);
}

/** A list had to be read first: what has been revoked or changed meanwhile counts. */
async function admitLate(deps: GatewayDeps, request: Request, found: Promise<CallTarget | undefined>): Promise<void> {
  const { method, call, message, asked } = request;
  let current = request;
  let target = await found;
  for (let i = 0; i < mostChanges; i++) {
    const caller = deps.readmit(call.inbound);
    if (caller.held === current.call.held) break;
    const again = { ...caller, era: call.era, session: call.session };
    current = { ...request, call: again, record: deps.recorder.open(again, message, method.method, asked.recorded) };
    target = await method.find(deps, again, asked);
  }
  return admit(deps, current, target);
}

/** A workspace that changes oftener than its lists can be read is judged by one of its last snapshots. */
const mostChanges = 3;

/** A request whose parameters could be read. */
export interface Request {
  readonly method: GovernedMethod;
  readonly call: Exchanged;
  readonly message: Message;
  readonly asked: Asked;
  readonly record: CallRecord;
  /** How often it was sent before, each time with more of what the server asked for. */
  readonly rounds: number;
  /** What an earlier part of the same call was approved by. */
  readonly approval: ApprovalUse | undefined;
  /** Absent unless its client was asked to wait for an approval, and has come back. */
  readonly waited?: Waited;
}

/** May it be used, and is there budget? */
function admit(deps: GatewayDeps, request: Request, target: CallTarget | undefined): Promise<void> {
  const { method, call, asked, record } = request;
  const { inbound, principal, held, era } = call;
  if (target === undefined) {
    record.deny(404, `unknown_${asked.kind}`, `unknown-${asked.kind}`);
    throw method.unknown(deps, call, asked);
  }
  record.target(target);
  const { server, definition } = target;
  // A resource is judged as what lists it, its own entry or a template, so that lists and reads cannot disagree.
  const { name, hash } = definition;
  const question = { serverSlug: server.slug, kind: asked.kind, name, definition: hash, follows: method.follows };
  const decision = deps.decide(held.snapshot, principal, question, deps.clock.now());
  if (decision.effect === 'deny') refuseCall(deps, request, decision);
  inbound.target = target;
  if ((server.drill ?? null) !== null) refuseInDrill(deps, record, target);
  const carried = carriedState(deps, request, target);
  if (carried?.kind === 'parked') {
    return resume(deps, { ...request, approval: carried.approval }, target, decision, carried.id);
  }
  const sent = carried === undefined ? request : withoutSeal(request, carried);
  const headers = mirroredParams(definition.paramHeaders, sent.message.bytes, sent.asked.args);
  if (era.kind === 'modern' && method.paramsInHeaders !== false) {
    try {
      requireMirroredParams(inbound.head.params, definition.paramHeaders, headers);
    } catch (error) {
      record.deny(400, 'header_mismatch', 'header-mismatch');
      throw error;
    }
  }
  const sameness = samenessOf(sent, target);
  const first = sameness === undefined ? undefined : deps.replays.find(sameness.key);
  if (first !== undefined) return answerRepeat(deps, sent, target, decision, first, governedCall);
  if (decision.approval !== undefined) {
    return performApproved(deps, sent, { target, decision, paramHeaders: headers, sameness }, decision.approval);
  }
  const leave = takeBudget(deps, call, asked.kind, target, record, request.rounds > 0);
  const guarded = sameness === undefined ? undefined : new GuardedCall(deps, sameness, record.id);
  return perform(deps, sent, { target, decision, paramHeaders: headers, leave, guarded }, governedCall);
}

/** Send a call once it is approved, which may take the database a while: who may call what is judged as it is then. */
async function performApproved(
  deps: GatewayDeps,
  request: Request,
  { sameness, ...cleared }: Omit<Admitted, 'leave' | 'guarded'> & { readonly sameness: Sameness | undefined },
  setting: SnapshotApproval,
): Promise<void> {
  const { asked, record, rounds } = request;
  // Claimed first: a repeat that comes meanwhile waits for this call, and asks for no approval of its own.
  const guarded = sameness === undefined ? undefined : new GuardedCall(deps, sameness, record.id);
  let approval: ApprovalUse | undefined;
  let current: ReturnType<typeof judgeAgain>;
  let leave: () => void;
  try {
    approval = await requireApproval(deps, request, cleared.target, setting);
    current = judgeAgain(deps, { ...request, approval }, cleared);
    const { call, record: row } = current.request;
    leave = takeBudget(deps, call, asked.kind, current.judged.target, row, rounds > 0);
  } catch (error) {
    guarded?.notSent(error);
    if (approval !== undefined) await giveBack(deps, approval);
    const question = askToWait(deps, request, cleared.target, error);
    if (question === undefined) throw error;
    return deps.replies.result(request.call.inbound, request.message.idText, question);
  }
  return perform(deps, current.request, { ...cleared, ...current.judged, leave, guarded }, governedCall);
}

/** What has been decided about a request that may happen. */
export interface Admitted {
  readonly target: CallTarget;
  readonly decision: Extract<Decision, { effect: 'allow' }>;
  /** Arguments to mirror in headers. */
  readonly paramHeaders: readonly { header: string; value: string }[];
  /** Gives the budget back. */
  readonly leave: () => void;
  /** Set where a repeat would get this call's result. */
  readonly guarded: GuardedCall | undefined;
}
