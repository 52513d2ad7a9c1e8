import type { Kysely } from 'kysely';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { writeTokenLastUse, type GatewayTables } from './store.ts';

/** How exact the time of a token's last use is, and how often it is written at most. */
const writeEveryMs = 60_000;

/**
 * When each token was last used. Noted in memory with every message and written once a minute, all in one transaction:
 * a call costs one entry of a map and the database nothing. The tokens are those of the snapshots, so their number is
 * bounded.
 */
export class LastUse {
  readonly #db: Kysely<GatewayTables>;
  readonly #clock: Clock;
  readonly #log: Log;
  /** Since the last write; by token, on the monotonic clock. */
  #used = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;

  constructor(deps: { db: Kysely<GatewayTables>; clock: Clock; log: Log }) {
    this.#db = deps.db;
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  start(): void {
    this.#timer = setInterval(() => void this.flush(), writeEveryMs);
    this.#timer.unref();
  }

  /** @param at on the monotonic clock, which the request has read already */
  note(tokenId: string, at: number): void {
    this.#used.set(tokenId, at);
  }

  /** Write what was noted. Never rejects: what cannot be written now is kept for the next time. */
  async flush(): Promise<void> {
    await this.#writing;
    this.#writing = this.#write();
    await this.#writing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  async #write(): Promise<void> {
    if (this.#used.size === 0) return;
    const used = this.#used;
    this.#used = new Map();
    const epoch = this.#clock.now() - this.#clock.monotonic();
    const rows = [...used].map(([tokenId, at]) => ({ tokenId, usedAt: epoch + at }));
    try {
      await writeTokenLastUse(this.#db, rows);
    } catch (error) {
      this.#log.warn({ err: error }, 'last uses cannot be written');
      for (const [tokenId, at] of used) if (!this.#used.has(tokenId)) this.#used.set(tokenId, at);
    }
  }
}
