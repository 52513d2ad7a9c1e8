import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isoTime, type Clock } from '../clock.ts';

/** What the clock looks like, and why nothing is deleted by it, if so. */
export interface ClockReading {
  readonly now: number;
  /** How far the wall clock was moved since the process began, as far as the monotonic clock can tell; milliseconds. */
  readonly driftMs: number;
  readonly withheld: string | undefined;
}

export interface ClockCheck {
  /** @param newest time of the row that was written last, milliseconds */
  read(newest: number | undefined): ClockReading;
  /** Day (UTC) of the last run; empty before the first. */
  ranOn(): string;
  /** Remember the time, and the day of a run. */
  remember(now: number, ranOn: string): void;
}

interface State {
  /** Latest wall clock seen, milliseconds. */
  readonly seenAt: number;
  /** Day of the last run, `YYYY-MM-DD`. */
  readonly ranOn: string;
}

/** How far wall clock and monotonic clock may drift apart before the wall clock counts as set. */
const driftMs = 5 * 60_000;

/**
 * The clock is not believed blindly: it must not be behind what was seen before or behind the row written last, and must
 * not have been set while the process ran.
 * @param file remembers the latest time seen across starts
 */
export function createClockCheck(clock: Clock, file: string): ClockCheck {
  const startedAt = clock.now();
  const startedTicks = clock.monotonic();

  function reasonAgainst(now: number, drift: number, newest: number | undefined): string | undefined {
    const { seenAt } = readState(file);
    if (Math.abs(drift) > driftMs)
      return `the clock was set by ${Math.round(drift / 1000)} s while running; restart once it is right`;
    if (now < seenAt)
      return `the clock is behind ${isoTime(seenAt)}, which was seen before; if it is right now, delete retention.json in the journal's folder`;
    if (newest !== undefined && newest > now + driftMs)
      return `the newest row is of ${isoTime(newest)}, later than now`;
    return undefined;
  }

  return {
    read(newest) {
      const now = clock.now();
      const drift = now - startedAt - (clock.monotonic() - startedTicks);
      return { now, driftMs: Math.round(drift), withheld: reasonAgainst(now, drift, newest) };
    },
    ranOn: () => readState(file).ranOn,
    remember: (now, ranOn) => writeState(file, { seenAt: now, ranOn }),
  };
}

function readState(file: string): State {
  try {
    const state = JSON.parse(readFileSync(file, 'utf8')) as Partial<State>;
    return { seenAt: Number(state.seenAt) || 0, ranOn: String(state.ranOn) };
  } catch {
    // Missing or unreadable: as if it had never run; the other checks still hold.
    return { seenAt: 0, ranOn: '' };
  }
}

function writeState(file: string, state: State): void {
  writeFileSync(`${file}.new`, JSON.stringify(state), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
