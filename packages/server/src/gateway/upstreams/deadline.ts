import type { Clock } from '../../platform/clock.ts';
import { UpstreamFault } from './fault.ts';

/** What is given up when time has run out. */
export interface Late {
  late(): void;
}

/** A person may think about a question this long, all questions of one request together. */
const mostPausedMs = 10 * 60_000;

/**
 * How long one request may still take. Patience is for silence: progress renews it, though never past the latest
 * moment, and while a person is being asked something the clock stands still, for ten minutes in all.
 */
export class Deadline {
  readonly #clock: Clock;
  readonly #patienceMs: number;
  /** Monotonic milliseconds when patience ends, and when it ends whatever progress there is. */
  #until: number;
  #latest: number;
  #pausedAt: number | undefined;
  #pauseLeftMs = mostPausedMs;
  #timer: NodeJS.Timeout | undefined;
  #waiting: Late | undefined;

  /**
   * @param latestMs milliseconds until the end, progress or not; at least `patienceMs`
   * @param now monotonic milliseconds when it begins
   */
  constructor(clock: Clock, patienceMs: number, latestMs = patienceMs, now = clock.monotonic()) {
    this.#clock = clock;
    this.#patienceMs = patienceMs;
    this.#until = now + patienceMs;
    this.#latest = now + Math.max(latestMs, patienceMs);
  }

  /** Milliseconds left, at least 1. */
  get left(): number {
    const now = this.#clock.monotonic();
    return Math.max(1, this.#pausedAt === undefined ? this.#until - now : this.#pausedAt + this.#pauseLeftMs - now);
  }

  /** Whether a person is being waited for. */
  get paused(): boolean {
    return this.#pausedAt !== undefined;
  }

  /** From now on it is this that is given up. */
  arm(waiting: Late): void {
    this.#waiting = waiting;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(ring, this.left, this);
  }

  /** Nothing is waited for any more, or not yet again. */
  disarm(): void {
    clearTimeout(this.#timer);
    this.#waiting = undefined;
  }

  progress(): void {
    this.#until = Math.max(this.#until, Math.min(this.#clock.monotonic() + this.#patienceMs, this.#latest));
    this.#rearm();
  }

  pause(): void {
    if (this.#pausedAt !== undefined) return;
    this.#pausedAt = this.#clock.monotonic();
    this.#rearm();
  }

  resume(): void {
    if (this.#pausedAt === undefined) return;
    const ms = this.#clock.monotonic() - this.#pausedAt;
    this.#pausedAt = undefined;
    this.#pauseLeftMs -= ms;
    this.#until += ms;
    this.#latest += ms;
    this.#rearm();
  }

  /**
   * Wait for something that is shared with others, no longer than this allows.
   * @throws UpstreamFault `timeout`
   */
  async within<T>(shared: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new UpstreamFault('timeout', 'the handshake takes too long')), this.left);
    });
    try {
      return await Promise.race([shared, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #rearm(): void {
    if (this.#waiting !== undefined) this.arm(this.#waiting);
  }

  /** For the timer. */
  ring(): void {
    this.#waiting?.late();
  }
}

/** One function for all timers, so that a call makes none of its own. */
const ring = (deadline: Deadline): void => deadline.ring();
