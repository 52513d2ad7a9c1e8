import type { CallKind } from '../domain/policy.ts';
import type { GatewayDeps } from './deps.ts';
import { whenClosed, type Exchanged } from './inbound.ts';
import { rateLimited } from './limits.ts';
import type { CallRecord } from './recorder.ts';
import type { CallTarget } from './call-target.ts';

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
  { server, definition }: CallTarget,
  record: CallRecord,
  again: boolean,
): () => void {
  const { principal, held } = call;
  const { settings } = held.snapshot;
  // The ids are distinct whatever they are of, so each is a key as it stands.
  const { toolPerMinute, principalPerMinute, perMinute } = server.limits;
  if (principalPerMinute !== undefined && principalPerMinute !== null) {
    // All tokens of one person or machine count together; each workspace token counts by itself.
    const caller = principal.memberId ?? principal.machineId ?? principal.tokenId;
    takeRate(deps, record, 'your calls per minute to this server', `${caller}@${server.id}`, principalPerMinute);
  }
  if (toolPerMinute !== null && kind === 'tool')
    takeRate(deps, record, 'calls per minute to this tool', `${server.id}/${definition.name}`, toolPerMinute);
  takeRate(deps, record, 'calls per minute to this server', server.id, perMinute);
  const { workspacePerMinute, principalConcurrency } = settings.limits;
  takeRate(deps, record, 'calls per minute in this workspace', principal.workspaceId, workspacePerMinute);
  if (again) return nothing;
  const leave = deps.concurrency.enter(principal.tokenId, principalConcurrency);
  if (leave === undefined) return throttle(record, 'calls in flight of this token', 1_000);
  let reasons = 2;
  const done = (): void => {
    if (--reasons === 0) leave();
  };
  whenClosed(call.inbound, done);
  return done;
}

const nothing = (): void => undefined;
