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

/** The same for times that mostly come in order, many of them in one second: what they share is written once. */
export function isoTimes(): (milliseconds: number) => string {
  let second = Number.NaN;
  let start = '';
  let last = Number.NaN;
  let iso = '';
  return (milliseconds) => {
    if (milliseconds === last) return iso;
    const whole = Math.floor(milliseconds);
    const began = Math.floor(whole / 1000);
    if (began !== second) {
      start = isoTime(began * 1000).slice(0, -'000Z'.length);
      second = began;
    }
    const rest = whole - began * 1000;
    last = milliseconds;
    return (iso = `${start}${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}Z`);
  };
}
