import type { ByteString } from '../../platform/byte-string.ts';
import { stringValue } from '../../platform/json/scan.ts';
import { ignored, type Cancel, type Connection } from './connection.ts';
import type { Deadline, Late } from './deadline.ts';
import type { EventStream, StreamEnd } from './event-stream.ts';
import type { Abortable, HttpReply, Reading } from './exchange.ts';
import { UpstreamFault, type FaultClass } from './fault.ts';
import { readMessage, type UpstreamMessage } from './reply.ts';

const openPatienceMs = 10_000;

/**
 * One conversation over the deprecated HTTP+SSE transport (2024-11-05, basic/transports): a GET opens a stream whose
 * first event names the address for POSTs; every answer comes on that stream, told apart by id.
 */
export class SseChannel {
  readonly #connection: Connection;
  readonly #opening = Promise.withResolvers<void>();
  readonly #waiting = new Map<string, Waiting>();
  #stream: EventStream | undefined;
  /** Path and query for POSTs, once the upstream has named it. */
  #endpoint: string | undefined;
  #lost: UpstreamFault | undefined;
  /** Hears what answers nothing. Throws UpstreamFault to end the stream. */
  onMessage: ((message: UpstreamMessage) => void) | undefined;
  /** Called once, when the stream is gone. */
  onLost: (() => void) | undefined;

  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * Open the stream and wait for the address.
   * @throws UpstreamFault
   */
  static async open(connection: Connection): Promise<SseChannel> {
    const channel = new SseChannel(connection);
    channel.#opening.promise.catch(() => undefined);
    const timer = setTimeout(() => channel.close('timeout'), openPatienceMs);
    const hearer = {
      event: (data: Buffer, type: string) => channel.#event(data, type),
      ended: (end: StreamEnd) => channel.#ended(end),
    };
    channel.#stream = connection.stream({}, undefined, hearer, connection.maxBytes);
    try {
      await channel.#opening.promise;
    } finally {
      clearTimeout(timer);
    }
    return channel;
  }

  /** Send a request and wait for what `reading` makes of its answer. @throws UpstreamFault */
  send<T>(
    id: string,
    body: ByteString,
    deadline: Deadline,
    cancel: Cancel | undefined,
    reading: Reading<T>,
  ): Promise<T> {
    if (cancel?.fault !== undefined) throw new UpstreamFault(cancel.fault, 'given up before it was sent');
    if (this.#lost !== undefined) throw new UpstreamFault('session', 'the stream is gone');
    return new Promise<T>((resolve, reject) => {
      const waiting = new Waiting(deadline, {
        answer: (reply) => resolve(reading.reply(reply)),
        ended: (error) => {
          this.#waiting.delete(id);
          reading.ended?.(error);
          if (error !== undefined) reject(error);
        },
      });
      this.#waiting.set(id, waiting);
      if (cancel !== undefined) cancel.running = waiting;
      this.deliver(body).catch((error: unknown) => {
        // A server may hold the POST until it has answered on the stream; the request's own deadline ends the wait.
        if (!(error instanceof UpstreamFault && error.fault === 'timeout')) waiting.fail(error as Error);
      });
    });
  }

  /** Send something that gets no answer. */
  post(body: ByteString): void {
    this.deliver(body).catch(() => undefined);
  }

  close(fault: FaultClass): void {
    this.#stream?.abort(fault);
  }

  /** Send something and wait until the upstream has taken it. @throws UpstreamFault */
  async deliver(body: ByteString): Promise<void> {
    const reading = { ...ignored, reply: (reply: HttpReply) => reply.status };
    const status = await this.#connection.send(
      {},
      body,
      this.#connection.patience(),
      undefined,
      reading,
      this.#endpoint,
    );
    if (status === 401 || status === 403) throw new UpstreamFault('unauthorized', `HTTP ${status}`);
    if (status === 404) throw new UpstreamFault('session', `HTTP ${status}`, { dispatched: true });
    if (status === 429) throw new UpstreamFault('throttled', `HTTP ${status}`, { dispatched: true });
    if (status < 200 || status > 299) throw new UpstreamFault('http_status', `HTTP ${status}`, { dispatched: true });
  }

  #event(data: Buffer, type: string): void {
    if (this.#endpoint === undefined) {
      if (type !== 'endpoint') throw new UpstreamFault('protocol', 'the stream does not begin with an endpoint');
      this.#endpoint = endpointOf(data.toString('utf8'), this.#connection.url);
      return this.#opening.resolve();
    }
    if (type !== 'message') return;
    const message = readMessage(data);
    if (message.kind !== 'response') return this.onMessage?.(message);
    const id = stringValue(message.bytes, message.id);
    if (id !== undefined) this.#waiting.get(id)?.answer({ status: 200, headers: undefined, body: data });
  }

  #ended({ fault }: StreamEnd): void {
    this.#lost = fault;
    this.#opening.reject(fault);
    for (const waiting of this.#waiting.values()) waiting.fail(lostInFlight(fault));
    this.onLost?.();
  }
}

/** A call that was in flight may have taken effect, whatever ended the stream. */
const lostInFlight = (fault: UpstreamFault): UpstreamFault =>
  new UpstreamFault(fault.fault === 'truncated' ? 'reset' : fault.fault, fault.message, {
    dispatched: true,
    cause: fault,
  });

/** A request whose answer will come on the stream. */
class Waiting implements Late, Abortable {
  readonly #deadline: Deadline;
  readonly #hearer: { answer(reply: HttpReply): void; ended(error: Error | undefined): void };
  #over = false;

  constructor(deadline: Deadline, hearer: { answer(reply: HttpReply): void; ended(error: Error | undefined): void }) {
    this.#deadline = deadline;
    this.#hearer = hearer;
    deadline.arm(this);
  }

  late(): void {
    this.abort('timeout');
  }

  abort(fault: FaultClass): void {
    this.fail(new UpstreamFault(fault, `given up: ${fault}`, { dispatched: true }));
  }

  answer(reply: HttpReply): void {
    if (this.#over) return;
    try {
      this.#hearer.answer(reply);
    } catch (error) {
      return this.fail(error as Error);
    }
    this.#finish(undefined);
  }

  fail(error: Error): void {
    if (!this.#over) this.#finish(error);
  }

  #finish(error: Error | undefined): void {
    this.#over = true;
    this.#deadline.disarm();
    this.#hearer.ended(error);
  }
}

/**
 * The address for POSTs, which must be of the server's own origin: the credential goes there.
 * @returns path and query
 * @throws UpstreamFault `protocol`
 */
export function endpointOf(text: string, base: URL): string {
  const url = text.length <= 2_048 && URL.canParse(text, base.href) ? new URL(text, base) : undefined;
  if (url?.origin !== base.origin || url.username !== '' || url.password !== '') {
    throw new UpstreamFault('protocol', 'the endpoint is not at the server');
  }
  return url.pathname + url.search;
}
