import { AppError } from '../../domain/errors.ts';
import type { HttpClient } from '../../platform/http1/client.ts';
import type { HttpRequest, ResponseHandler } from '../../platform/http1/connection.ts';
import { GrowingBuffer } from '../../platform/growing-buffer.ts';
import { HttpProtocolError } from '../../platform/http1/protocol-error.ts';
import type { ResponseHeaders } from '../../platform/http1/response-headers.ts';
import { ByteBudget } from '../byte-budget.ts';
import type { Registry } from '../registry.ts';
import type { Deadline, Late } from './deadline.ts';
import { UpstreamFault, type FaultClass, type StreamPosition } from './fault.ts';
import { SseReader } from '../../platform/sse-reader.ts';

export interface ExchangeLimits {
  /** When the exchange is given up. */
  readonly deadline: Deadline;
  /** Bytes the body may have, of a stream in all. */
  readonly maxBytes: number;
  /** Memory for what is being received. */
  readonly room: ByteBudget;
}

export interface HttpReply {
  readonly status: number;
  /** Undefined: the answer came on a stream of its own. */
  readonly headers: ResponseHeaders | undefined;
  /** The JSON body, or the data of the event that ended the wait. */
  readonly body: Buffer;
}

/** What can be stopped while it is under way. */
export interface Abortable {
  abort(fault: FaultClass): void;
}

/** What an answer means to whoever sent the request. */
export interface Reading<T> {
  /** Sees the data of each event and says whether it is the one waited for. Throws UpstreamFault. */
  event(data: Buffer): boolean;
  /** Makes sense of the answer. Throws UpstreamFault. */
  reply(reply: HttpReply): T;
  /** Called once, before anyone who waits is told how it went. */
  ended?(error: Error | undefined): void;
}

/** What is being received, in all. */
const receiving = new ByteBudget(48 * 1024 * 1024);
/** Of that, what one server may have: the largest answer there is, and room for others. */
const mostOfOneServer = 32 * 1024 * 1024;
/** Memory for what one server says. */
export const receivingRoom = (): ByteBudget => new ByteBudget(mostOfOneServer, receiving);
/** A length that an upstream foretells is believed up to here: it costs memory before a byte of it has come. */
const mostForeseenBytes = 256 * 1024;
/** After the awaited message a stream may go on this long before its connection is closed. */
const streamLingerMs = 250;

/** Error codes of certificates and TLS, by how they begin. */
const tlsCode = /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|EPROTO)/;

/**
 * What the end of a connection means.
 * @param resumeAt where its stream of events stood
 */
export function connectionFault(error: Error, dispatched: boolean, resumeAt?: StreamPosition): UpstreamFault {
  const { code } = error as NodeJS.ErrnoException;
  const detail = [code, error.message].filter((part) => part !== undefined && part !== '').join(' ');
  const fault = (): FaultClass => {
    if (error instanceof AppError) return 'address_refused';
    if (error instanceof HttpProtocolError) return 'protocol';
    if (tlsCode.test(code ?? '')) return 'tls';
    return dispatched ? 'reset' : 'connect';
  };
  return new UpstreamFault(fault(), detail, { dispatched, cause: error, resumeAt });
}

const positionOf = (events: SseReader | undefined): StreamPosition | undefined =>
  events?.lastEventId === undefined ? undefined : { eventId: events.lastEventId, retryMs: events.retryMs };

/**
 * One HTTP exchange: the only place bytes leave for an upstream.
 *
 * The answer is collected up to `maxBytes`, whether JSON or a stream of events. Redirects, content encodings and bytes
 * after the end are faults: an answer is what was asked for or it is refused. What a stream brings after the awaited
 * event is dropped.
 */
export class Exchange<T> implements ResponseHandler, Abortable, Late {
  /** Rejects with UpstreamFault; with anything else where something of ours failed. */
  readonly done: Promise<T>;
  readonly #maxBytes: number;
  readonly #room: ByteBudget;
  readonly #deadline: Deadline;
  readonly #reading: Reading<T>;
  readonly #ended: () => void;
  #resolve!: (value: T) => void;
  #reject!: (error: Error) => void;
  #settled = false;
  #sending: { abort(): void } | undefined;
  #dispatched = false;
  #status = 0;
  #headers: ResponseHeaders | undefined;
  /** The answer as far as it has come, unless it is a stream of events. */
  #body: GrowingBuffer | undefined;
  /** Bytes of memory taken from the budget of all exchanges. */
  #reserved = 0;
  #bytes = 0;
  #events: SseReader | undefined;
  #linger: NodeJS.Timeout | undefined;

