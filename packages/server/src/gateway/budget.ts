import type { CallKind, Principal } from '../domain/policy.ts';
import { classOf } from '../domain/policy/tool-class.ts';
import type { CallTarget } from './call-target.ts';
import type { GatewayDeps } from './deps.ts';
import { whenClosed, type Exchanged } from './inbound.ts';
import { rateLimited, type Budget } from './limits.ts';
import type { CallRecord } from './recorder.ts';

export const perToken: Budget = { name: 'workspace.principalPerMinute', what: 'calls per minute of this token' };
const perWorkspace: Budget = { name: 'workspace.workspacePerMinute', what: 'calls per minute in this workspace' };
const writes: Budget = { name: 'workspace.writePerMinute', what: 'your calls per minute to a tool that writes' };
const inFlight: Budget = { name: 'workspace.principalConcurrency', what: 'calls in flight of this token' };
const perServer: Budget = { name: 'server.perMinute', what: 'calls per minute to this server' };
const perTool: Budget = { name: 'server.toolPerMinute', what: 'calls per minute to this tool' };
const ownPerServer: Budget = { name: 'server.principalPerMinute', what: 'your calls per minute to this server' };
const ownPerTool: Budget = { name: 'server.principalToolPerMinute', what: 'your calls per minute to this tool' };
const ownInFlight: Budget = { name: 'server.principalConcurrency', what: 'your calls in flight to this server' };

/**
 * Whose budget a call is taken from where a budget is a person's or a machine's, however many tokens they have. A
 * workspace token stands for itself.
 */
export const budgetHolder = ({ memberId, machineId, tokenId }: Principal): string => memberId ?? machineId ?? tokenId;

/**
 * Take one call from a budget per minute; null is no ceiling.
 * @param now monotonic milliseconds, where they are known
 * @throws AppError `rate_limited`, with the row written
 */
export function takeRate(
  deps: GatewayDeps,
  record: CallRecord,
  budget: Budget,
  key: string,
  perMinute: number | null,
  now?: number,
): void {
  const wait = deps.limits.take(key, perMinute, now);
  if (wait > 0) throttle(record, budget, wait);
}

function throttle(record: CallRecord, budget: Budget, retryAfterMs: number): never {
  record.deny(429, 'rate_limited', `limit:${budget.name}`);
  throw rateLimited(budget, retryAfterMs);
}

/**
 * Take one call from every budget it counts against. It counts as in flight until it has ended and its answer has been
 * taken, whichever is later.
 * @param again it is a call in flight that is sent once more
 * @returns to be called when it has ended
 * @throws AppError `rate_limited`, with the row written
 */
export function takeBudget(
  deps: GatewayDeps,
  call: Exchanged,
  kind: CallKind,
  target: CallTarget,
  record: CallRecord,
  again: boolean,
): () => void {
  const { principal, held } = call;
  const { server, definition } = target;
  const { workspacePerMinute, writePerMinute } = held.snapshot.settings.limits;
  const { toolPerMinute, perMinute, principalPerMinute, principalToolPerMinute } = server.limits;
  const now = deps.clock.monotonic();
  // The narrowest first: who has used up their own takes nothing from everybody's. The ids are distinct whatever they
  // are of, so each is a key as it stands.
  if (kind === 'tool' && (principalToolPerMinute ?? writePerMinute ?? null) !== null)
    takeOwnOfTool(deps, call, target, record, now);
  if ((principalPerMinute ?? null) !== null)
    takeRate(deps, record, ownPerServer, `${budgetHolder(principal)} ${server.id}`, principalPerMinute!, now);
  if (toolPerMinute !== null && kind === 'tool')
    takeRate(deps, record, perTool, toolKey(server.id, definition), toolPerMinute, now);
  takeRate(deps, record, perServer, server.id, perMinute, now);
  takeRate(deps, record, perWorkspace, principal.workspaceId, workspacePerMinute, now);
  if (again) return nothing;
  const leave = enter(deps, call, target, record);
  let reasons = 2;
  const done = (): void => {
    if (--reasons === 0) leave();
  };
  whenClosed(call.inbound, done);
  return done;
}

const nothing = (): void => undefined;

/** Joined once: a key made for each call would have to be hashed for each call as well. */
const toolKeys = new WeakMap<CallTarget['definition'], string>();

/** A definition belongs to one server. */
function toolKey(serverId: string, definition: CallTarget['definition']): string {
  let key = toolKeys.get(definition);
  if (key === undefined) toolKeys.set(definition, (key = `${serverId}/${definition.name}`));
  return key;
}

function takeOwnOfTool(
  deps: GatewayDeps,
  { principal, held }: Exchanged,
  { server, definition }: CallTarget,
  record: CallRecord,
  now: number,
): void {
  const key = `${budgetHolder(principal)} ${server.id}/${definition.name}`;
  takeRate(deps, record, ownPerTool, key, server.limits.principalToolPerMinute ?? null, now);
  const { writePerMinute } = held.snapshot.settings.limits;
  if ((writePerMinute ?? null) === null || classOf(server, definition.name) === 'read') return;
  takeRate(deps, record, writes, `write ${key}`, writePerMinute!, now);
}

/**
 * Count one more call in flight of a token.
 * @returns to be called when it has ended
 * @throws AppError `rate_limited`, with the row written
 */
export function takeInFlight(deps: GatewayDeps, { principal, held }: Exchanged, record: CallRecord): () => void {
  const { principalConcurrency } = held.snapshot.settings.limits;
  return deps.concurrency.enter(principal.tokenId, principalConcurrency) ?? throttle(record, inFlight, retryMs);
}

function enter(deps: GatewayDeps, call: Exchanged, { server }: CallTarget, record: CallRecord): () => void {
  const { principal } = call;
  const leave = takeInFlight(deps, call, record);
  const most = server.limits.principalConcurrency ?? null;
  if (most === null) return leave;
  const leaveServer = deps.concurrency.enter(`${budgetHolder(principal)} ${server.id}`, most);
  if (leaveServer === undefined) {
    leave();
    return throttle(record, ownInFlight, retryMs);
  }
  return () => {
    leave();
    leaveServer();
  };
}

/** When calls in flight end, nobody knows. */
const retryMs = 1_000;
