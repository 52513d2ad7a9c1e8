import type { Crash, WorkloadState } from '../domain/hosted/workload.ts';
import type { ObservedWorkload } from './runtimes/runtime.ts';

/** An instance as it shall be, and as it was last recorded. Times are milliseconds since the epoch. */
export interface DesiredWorkload {
  readonly instanceId: string;
  /** Why it shall not run, for people; null: it shall. */
  readonly blocked: string | null;
  /** Hash of the container it shall have; null: this release cannot make it, so what runs goes on and nothing starts. */
  readonly specHash: string | null;
  /** Restarts asked for so far. */
  readonly restarts: number;
  /** A call waits for it to wake. */
  readonly woken: boolean;
  /** When it falls asleep if nobody calls; null: never. */
  readonly sleepsAt: number | null;
  /** Until when it is kept paused while it sleeps. */
  readonly pausedUntil: number;
  readonly recorded: RecordedWorkload;
}

export interface RecordedWorkload {
  readonly state: WorkloadState;
  readonly since: number;
  readonly headline: string | null;
  readonly endpoint: Endpoint | null;
  readonly crashes: readonly Crash[];
  readonly retryAt: number | null;
  /** Which of the restarts asked for have been made. */
  readonly restartsDone: number;
}

export type Endpoint = NonNullable<ObservedWorkload['endpoint']>;

/**
 * One step towards what is wanted. Each can be cut short anywhere and be taken again.
 * - `remove`: nothing of it may be left with the runtime.
 * - `halt`: it must not run, but what it wrote is still of interest.
 * - `restart`: remove it, forget its crashes, and begin anew.
 * - `start`: make it run, then as `attend`.
 * - `attend`: it runs; wait until it serves, and record where.
 * - `crash`: a run has ended that should not have.
 * - `sleep`: send calls to wake it; it rests once they are.
 * - `rest`: it sleeps; keep it so that a wake is quick.
 * - `stop`: record that it shall not run, and why.
 */
export type Action =
  | { readonly kind: 'remove' | 'halt' | 'restart' | 'start' | 'sleep' | 'rest'; readonly instanceId: string }
  | { readonly kind: 'attend' | 'crash'; readonly instanceId: string; readonly observed: ObservedWorkload }
  | { readonly kind: 'stop'; readonly instanceId: string; readonly headline: string };

/** Until then gateways have heard that it sleeps, so that no call is cut off. */
export const settleMs = 3_000;

export const outdated =
  'Its catalogue entry has a newer version in this release. Restart it to use that: mcpnest hosted restart';

/**
 * What is to be done now. Pure: the same states give the same steps, at most one for each instance, and none where all
 * is as it shall be.
 * @param observed everything the runtime has of this installation; what nobody wants is removed
 */
export function plan(
  desired: readonly DesiredWorkload[],
  observed: readonly ObservedWorkload[],
  now: number,
): readonly Action[] {
  const wanted = new Set(desired.map(({ instanceId }) => instanceId));
  const found = new Map(observed.map((workload) => [workload.instanceId, workload]));
  const orphans = [...found.keys()].filter((instanceId) => !wanted.has(instanceId));
  return [
    ...orphans.map((instanceId): Action => ({ kind: 'remove', instanceId })),
    ...desired.flatMap((one) => step(one, found.get(one.instanceId), now) ?? []),
  ];
}

function step(one: DesiredWorkload, observed: ObservedWorkload | undefined, now: number): Action | undefined {
  const { instanceId, blocked, recorded } = one;
  if (blocked !== null) {
    if (recorded.state !== 'stopped' || recorded.headline !== blocked)
      return { kind: 'stop', instanceId, headline: blocked };
    return observed === undefined ? undefined : { kind: 'remove', instanceId };
  }
  if (recorded.restartsDone < one.restarts) return { kind: 'restart', instanceId };
  if (recorded.state === 'sleeping') return stepSleeping(one, observed, now);
  if (recorded.state === 'failed') {
    return observed === undefined || observed.state === 'exited' ? undefined : { kind: 'halt', instanceId };
  }
  if (observed?.state === 'running') return stepRunning(one, observed, now);
  if (observed?.state === 'exited' && !isCounted(recorded, observed)) return { kind: 'crash', instanceId, observed };
  return recorded.retryAt !== null && recorded.retryAt > now ? undefined : start(one, observed);
}

function stepSleeping(one: DesiredWorkload, observed: ObservedWorkload | undefined, now: number): Action | undefined {
  const { instanceId, specHash, recorded, pausedUntil } = one;
  if (one.woken) return start(one, observed);
  if (observed === undefined || now - recorded.since < settleMs) return undefined;
  // One that could not go on as it is would have to be replaced anyway.
  const kept = now < pausedUntil && observed.specHash === specHash;
  if (kept && observed.state === 'paused') return undefined;
  return { kind: kept && observed.state === 'running' ? 'rest' : 'remove', instanceId };
}

function stepRunning(one: DesiredWorkload, observed: ObservedWorkload, now: number): Action | undefined {
  const { instanceId, specHash, recorded, sleepsAt } = one;
  if (specHash !== null && observed.specHash !== specHash) return { kind: 'start', instanceId };
  if (recorded.state !== 'running' || !sameEndpoint(recorded.endpoint, observed.endpoint))
    return { kind: 'attend', instanceId, observed };
  return sleepsAt !== null && sleepsAt <= now ? { kind: 'sleep', instanceId } : undefined;
}

function start(one: DesiredWorkload, observed: ObservedWorkload | undefined): Action | undefined {
  const { instanceId, specHash, recorded } = one;
  if (specHash !== null) return { kind: 'start', instanceId };
  if (recorded.state === 'stopped' && recorded.headline === outdated)
    return observed?.state === 'paused' ? { kind: 'remove', instanceId } : undefined;
  return { kind: 'stop', instanceId, headline: outdated };
}

/** Whether the end of this run has been recorded before. */
export const isCounted = ({ crashes }: RecordedWorkload, { startedAt }: ObservedWorkload): boolean =>
  crashes.some(({ run }) => run === (startedAt ?? 'never'));

const sameEndpoint = (a: Endpoint | null, b: Endpoint | null): boolean => a?.host === b?.host && a?.port === b?.port;
