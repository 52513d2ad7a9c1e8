import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { AppError } from '../../domain/errors.ts';
import { ByteBudget } from '../byte-budget.ts';
import type { Registry } from '../registry.ts';
import { UpstreamFault, type FaultClass } from './fault.ts';
import { SseReader } from './sse.ts';

export interface HttpRequest {
  readonly method: 'POST' | 'DELETE';
  readonly path: string;
  /** Flat name, value, name, value …: built, never copied from a caller. */
  readonly headers: string[];
  readonly body: string | null;
}

export interface ExchangeLimits {
  /** Milliseconds until the whole exchange is given up. */
  readonly deadlineMs: number;
  /** Bytes the body may have, of a stream in all. */
  readonly maxBytes: number;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The JSON body, or the data of the event that ended the wait. */
  readonly body: Buffer;
}

export interface Exchange {
  readonly done: Promise<HttpReply>;
  /** Stop now: the connection is closed and `done` rejects with this fault. */
  abort(fault: FaultClass): void;
}

/** Answers being received, in all. */
const receiving = new ByteBudget(48 * 1024 * 1024);
/** After the awaited message a stream may idle this long before its connection is closed. */
const streamLingerMs = 1_000;

/** Fault classes of the error codes that network and HTTP libraries use, by how they begin. */
const faultOfCode: readonly [RegExp, FaultClass][] = [
  [/^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|EPROTO)/, 'tls'],
  [/^(HPE_|UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES_|UND_ERR_RESPONSE)/, 'protocol'],
];

/**
 * One HTTP exchange: the only place bytes leave for an upstream.
 *
 * The answer is collected up to `maxBytes`, whether JSON or a stream of events. `onMessage` sees the data of each
 * event and says whether it is the one waited for. Redirects, content encodings and late bytes are faults: an answer
 * is what was asked for or it is refused.
 *
 * @param running where the exchange stands while it is under way
 */
export function exchange(
  pool: Dispatcher,
  request: HttpRequest,
  limits: ExchangeLimits,
  running: Registry<Exchange>,
  onMessage: (data: Buffer) => boolean,
): Exchange {
  const { promise, resolve, reject } = Promise.withResolvers<HttpReply>();
  const handler = new ExchangeHandler(limits, { resolve, reject, onMessage });
  const under: Exchange = { done: promise, abort: (fault) => handler.abort(fault) };
  handler.ended = running.add(under);
  pool.dispatch({ method: request.method, path: request.path, headers: request.headers, body: request.body }, handler);
  return under;
}

interface Waiting {
  readonly resolve: (reply: HttpReply) => void;
  readonly reject: (fault: UpstreamFault) => void;
  readonly onMessage: (data: Buffer) => boolean;
}

class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #maxBytes: number;
  readonly #deadline: NodeJS.Timeout;
  /** Who waits, until settled. */
  #waiting: Waiting | undefined;
  ended: (() => void) | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #dispatched = false;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #chunks: Buffer[] = [];
  #bytes = 0;
  #events: SseReader | undefined;
  #linger: NodeJS.Timeout | undefined;

  constructor(limits: ExchangeLimits, waiting: Waiting) {
    this.#maxBytes = limits.maxBytes;
    this.#waiting = waiting;
    this.#deadline = setTimeout(() => this.abort('timeout'), limits.deadlineMs);
  }

  abort(fault: FaultClass): void {
    this.#fail(new UpstreamFault(fault, `given up: ${fault}`));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#waiting === undefined) controller.abort(new Error('given up before it was sent'));
    else this.#dispatched = true;
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200 || this.#waiting === undefined) return;
    this.#status = status;
    this.#headers = headers;
    if (status >= 300 && status < 400) return this.#fail(new UpstreamFault('redirect', `HTTP ${status}`));
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity')
      return this.#fail(new UpstreamFault('encoding', 'encoded answer'));
    if (Number(headers['content-length'] ?? 0) > this.#maxBytes) return this.#tooLarge();
    if (headers['content-type']?.startsWith('text/event-stream') === true && status === 200) {
      this.#events = new SseReader((data) => this.#event(data), this.#maxBytes);
    }
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#waiting === undefined) return;
    if (this.#bytes + chunk.length > this.#maxBytes) return this.#tooLarge();
    if (!receiving.take(chunk.length)) return this.#fail(new UpstreamFault('busy', 'too many answer bytes in memory'));
    this.#bytes += chunk.length;
    if (this.#events === undefined) this.#chunks.push(chunk);
    else {
      try {
        this.#events.push(chunk);
      } catch (error) {
        this.#fail(
          error instanceof UpstreamFault
            ? error
            : new UpstreamFault('protocol', 'unreadable event stream', { cause: error }),
        );
      }
    }
  }

  onResponseEnd(): void {
    clearTimeout(this.#linger);
    if (this.#waiting === undefined) return;
    if (this.#events !== undefined)
      return this.#fail(new UpstreamFault('truncated', 'the stream ended without an answer'));
    this.#settle(this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#bytes));
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    clearTimeout(this.#linger);
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const known = faultOfCode.find(([form]) => form.test(code))?.[1];
    const fault = error instanceof AppError ? 'address_refused' : (known ?? (this.#dispatched ? 'reset' : 'connect'));
    this.#fail(new UpstreamFault(fault, `${code} ${error.message}`.trim(), { cause: error }));
  }

  #event(data: Buffer): void {
    if (this.#waiting?.onMessage(data) !== true) return;
    this.#settle(data);
    // Let the stream end by itself, so that the connection can be used again; but not for ever.
    this.#linger = setTimeout(() => this.#controller?.abort(new Error('the stream lingers')), streamLingerMs);
    this.#linger.unref();
  }

  #tooLarge(): void {
    this.#fail(new UpstreamFault('too_large', `more than ${this.#maxBytes} bytes`));
  }

  #settle(body: Buffer): void {
    const reply = { status: this.#status, headers: this.#headers, body };
    this.#finish()?.resolve(reply);
  }

  #fail(fault: UpstreamFault): void {
    const controller = this.#controller;
    fault.dispatched = this.#dispatched;
    const waiting = this.#finish();
    if (waiting === undefined) return;
    waiting.reject(fault);
    controller?.abort(fault);
  }

  /** @returns who waited, once */
  #finish(): Waiting | undefined {
    const waiting = this.#waiting;
    if (waiting === undefined) return undefined;
    clearTimeout(this.#deadline);
    receiving.give(this.#bytes);
    this.#bytes = 0;
    this.#chunks = [];
    this.#headers = {};
    this.#waiting = undefined;
    this.ended?.();
    if (this.#events === undefined) this.#controller = undefined;
    return waiting;
  }
}
