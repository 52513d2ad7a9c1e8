import type { HttpClient } from '../../platform/http1/client.ts';
import type { HttpRequest, ResponseHandler } from '../../platform/http1/connection.ts';
import type { ResponseHeaders } from '../../platform/http1/response-headers.ts';
import type { ByteBudget } from '../byte-budget.ts';
import type { Registry } from '../registry.ts';
import { connectionFault, type Abortable } from './exchange.ts';
import { UpstreamFault, type FaultClass, type StreamPosition } from './fault.ts';
import { SseReader } from '../../platform/sse-reader.ts';

/** Told what a long-lived stream brings. */
export interface StreamHearer {
  /** The upstream has agreed to stream. */
  opened?(): void;
  /** Throws UpstreamFault to end the stream. */
  event(data: Buffer, type: string): void;
  /** Called once, last. */
  ended(end: StreamEnd): void;
}

export interface StreamEnd {
  /** Why there is no stream any more. */
  readonly fault: UpstreamFault;
  /** HTTP status of an upstream that did not stream; undefined: it did, or said nothing. */
  readonly status: number | undefined;
  readonly position: Partial<StreamPosition>;
}

/** Silence that long means a connection nobody notices the death of. Keep-alive comments are no silence. */
const idleMs = 5 * 60_000;

/**
 * A stream of events that has no end of its own: no bound on its bytes or its life, only on each event and on silence.
 */
export class EventStream implements ResponseHandler, Abortable {
  readonly #hearer: StreamHearer;
  readonly #reader: SseReader;
  readonly #room: ByteBudget;
  readonly #left: () => void;
  readonly #idle: NodeJS.Timeout;
  readonly #sending: { abort(): void } | undefined;
  #sent = false;
  #streams = false;
  #over = false;
  #reserved = 0;

  /**
   * @param maxEventBytes bytes an event may have; what has come of it counts against the memory of all answers
   * @param running where the stream stands while it is open
   * @param room memory for what is being received
   */
  constructor(
    client: HttpClient,
    request: HttpRequest,
    maxEventBytes: number,
    running: Registry<Abortable>,
    room: ByteBudget,
    hearer: StreamHearer,
  ) {
    this.#room = room;
    this.#hearer = hearer;
    this.#reader = new SseReader((data, type) => {
      if (!this.#over) hearer.event(data, type);
    }, maxEventBytes);
    this.#left = running.add(this);
    this.#idle = setTimeout(() => this.abort('timeout'), idleMs).unref();
    this.#sending = client.send(request, this);
  }

  abort(fault: FaultClass): void {
    this.#end(new UpstreamFault(fault, `given up: ${fault}`, { dispatched: this.#sent }));
  }

  onSent(): void {
    this.#sent = true;
  }

  onHead(status: number, headers: ResponseHeaders): void {
    if (this.#over) return;
    const encoding = headers.get('content-encoding');
    const isStream = headers.get('content-type')?.startsWith('text/event-stream') === true;
    if (status === 200 && isStream && (encoding === undefined || encoding === 'identity')) {
      this.#streams = true;
      this.#idle.refresh();
      this.#hearer.opened?.();
    } else this.#end(new UpstreamFault('http_status', `HTTP ${status} and no stream`, { dispatched: true }), status);
  }

  onData(chunk: Buffer): void {
    if (this.#over) return;
    this.#idle.refresh();
    try {
      this.#reader.push(chunk);
    } catch (error) {
      if (!(error instanceof RangeError) && !(error instanceof UpstreamFault)) throw error;
      const unreadable = (): UpstreamFault =>
        new UpstreamFault('protocol', 'unreadable event stream', { cause: error });
      return this.#end(error instanceof UpstreamFault ? error : unreadable());
    }
    if (this.#over) return;
    const more = this.#reader.held - this.#reserved;
    if (more > 0 && !this.#room.take(more)) {
      return this.#end(new UpstreamFault('busy', 'too many answer bytes in memory'));
    }
    if (more < 0) this.#room.give(-more);
    this.#reserved += more;
  }

  onEnd(): void {
    this.#end(new UpstreamFault('truncated', 'the stream ended', { dispatched: true }));
  }

  onError(error: Error): void {
    this.#end(connectionFault(error, this.#sent));
  }

  #end(fault: UpstreamFault, status?: number): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#idle);
    this.#room.give(this.#reserved);
    this.#left();
    this.#sending?.abort();
    const { lastEventId: eventId, retryMs } = this.#reader;
    const position = eventId === undefined ? { retryMs } : { eventId, retryMs };
    this.#hearer.ended({ fault, status: this.#streams ? undefined : status, position });
  }
}
