import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { rpcStatus } from '../rpc-error.ts';
import { EventStream } from './event-stream.ts';
import type { StreamKeeper } from './stream-keeper.ts';

/** Ended streams a session can still resume. */
const mostEnded = 32;

/** The event streams of one legacy session: one for each request that needed one, and the standalone one. */
export class SessionStreams {
  readonly #keeper: StreamKeeper;
  readonly #primed: boolean;
  readonly #onOver: (stream: EventStream) => void;
  readonly #byName = new Map<string, EventStream>();
  /** Begins every event id, so that an id of another session means nothing here. */
  #tag: string | undefined;
  #count = 0;
  #standalone: EventStream | undefined;

  /** @param onOver told of each stream on which nothing more will be said */
  constructor(keeper: StreamKeeper, version: string, onOver: (stream: EventStream) => void) {
    this.#keeper = keeper;
    this.#primed = version >= '2025-11-25';
    this.#onOver = onOver;
  }

  /** The stream that belongs to no request, once a client has opened it; it may be without a connection. */
  get standalone(): EventStream | undefined {
    return this.#standalone;
  }

  /** Begin a stream on a response whose head has been written. */
  open(res: ServerResponse): EventStream {
    this.#tag ??= randomBytes(6).toString('base64url');
    const stream = new EventStream(`${this.#tag}.${++this.#count}`, this.#primed, {
      take: (bytes) => this.#keeper.take(bytes),
      give: (bytes) => this.#keeper.give(bytes),
      over: (over) => this.#over(over),
    });
    this.#byName.set(stream.name, stream);
    stream.begin(res);
    return stream;
  }

  /**
   * Begin the standalone stream. One that is there already is ended: more likely than a second reader is a client
   * whose connection died unnoticed, and refusing it would lock it out until the death is noticed.
   */
  openStandalone(res: ServerResponse): EventStream {
    const before = this.#standalone;
    this.#standalone = this.open(res);
    before?.end();
    return this.#standalone;
  }

  /**
   * The stream of an event, and the event's number in it.
   * @throws RpcError with HTTP 400 for an id that is unknown or too old, or of a stream with nothing left to say. Not
   *   404, by which a client would take the whole session for lost, and no fresh stream, by which it would take what
   *   it missed for never said.
   */
  find(lastEventId: string): { stream: EventStream; seq: number } {
    const at = lastEventId.lastIndexOf('.');
    const stream = this.#byName.get(lastEventId.slice(0, at));
    const number = lastEventId.slice(at + 1);
    const seq = /^(?:0|[1-9]\d{0,14})$/.test(number) ? Number(number) : Infinity;
    if (stream === undefined || !stream.holds(seq)) {
      throw rpcStatus(
        400,
        'Nothing is kept after this event id. Repeat the request it belonged to; for the standalone stream, send GET without Last-Event-ID.',
      );
    }
    return { stream, seq };
  }

  /** The session is over. */
  close(): void {
    for (const stream of this.#byName.values()) {
      stream.end();
      this.#drop(stream);
    }
  }

  #over(stream: EventStream): void {
    this.#onOver(stream);
    this.#keeper.retire(stream, () => this.#byName.delete(stream.name));
    let ended = 0;
    for (const candidate of this.#byName.values()) if (candidate.ended) ended++;
    for (const candidate of this.#byName.values()) {
      if (ended <= mostEnded) break;
      if (!candidate.ended) continue;
      this.#drop(candidate);
      ended--;
    }
  }

  #drop(stream: EventStream): void {
    this.#byName.delete(stream.name);
    this.#keeper.forgotten(stream);
    stream.forget();
  }
}
