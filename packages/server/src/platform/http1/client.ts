import type { OnReadOpts, Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import { HttpConnection, type HttpRequest, type Peer, type ResponseHandler } from './connection.ts';
import { Heads } from './response-head.ts';

export interface HttpClientOptions {
  /** Opens a connection to the one origin this client speaks to. */
  readonly connect: (onread: OnReadOpts) => Promise<Socket>;
  /** Value of the `Host` header. */
  readonly host: string;
  readonly clock: Clock;
  /** Connections at once; further requests wait in line. */
  readonly connections: number;
}

/**
 * Sends HTTP/1.1 requests to one origin over a few kept connections. A request is written at most once: nothing is
 * ever sent again, no redirect followed, no content decoded, and once connected there is no deadline but the caller's.
 * A connection that cannot be made fails whoever waits longest, at once.
 */
export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #peer: Peer;
  /** Connections at once. */
  connections: number;
  readonly #all = new Set<HttpConnection>();
  /** Free connections; the one used last is used next, so that the others can age and go. */
  readonly #idle: HttpConnection[] = [];
  readonly #waiting: Job[] = [];
  #dialling = 0;
  #closed = false;
  readonly #sweep: NodeJS.Timeout;

  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.#peer = { host: options.host, clock: options.clock, heads: new Heads() };
    this.connections = options.connections;
    this.#sweep = setInterval(() => this.#dropStale(), sweepEveryMs).unref();
  }

  /**
   * Send a request.
   * @returns what gives it up: it is not sent any more, or its connection is closed; the handler hears nothing more
   */
  send(request: HttpRequest, handler: ResponseHandler): { abort(): void } {
    const job: Job = { request, handler, connection: undefined, given: false, abort: () => this.#abort(job) };
    if (this.#closed) {
      queueMicrotask(() => {
        if (!job.given) handler.onError(closed());
      });
    } else {
      const connection = this.#takeIdle();
      if (connection === undefined) {
        this.#waiting.push(job);
        this.#dialMore();
      } else this.#run(job, connection);
    }
    return job;
  }

  /** Take no more requests; connections close as they become free. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#sweep);
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  /** Close every connection now; who waits hears of it. One that is just being made is closed when it is there. */
  destroy(): void {
    this.close();
    for (const job of this.#waiting.splice(0)) job.handler.onError(closed());
    for (const connection of this.#all) connection.fail(closed());
  }

  #takeIdle(): HttpConnection | undefined {
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined || connection.fresh) return connection;
      connection.destroy();
    }
  }

  #run(job: Job, connection: HttpConnection): void {
    job.connection = connection;
    connection.send(job.request, job.handler);
  }

  #abort(job: Job): void {
    job.given = true;
    const at = this.#waiting.indexOf(job);
    if (at >= 0) this.#waiting.splice(at, 1);
    else if (job.connection?.carries(job.handler) === true) job.connection.destroy();
  }

  #dialMore(): void {
    while (this.#dialling < this.#waiting.length && this.#all.size + this.#dialling < this.connections) {
      this.#dialling++;
      const connection = new HttpConnection(this.#peer, this.#freed);
      this.#options.connect(connection.onread).then(
        (socket) => {
          this.#dialling--;
          this.#all.add(connection);
          connection.open(socket);
        },
        (error: unknown) => {
          this.#dialling--;
          this.#waiting.shift()?.handler.onError(error instanceof Error ? error : new Error(String(error)));
          this.#dialMore();
        },
      );
    }
  }

  readonly #freed = (connection: HttpConnection, reusable: boolean): void => {
    if (!reusable) {
      this.#all.delete(connection);
      const at = this.#idle.indexOf(connection);
      if (at >= 0) this.#idle.splice(at, 1);
      this.#dialMore();
      return;
    }
    const next = this.#waiting.shift();
    if (next !== undefined) this.#run(next, connection);
    else if (this.#closed) connection.destroy();
    else this.#idle.push(connection);
  };

  #dropStale(): void {
    for (const connection of this.#idle.filter((one) => !one.fresh)) connection.destroy();
  }
}

interface Job {
  readonly request: HttpRequest;
  readonly handler: ResponseHandler;
  connection: HttpConnection | undefined;
  /** It was given up. */
  given: boolean;
  readonly abort: () => void;
}

const sweepEveryMs = 5_000;
const closed = (): Error => new Error('The client is closed.');
