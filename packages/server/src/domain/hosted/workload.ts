/** How the orchestrator last saw an instance. What calls to it have shown is not part of it: see `shownState`. */
export type WorkloadState = 'pending' | 'pulling' | 'starting' | 'running' | 'sleeping' | 'stopped' | 'failed';

/** The same with what calls have shown. */
export type ShownState = WorkloadState | 'degraded';

/** The states an instance may come into from each. Nothing follows its end, which leaves no record. */
const following: Readonly<Record<WorkloadState, readonly WorkloadState[]>> = {
  pending: ['pulling', 'starting', 'stopped', 'failed'],
  pulling: ['pending', 'starting', 'stopped', 'failed'],
  starting: ['pending', 'pulling', 'running', 'stopped', 'failed'],
  running: ['pending', 'starting', 'sleeping', 'stopped', 'failed'],
  sleeping: ['pending', 'pulling', 'starting', 'stopped'],
  stopped: ['pending', 'pulling', 'starting'],
  failed: ['pending', 'stopped'],
};

/** Whether a state may follow another; staying in one is no transition. */
export const mayFollow = (from: WorkloadState, to: WorkloadState): boolean =>
  from === to || following[from].includes(to);

/** States in which an instance is on its way to running. */
export const isOnItsWay = (state: WorkloadState): boolean =>
  state === 'pending' || state === 'pulling' || state === 'starting';

/** Whether a call may wait for an instance: a sleeping one is woken by it. One that is left alone after a crash is not waited for. */
export const wakes = (state: WorkloadState, retryAt: string | null): boolean =>
  state === 'sleeping' || (isOnItsWay(state) && retryAt === null);

/** A running instance whose calls fail is degraded. @param health as the gateway recorded it */
export const shownState = (state: WorkloadState, health: string | undefined): ShownState =>
  state === 'running' && (health === 'degraded' || health === 'down') ? 'degraded' : state;

/** One crash: when it was seen, and which run of the container it ended (null: it did not come to run). */
export interface Crash {
  readonly at: string;
  readonly run: string | null;
}

/** Crashes within this long count together. */
const crashWindowMs = 10 * 60_000;
/** So many of them, and it is not tried again by itself. */
const mostCrashes = 5;
const firstBackoffMs = 1_000;
const longestBackoffMs = 5 * 60_000;

/** Crashes that still count at a moment. */
export const recentCrashes = (crashes: readonly Crash[], now: number): Crash[] =>
  crashes.filter(({ at }) => now - Date.parse(at) < crashWindowMs).slice(-mostCrashes);

/**
 * What follows from a crash.
 * @returns when to try again, in milliseconds since the epoch; null: not by itself
 */
export function afterCrash(
  before: readonly Crash[],
  crash: Crash,
): { readonly crashes: Crash[]; readonly retryAt: number | null } {
  const now = Date.parse(crash.at);
  const crashes = [...recentCrashes(before, now), crash];
  if (crashes.length >= mostCrashes) return { crashes, retryAt: null };
  return { crashes, retryAt: now + Math.min(firstBackoffMs * 2 ** (crashes.length - 1), longestBackoffMs) };
}

/** Under this name a hosted server stands in the list of servers; nobody resolves it (RFC 2606) and nobody dials it. */
export const hostedHost = (instanceId: string): string => `${instanceId}.hosted.invalid`;

/** URL of a hosted server, for as long as it has its instance: it stays the same wherever that runs. */
export const hostedUrl = (instanceId: string): string => `http://${hostedHost(instanceId)}/mcp`;
