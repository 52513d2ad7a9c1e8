import type { Clock } from '../../platform/clock.ts';

/** How a first call ended, as far as its repeats are concerned. */
export type Ended =
  /** Its answer: a whole JSON-RPC message of the upstream. */
  | { readonly kind: 'answered'; readonly bytes: Buffer }
  /** It was answered, and the answer is not kept. */
  | { readonly kind: 'dropped' }
  /** It may have taken effect. */
  | { readonly kind: 'unknown' }
  /** It took no effect: what it failed with. Only those hear of it who waited; the next is a first again. */
  | { readonly kind: 'failed'; readonly error: unknown };

/** A first call, under way or ended. */
export interface FirstCall {
  readonly callId: string;
  /** When it came, milliseconds since the epoch. */
  readonly at: number;
  /** Undefined while it runs. */
  readonly ended: Ended | undefined;
  /** Wait for its end. @returns undefined when it takes longer, or too many wait */
  wait(timeoutMs: number): Promise<Ended | undefined>;
}

/** What the call that came first does with its claim. The first of `settle` and `abandon` counts. */
export interface Claim {
  settle(ended: Ended): void;
  /** Nothing was sent. */
  abandon(error: unknown): void;
}

export interface ReplayLimits {
  /** Bytes of one answer. */
  readonly mostBytes: number;
  /** Bytes of all answers; past it the answers used least recently are dropped, and the calls stay known. */
  readonly mostBytesInAll: number;
  /** Calls known of one caller; past it the caller's oldest that have ended are forgotten. */
  readonly mostPerCaller: number;
  readonly mostInAll: number;
  /** Repeats that wait for one call. */
  readonly mostWaiting: number;
}

const defaultLimits: ReplayLimits = {
  mostBytes: 256 * 1024,
  mostBytesInAll: 16 * 1024 * 1024,
  mostPerCaller: 1_000,
  mostInAll: 20_000,
  mostWaiting: 256,
};

/** Calls that a repeat may meet, in the memory of this process and nowhere else. */
export class ReplayMemory {
  readonly #clock: Clock;
  readonly #limits: ReplayLimits;
  /** By key, in the order they came. */
  readonly #entries = new Map<string, Entry>();
  readonly #perCaller = new Map<string, Set<Entry>>();
  /** Those with an answer, the one used least recently first. */
  readonly #answered = new Set<Entry>();
  #bytes = 0;

  constructor(clock: Clock, limits: Partial<ReplayLimits> = {}) {
    this.#clock = clock;
    this.#limits = { ...defaultLimits, ...limits };
  }

  /** The first call of a key, while its window lasts. One that runs is known for as long as it does. */
  find(key: string): FirstCall | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.ended !== undefined && entry.until <= this.#clock.monotonic()) {
      this.#forget(entry);
      return undefined;
    }
    if (this.#answered.delete(entry)) this.#answered.add(entry);
    return entry;
  }

  /**
   * Enter a call as the first of its key; there must be none.
   * @param caller whose share of the memory it takes
   */
  claim(key: string, caller: string, first: Pick<FirstCall, 'callId' | 'at'>, windowMs: number): Claim {
    this.#makeRoom(caller);
    const until = this.#clock.monotonic() + windowMs;
    const entry = new Entry(key, caller, first, until, this.#limits.mostWaiting);
    this.#entries.set(key, entry);
    const mine = this.#perCaller.get(caller);
    if (mine === undefined) this.#perCaller.set(caller, new Set([entry]));
    else mine.add(entry);
    return {
      settle: (ended) => this.#settle(entry, ended),
      abandon: (error) => this.#settle(entry, { kind: 'failed', error }),
    };
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Bytes of answers kept. */
  get bytes(): number {
    return this.#bytes;
  }

  #settle(entry: Entry, ended: Ended): void {
    if (entry.ended !== undefined) return;
    if (ended.kind === 'failed') this.#forget(entry);
    if (ended.kind !== 'answered') return entry.end(ended);
    const { length } = ended.bytes;
    if (length > this.#limits.mostBytes) return entry.end({ kind: 'dropped' });
    // Copied, since an answer may be a piece of something much larger.
    entry.end({ kind: 'answered', bytes: Buffer.from(ended.bytes) });
    this.#answered.add(entry);
    this.#bytes += length;
    for (const oldest of this.#answered) {
      if (this.#bytes <= this.#limits.mostBytesInAll) break;
      this.#drop(oldest);
    }
  }

  #drop(entry: Entry): void {
    if (!this.#answered.delete(entry) || entry.ended?.kind !== 'answered') return;
    this.#bytes -= entry.ended.bytes.length;
    entry.ended = { kind: 'dropped' };
  }

  #forget(entry: Entry): void {
    this.#drop(entry);
    if (this.#entries.get(entry.key) === entry) this.#entries.delete(entry.key);
    const mine = this.#perCaller.get(entry.caller);
    mine?.delete(entry);
    if (mine?.size === 0) this.#perCaller.delete(entry.caller);
  }

  /** What is over its window goes first, wherever that is cheap to see; then the oldest that have ended. */
  #makeRoom(caller: string): void {
    const now = this.#clock.monotonic();
    for (const entry of this.#entries.values()) {
      if (entry.ended === undefined || entry.until > now) break;
      this.#forget(entry);
    }
    const mine = this.#perCaller.get(caller);
    if (mine !== undefined && mine.size >= this.#limits.mostPerCaller) this.#forgetOldest(mine);
    if (this.#entries.size >= this.#limits.mostInAll) this.#forgetOldest(this.#entries.values());
  }

  #forgetOldest(entries: Iterable<Entry>): void {
    for (const entry of entries) {
      if (entry.ended === undefined) continue;
      this.#forget(entry);
      return;
    }
  }
}

class Entry implements FirstCall {
  readonly key: string;
  readonly caller: string;
  readonly callId: string;
  readonly at: number;
  /** Monotonic milliseconds. */
  readonly until: number;
  ended: Ended | undefined;
  readonly #mostWaiting: number;
  readonly #waiting = new Set<(ended: Ended | undefined) => void>();

  constructor(
    key: string,
    caller: string,
    first: Pick<FirstCall, 'callId' | 'at'>,
    until: number,
    mostWaiting: number,
  ) {
    this.key = key;
    this.caller = caller;
    this.callId = first.callId;
    this.at = first.at;
    this.until = until;
    this.#mostWaiting = mostWaiting;
  }

  end(ended: Ended): void {
    this.ended = ended;
    for (const wake of this.#waiting) wake(ended);
    this.#waiting.clear();
  }

  wait(timeoutMs: number): Promise<Ended | undefined> {
    if (this.ended !== undefined || this.#waiting.size >= this.#mostWaiting) return Promise.resolve(this.ended);
    return new Promise((resolve) => {
      const wake = (ended: Ended | undefined): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve(ended);
      };
      const timer = setTimeout(() => wake(undefined), timeoutMs);
      this.#waiting.add(wake);
    });
  }
}
