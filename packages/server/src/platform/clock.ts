/** Time, injected wherever it matters so that tests can move it. The only file that reads the system clock. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch. */
  now(): number;
  /** Milliseconds from an arbitrary start, never going back; for durations. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

/** ISO 8601 in UTC with milliseconds, the form of every stored time: it sorts as text. */
export const isoTime = (milliseconds: number): string => new Date(milliseconds).toISOString();
