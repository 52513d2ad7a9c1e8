import type { ServerResponse } from 'node:http';
import { byteString, type ByteString } from '../../platform/byte-string.ts';
import { rpcCode } from '../../domain/protocol.ts';
import { eventText, primingEvent, writeEvent } from './event.ts';

/** Events a stream keeps for a client that lost its connection, and their bytes. */
export const ringLimits = { events: 64, bytes: 256 * 1024 } as const;
/** What a client of 2025-11-25 waits before it resumes. */
const retryMs = 1_000;

/** Who lends a stream its memory and hears of its end. */
export interface StreamOwner {
  /** @returns false when too much is kept already; nothing is taken then */
  take(bytes: number): boolean;
  give(bytes: number): void;
  /** Nothing more will be said on the stream. */
  over(stream: EventStream): void;
}

/**
 * One stream of a legacy session (2025-11-25, transports "Resumability and Redelivery"). It outlives the connections
 * that carry it: what was said is kept, within bounds, and a client that comes back with the id of the last event it
 * saw gets the later ones. The same ring is the queue of a client that reads slowly, so that nothing else has to be.
 */
export class EventStream {
  /** Begins every event id of this stream. */
  readonly name: string;
  readonly #owner: StreamOwner;
  readonly #primed: boolean;
  /** Ascending, without gaps, and ending with the newest unless that could not be kept. */
  #kept: { readonly seq: number; readonly text: ByteString }[] = [];
  #keptBytes = 0;
  /** Number of the newest event. */
  #newest = 0;
  #res: ServerResponse | undefined;
  /** Number of the last event given to the connection. */
  #sent = 0;
  #ended = false;

  /** @param primed whether the client's revision knows events without data (since 2025-11-25) */
  constructor(name: string, primed: boolean, owner: StreamOwner) {
    this.name = name;
    this.#primed = primed;
    this.#owner = owner;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The connection that carries it at the moment. */
  get client(): ServerResponse | undefined {
    return this.#res;
  }

  /** Carry the stream from its beginning on a response whose head has been written. */
  begin(res: ServerResponse): void {
    if (this.#primed) res.write(primingEvent(this.#id(0), retryMs), 'latin1');
    this.#carry(res, 0);
  }

  /** Whether everything after an event is still there, and there is or will be something. */
  holds(seq: number): boolean {
    if (seq > this.#newest || (this.#ended && seq === this.#newest)) return false;
    return seq === this.#newest || (this.#kept[0] !== undefined && this.#kept[0].seq <= seq + 1);
  }

  /** Go on after an event on another connection; one that is still open is ended, for its client has left it. */
  resume(res: ServerResponse, after: number): void {
    const before = this.#res;
    this.#carry(res, after);
    before?.end();
    this.#flush();
    if (this.#ended) this.#leave();
  }

  /**
   * Say something before the answer. What a client has not read when the ring is full is lost.
   * @returns false when it cannot be said: the stream has ended, or the ring could never hold it
   */
  send(message: ByteString): boolean {
    if (this.#ended || message.length > ringLimits.bytes / 2) return false;
    const res = this.#res;
    const direct = res !== undefined && this.#sent === this.#newest && !res.writableNeedDrain;
    const seq = ++this.#newest;
    const text = eventText(message, this.#id(seq));
    this.#keep(seq, text);
    if (direct) {
      res.write(text, 'latin1');
      this.#sent = seq;
    }
    return true;
  }

  /**
   * Say the last thing and end.
   * @param idText of the request, for the error that stands in for an answer too large to be kept
   */
  answer(message: ByteString | readonly Buffer[], idText: string): void {
    if (this.#ended) return;
    const res = this.#res;
    this.#flush();
    const seq = ++this.#newest;
    const id = this.#id(seq);
    const text = typeof message === 'string' ? eventText(message, id) : undefined;
    this.#keep(seq, text === undefined || text.length > ringLimits.bytes ? eventText(notKept(idText), id) : text);
    if (res !== undefined) {
      if (text === undefined) writeEvent(res, message, id);
      else res.write(text, 'latin1');
      this.#sent = seq;
    }
    this.#end();
  }

  /** End without an answer. */
  end(): void {
    if (!this.#ended) this.#end();
  }

  /** End the connection, not the stream: its client may go on elsewhere. */
  leave(res: ServerResponse): void {
    if (this.#res === res) this.#leave();
  }

  /** Keep nothing any longer. */
  forget(): void {
    for (const { text } of this.#kept) this.#owner.give(text.length);
    this.#kept = [];
    this.#keptBytes = 0;
  }

  #end(): void {
    this.#ended = true;
    this.#leave();
    this.#owner.over(this);
  }

  #leave(): void {
    const res = this.#res;
    this.#res = undefined;
    res?.end();
  }

  #carry(res: ServerResponse, after: number): void {
    this.#res = res;
    this.#sent = after;
    res.on('drain', () => {
      if (this.#res === res) this.#pump(res);
    });
    res.once('close', () => {
      if (this.#res === res) this.#res = undefined;
    });
  }

  /** Give the connection what it has room for. */
  #pump(res: ServerResponse): void {
    for (const { seq, text } of this.#kept) {
      if (seq <= this.#sent) continue;
      if (res.writableNeedDrain) return;
      res.write(text, 'latin1');
      this.#sent = seq;
    }
    this.#sent = this.#newest;
  }

  /** Give the connection everything: no more than the ring holds. */
  #flush(): void {
    for (const { seq, text } of this.#kept) if (seq > this.#sent) this.#res?.write(text, 'latin1');
    this.#sent = this.#newest;
  }

  #keep(seq: number, text: ByteString): void {
    while (this.#kept.length >= ringLimits.events || this.#keptBytes + text.length > ringLimits.bytes) {
      if (!this.#drop()) break;
    }
    // A gap in what is kept would be taken for everything.
    if (text.length > ringLimits.bytes || !this.#owner.take(text.length)) return this.forget();
    this.#kept.push({ seq, text });
    this.#keptBytes += text.length;
  }

  #drop(): boolean {
    const oldest = this.#kept.shift();
    if (oldest === undefined) return false;
    this.#keptBytes -= oldest.text.length;
    this.#owner.give(oldest.text.length);
    return true;
  }

  #id(seq: number): string {
    return `${this.name}.${seq}`;
  }
}

const notKept = (idText: string): ByteString =>
  byteString(
    `{"jsonrpc":"2.0","id":${idText},"error":${JSON.stringify({
      code: rpcCode.unavailable,
      message: 'The call ran, but its answer was too large to be kept while the connection was lost.',
    })}}`,
  );
