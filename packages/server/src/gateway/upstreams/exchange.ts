import { AppError } from '../../domain/errors.ts';
import type { HttpClient } from '../../platform/http1/client.ts';
import type { HttpRequest, ResponseHandler } from '../../platform/http1/connection.ts';
import { HttpProtocolError, type ResponseHeaders } from '../../platform/http1/response-parser.ts';
import { ByteBudget } from '../byte-budget.ts';
import type { Registry } from '../registry.ts';
import { UpstreamFault, type FaultClass } from './fault.ts';
import { SseReader } from './sse.ts';

export interface ExchangeLimits {
  /** Milliseconds until the whole exchange is given up. */
  readonly deadlineMs: number;
  /** Bytes the body may have, of a stream in all. */
  readonly maxBytes: number;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: ResponseHeaders;
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

/** Answers being received, in all. */
const receiving = new ByteBudget(48 * 1024 * 1024);
const nothing = Buffer.alloc(0);
/** A length that an upstream foretells is believed up to here: it costs memory before a byte of it has come. */
const mostForeseenBytes = 256 * 1024;
/** After the awaited message a stream may idle this long before its connection is closed. */
const streamLingerMs = 1_000;

/** Error codes of certificates and TLS, by how they begin. */
const tlsCode = /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|EPROTO)/;

/**
 * One HTTP exchange: the only place bytes leave for an upstream.
 *
 * The answer is collected up to `maxBytes`, whether JSON or a stream of events. Redirects, content encodings and late
 * bytes are faults: an answer is what was asked for or it is refused.
 */
export class Exchange<T> implements ResponseHandler, Abortable {
  /** Rejects with UpstreamFault; with anything else where something of ours failed. */
  readonly done: Promise<T>;
  readonly #maxBytes: number;
  readonly #deadline: NodeJS.Timeout;
  readonly #reading: Reading<T>;
  readonly #ended: () => void;
  #resolve!: (value: T) => void;
  #reject!: (error: Error) => void;
  #settled = false;
  #sending: { abort(): void } | undefined;
  #dispatched = false;
  #status = 0;
  #headers: ResponseHeaders | undefined;
  /** The answer as far as it has come, in a buffer that may have room for more. */
  #body = nothing;
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
    this.#reading = reading;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#deadline = setTimeout(() => this.abort('timeout'), limits.deadlineMs);
    this.#ended = running.add(this);
    try {
      this.#sending = client.send(request, this);
    } catch (error) {
      // A defect of ours, and not to be blamed on the upstream.
      this.#finish();
      this.#reject(this.#tell(error as Error) ?? (error as Error));
    }
  }

  /** Stop now: the connection is closed and `done` rejects with this fault. */
  abort(fault: FaultClass): void {
    this.#fail(new UpstreamFault(fault, `given up: ${fault}`));
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
    } else if (length <= mostForeseenBytes) this.#body = Buffer.allocUnsafe(length);
  }

  onData(chunk: Buffer): void {
    if (this.#settled) return;
    if (this.#bytes + chunk.length > this.#maxBytes) return this.#tooLarge();
    if (!receiving.take(chunk.length)) return this.#fail(new UpstreamFault('busy', 'too many answer bytes in memory'));
    const at = this.#bytes;
    this.#bytes += chunk.length;
    if (this.#events === undefined) this.#keep(chunk, at);
    else {
      try {
        this.#events.push(Buffer.from(chunk));
      } catch (error) {
        this.#fail(asFault(error, 'unreadable event stream'));
      }
    }
  }

  #keep(chunk: Buffer, at: number): void {
    if (this.#bytes <= this.#body.length) {
      chunk.copy(this.#body, at);
      return;
    }
    // No length was foretold: room for as much again, so that a body in many pieces is copied a few times only.
    const more = Buffer.allocUnsafe(Math.min(Math.max(this.#bytes, at * 2), this.#maxBytes));
    this.#body.copy(more, 0, 0, at);
    chunk.copy(more, at);
    this.#body = more;
  }

  onEnd(): void {
    clearTimeout(this.#linger);
    if (this.#settled) return;
    if (this.#events !== undefined)
      return this.#fail(new UpstreamFault('truncated', 'the stream ended without an answer'));
    this.#settle(this.#body.subarray(0, this.#bytes));
  }

  onError(error: Error): void {
    clearTimeout(this.#linger);
    this.#fail(new UpstreamFault(this.#faultOf(error), error.message, { cause: error }));
  }

  #faultOf(error: Error): FaultClass {
    if (error instanceof AppError) return 'address_refused';
    if (error instanceof HttpProtocolError) return 'protocol';
    if (tlsCode.test((error as NodeJS.ErrnoException).code ?? '')) return 'tls';
    return this.#dispatched ? 'reset' : 'connect';
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
      const fault = asFault(error, 'an answer that cannot be read');
      this.#reject(this.#tell(fault) ?? fault);
      return;
    }
    const failure = this.#tell(undefined);
    if (failure === undefined) this.#resolve(value);
    else this.#reject(failure);
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

  #fail(fault: UpstreamFault): void {
    if (this.#settled) return;
    fault.dispatched = this.#dispatched;
    this.#finish();
    this.#reject(this.#tell(fault) ?? fault);
    this.#sending?.abort();
  }

  #finish(): void {
    this.#settled = true;
    clearTimeout(this.#deadline);
    receiving.give(this.#bytes);
    this.#bytes = 0;
    this.#body = nothing;
    this.#headers = undefined;
    this.#ended();
  }
}

const asFault = (error: unknown, otherwise: string): UpstreamFault =>
  error instanceof UpstreamFault ? error : new UpstreamFault('protocol', otherwise, { dispatched: true, cause: error });
