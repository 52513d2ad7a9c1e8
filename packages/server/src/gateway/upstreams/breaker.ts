import type { Clock } from '../../platform/clock.ts';

/** `closed`: calls pass; `open`: none; `half-open`: one probe finds out. */
export type BreakerState = 'closed' | 'open' | 'half-open';

const consecutiveToOpen = 5;
const windowSize = 20;
const windowFailures = 10;
const firstPauseMs = 1_000;
const longestPauseMs = 30_000;

/**
 * Leaves a failing upstream alone: opens at 5 failures in a row or 10 of the last 20, lets one probe through after
 * a pause that doubles from 1 s to 30 s (with jitter, so that gateways do not return together), closes on success.
 */
export class Breaker {
  readonly #clock: Clock;
  readonly #recent: boolean[] = [];
  /** Of the recent ones. */
  #failed = 0;
  #inRow = 0;
  #pauseMs = firstPauseMs;
  #openUntil = 0;
  #state: BreakerState = 'closed';

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** @returns 0 when a call may pass, otherwise the milliseconds until one may */
  admit(): number {
    if (this.#state === 'closed') return 0;
    const wait = this.#openUntil - this.#clock.monotonic();
    if (wait > 0) return Math.ceil(wait);
    this.#state = 'half-open';
    // The next probe after another pause, should this one never report back.
    this.#openUntil = this.#clock.monotonic() + this.#pauseMs;
    return 0;
  }

  success(): void {
    this.#inRow = 0;
    this.#remember(true);
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#pauseMs = firstPauseMs;
    this.#recent.length = 0;
    this.#failed = 0;
  }

  /** @param pauseMs a pause the upstream itself asked for */
  failure(pauseMs?: number): void {
    this.#inRow++;
    this.#remember(false);
    if (this.#state === 'open' && pauseMs === undefined) return;
    const full = this.#recent.length === windowSize && this.#failed >= windowFailures;
    if (this.#state === 'closed' && this.#inRow < consecutiveToOpen && !full && pauseMs === undefined) return;
    if (this.#state === 'half-open') this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
    this.#state = 'open';
    const pause = Math.max(pauseMs ?? 0, this.#pauseMs * (0.75 + Math.random() / 2));
    this.#openUntil = this.#clock.monotonic() + pause;
  }

  #remember(ok: boolean): void {
    // One more of what they all are changes nothing, and nearly every call is that.
    if (ok && this.#failed === 0 && this.#recent.length === windowSize) return;
    this.#recent.push(ok);
    if (!ok) this.#failed++;
    if (this.#recent.length > windowSize && this.#recent.shift() === false) this.#failed--;
  }
}
