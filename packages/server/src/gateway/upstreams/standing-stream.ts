import type { Clock } from '../../platform/clock.ts';
import { Backoff } from './backoff.ts';
import type { EventStream, StreamEnd, StreamHearer } from './event-stream.ts';

/** Who waits for a stream to be open waits no longer: an upstream may send no head before it has something to say. */
const readyPatienceMs = 2_000;

export interface StandingStreamDeps {
  readonly clock: Clock;
  /** @param lastEventId where to go on */
  readonly open: (lastEventId: string | undefined, hearer: StreamHearer) => EventStream;
  readonly event: (data: Buffer) => void;
  /** The stream was opened again after it had been lost: something may have been missed. */
  readonly missed?: () => void;
  /** Whether it is worth trying again. */
  readonly ended: (end: StreamEnd) => boolean;
}

/** A stream that is opened again whenever it ends, until it is closed or the upstream says it has none. */
export class StandingStream {
  readonly #deps: StandingStreamDeps;
  readonly #backoff = new Backoff();
  #stream: EventStream | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ready: PromiseWithResolvers<void> | undefined;
  #lastEventId: string | undefined;
  #openedAt = 0;
  #lost = false;
  /** There is none to be had. */
  #none = false;

  constructor(deps: StandingStreamDeps) {
    this.#deps = deps;
  }

  /** Whether nothing is gained by waiting for it: it is open, will be tried again by itself, or there is none. */
  get settled(): boolean {
    const isOpen = this.#stream !== undefined && this.#ready === undefined;
    return isOpen || this.#timer !== undefined || this.#none;
  }

  /** Have it open, or find out that there is none; waits two seconds at most. */
  async open(): Promise<void> {
    if (this.settled) return;
    if (this.#stream === undefined) this.#begin();
    const ready = this.#ready?.promise;
    if (ready === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, readyPatienceMs)));
    await Promise.race([ready, patience]);
    clearTimeout(timer);
    // Who comes next need not wait for a head that may never come.
    this.#settle();
  }

  /** It can be opened again. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.abort('closed');
    this.#settle();
  }

  #begin(): void {
    this.#timer = undefined;
    this.#openedAt = this.#deps.clock.monotonic();
    this.#ready ??= Promise.withResolvers<void>();
    const resumed = this.#lastEventId !== undefined;
    const stream: EventStream = this.#deps.open(this.#lastEventId, {
      opened: () => {
        this.#settle();
        if (this.#lost && !resumed) this.#deps.missed?.();
        this.#lost = false;
      },
      event: this.#deps.event,
      ended: (end) => {
        if (this.#stream === stream) this.#ended(end);
      },
    });
    this.#stream = stream;
  }

  #ended(end: StreamEnd): void {
    this.#stream = undefined;
    this.#lost = true;
    this.#settle();
    // What an upstream refuses to go on from would be refused again; perhaps it begins anew.
    const refusedToGoOn = end.status !== undefined && this.#lastEventId !== undefined;
    this.#lastEventId = end.status === undefined ? (end.position.eventId ?? this.#lastEventId) : undefined;
    if (!this.#deps.ended(end) && !refusedToGoOn) {
      this.#none = true;
      return;
    }
    const ms = this.#backoff.next(this.#deps.clock.monotonic() - this.#openedAt, end.position.retryMs);
    this.#timer = setTimeout(() => this.#begin(), ms).unref();
  }

  #settle(): void {
    this.#ready?.resolve();
    this.#ready = undefined;
  }
}

/** Statuses with which an upstream says that it keeps no such stream. */
const noStream: ReadonlySet<number> = new Set([400, 404, 405, 406, 501]);

/** Whether a stream that ended so may be had another time. */
export const mayReturn = ({ status }: StreamEnd): boolean => status === undefined || !noStream.has(status);
