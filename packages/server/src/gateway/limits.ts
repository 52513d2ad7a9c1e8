import { AppError } from '../domain/errors.ts';
import type { Clock } from '../platform/clock.ts';

/**
 * Token buckets on the monotonic clock: `perMinute` tokens refill evenly, a full bucket holds one minute's worth.
 * Buckets of callers that went away are swept, so a flood of distinct keys stays bounded.
 */
export class RateLimits {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, { tokens: number; at: number; perMinute: number }>();
  #sweptAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Take one token.
   * @param perMinute null = no ceiling
   * @param now monotonic milliseconds
   * @returns 0, or the milliseconds until a token is there
   */
  take(key: string, perMinute: number | null, now = this.#clock.monotonic()): number {
    if (perMinute === null) return 0;
    this.#sweep(now);
    let bucket = this.#buckets.get(key);
    if (bucket === undefined || bucket.perMinute !== perMinute) {
      bucket = { tokens: perMinute, at: now, perMinute };
      this.#buckets.set(key, bucket);
    }
    bucket.tokens = Math.min(perMinute, bucket.tokens + ((now - bucket.at) * perMinute) / 60_000);
    bucket.at = now;
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return 0;
    }
    return Math.ceil(((1 - bucket.tokens) * 60_000) / perMinute);
  }

  get size(): number {
    return this.#buckets.size;
  }

  #sweep(now: number): void {
    if (now - this.#sweptAt >= 60_000) {
      this.#sweptAt = now;
      for (const [key, bucket] of this.#buckets) if (now - bucket.at >= 60_000) this.#buckets.delete(key);
    }
    if (this.#buckets.size < maxBuckets) return;
    // An attack with distinct keys. The oldest tenth goes at once, so that the work per call stays constant.
    let surplus = maxBuckets / 10;
    for (const key of this.#buckets.keys()) {
      if (surplus-- <= 0) break;
      this.#buckets.delete(key);
    }
  }
}

const maxBuckets = 50_000;

/** A budget that calls are taken from: its name as settings have it, and what it counts in words for the caller. */
export interface Budget {
  readonly name: string;
  readonly what: string;
}

/** A limit is exhausted. */
export const rateLimited = ({ name, what }: Budget, retryAfterMs: number): AppError =>
  new AppError('rate_limited', `The limit of ${what} is exhausted; retry in ${Math.ceil(retryAfterMs / 1000)} s.`, {
    retryAfterMs,
    limit: name,
  });

/** Counts calls in flight per key and refuses more than a ceiling. */
export class Concurrency {
  readonly #counters = new Map<string, { running: number }>();

  /** @returns what ends the stay, or undefined when `max` are running already */
  enter(key: string, max: number): (() => void) | undefined {
    let counter = this.#counters.get(key);
    if (counter === undefined) {
      if (this.#counters.size >= maxBuckets) this.#sweep();
      counter = { running: 0 };
      this.#counters.set(key, counter);
    }
    if (counter.running >= max) return undefined;
    counter.running++;
    const entered = counter;
    return () => {
      entered.running--;
    };
  }

  /** Counters at zero stay for the next call; they go only when there are too many. */
  #sweep(): void {
    for (const [key, counter] of this.#counters) if (counter.running === 0) this.#counters.delete(key);
  }
}