  /** @param running where the exchange stands while it is under way */
  constructor(
    client: HttpClient,
    request: HttpRequest,
    limits: ExchangeLimits,
    running: Registry<Abortable>,
    reading: Reading<T>,
  ) {
    this.#maxBytes = limits.maxBytes;
    this.#room = limits.room;
    this.#reading = reading;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#deadline = limits.deadline;
    this.#deadline.arm(this);
    this.#ended = running.add(this);
    try {
      this.#sending = client.send(request, this);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** Stop now: the connection is closed and `done` rejects with this fault. */
  abort(fault: FaultClass): void {
    this.#fail(new UpstreamFault(fault, `given up: ${fault}`));
  }

  /** Too late for an answer, or even for a connection, and then nothing has been sent. */
  late(): void {
    if (this.#dispatched) this.abort('timeout');
    else this.#fail(new UpstreamFault('connect', 'no connection in time'));
  }

  onSent(): void {
    this.#dispatched = true;
  }

  onHead(status: number, headers: ResponseHeaders): void {
    if (this.#settled) return;
    this.#status = status;
    this.#headers = headers;
    if (status >= 300 && status < 400) return this.#fail(new UpstreamFault('redirect', `HTTP ${status}`));
    const encoding = headers.get('content-encoding');
    if (encoding !== undefined && encoding !== 'identity')
      return this.#fail(new UpstreamFault('encoding', 'encoded answer'));
    const length = Number(headers.get('content-length') ?? 0);
    if (length > this.#maxBytes) return this.#tooLarge();
    if (status === 200 && headers.get('content-type')?.startsWith('text/event-stream') === true) {
      this.#events = new SseReader((data) => this.#event(data), this.#maxBytes);
    } else if (length > 0) {
      const ahead = length <= mostForeseenBytes ? length : 0;
      if (this.#reserve(ahead)) this.#body = new GrowingBuffer(ahead, length);
    }
  }

  onData(chunk: Buffer): void {
    if (this.#settled) return;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) return this.#tooLarge();
    if (this.#events === undefined) {
      this.#body ??= new GrowingBuffer(0, this.#maxBytes);
      if (this.#reserve(this.#body.capacityFor(chunk.length))) this.#body.push(chunk);
      return;
    }
    try {
      this.#events.push(chunk);
    } catch (error) {
      this.#fail(
        error instanceof RangeError
          ? new UpstreamFault('protocol', 'unreadable event stream', { cause: error })
          : (error as Error),
      );
    }
    // What has been heard is gone: a stream may wait for a person, and its past must not take others' room meanwhile.
    if (!this.#settled) this.#reserve(Math.min(this.#bytes, this.#events.held));
  }

  /** @returns false when there is no room for so many bytes in memory; the exchange has failed then */
  #reserve(bytes: number): boolean {
    const more = bytes - this.#reserved;
    if (more > 0 && !this.#room.take(more)) {
      this.#fail(new UpstreamFault('busy', 'too many answer bytes in memory'));
      return false;
    }
    if (more < 0) this.#room.give(-more);
    this.#reserved = bytes;
    return true;
  }

  onEnd(): void {
    clearTimeout(this.#linger);
    if (this.#settled) return;
    if (this.#events !== undefined) {
      const resumeAt = positionOf(this.#events);
      return this.#fail(new UpstreamFault('truncated', 'the stream ended without an answer', { resumeAt }));
    }
    this.#settle(this.#body?.view() ?? noBytes);
  }

  onError(error: Error): void {
    clearTimeout(this.#linger);
    this.#fail(connectionFault(error, this.#dispatched, positionOf(this.#events)));
  }

  #event(data: Buffer): void {
    if (this.#settled || !this.#reading.event(data)) return;
    this.#settle(data);
    // Let the stream end by itself, so that the connection can be used again; but not for ever.
    this.#linger = setTimeout(() => this.#sending?.abort(), streamLingerMs).unref();
  }

  #tooLarge(): void {
    this.#fail(new UpstreamFault('too_large', `more than ${this.#maxBytes} bytes`));
  }

  #settle(body: Buffer): void {
    const reply = { status: this.#status, headers: this.#headers!, body };
    this.#finish();
    let value: T;
    try {
      value = this.#reading.reply(reply);
    } catch (error) {
      // An answer to something else: what follows on the connection might be one answer behind.
      if (error instanceof UpstreamFault && error.fault === 'protocol') this.#sending?.abort();
      this.#refuse(error as Error);
      return;
    }
    const failure = this.#tell(undefined);
    if (failure === undefined) this.#resolve(value);
    else this.#reject(failure);
  }

  #refuse(error: Error): void {
    this.#reject(this.#tell(error) ?? error);
  }

  /** @returns what went wrong in telling, which must not leave anyone waiting */
  #tell(error: Error | undefined): Error | undefined {
    try {
      this.#reading.ended?.(error);
      return undefined;
    } catch (failure) {
      return failure as Error;
    }
  }

  /** @param error a fault, or a defect of ours that is not to be blamed on the upstream */
  #fail(error: Error): void {
    if (this.#settled) return;
    if (error instanceof UpstreamFault) error.dispatched = this.#dispatched;
    this.#finish();
    this.#refuse(error);
    this.#sending?.abort();
  }

  #finish(): void {
    this.#settled = true;
    this.#deadline.disarm();
    this.#room.give(this.#reserved);
    this.#body = undefined;
    this.#headers = undefined;
    this.#ended();
  }
}

const noBytes = Buffer.alloc(0);
