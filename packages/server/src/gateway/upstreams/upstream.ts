import { hash } from 'node:crypto';
import type { Dispatcher } from 'undici';
import { randomHex } from '../../domain/ids.ts';
import { newestModern } from '../../domain/protocol.ts';
import type { SnapshotServer } from '../../domain/snapshot.ts';
import type { Clock } from '../../platform/clock.ts';
import { Breaker } from './breaker.ts';
import { Connection, sessionHeaders, type Cancel } from './connection.ts';
import type { HttpReply } from './exchange.ts';
import { faultViews, parseRetryAfter, UpstreamFault, type FaultClass } from './fault.ts';
import { discover, initialize, type UpstreamSession, type Verdict } from './handshake.ts';
import type { Credential, OutgoingHeaders } from './headers.ts';
import { asReply, readMessage, type UpstreamMessage, type UpstreamReply } from './reply.ts';
import { Slots } from './slots.ts';

export interface UpstreamRequest {
  readonly method: string;
  /** The upstream's own name of the target, mirrored in `Mcp-Name`. */
  readonly name?: string;
  readonly paramHeaders?: readonly { readonly header: string; readonly value: string }[];
  /** Prefer the modern generation where the upstream speaks both. */
  readonly preferModern: boolean;
  /** Writes the params for the generation chosen; the id may serve as progress token. */
  readonly params: (target: { readonly modern: boolean; readonly id: string }) => string;
  readonly deadlineMs: number;
  /** Notifications that arrive before the answer, in order. */
  readonly onNotification?: (message: UpstreamMessage, id: string) => void;
  readonly cancel?: Cancel;
}

export type UpstreamAnswer = UpstreamReply;

/** A verdict rests on evidence, and evidence ages: it is asked for again after this long. */
/** Requests of its own that an upstream may put before one answer; each is refused with a message of its own. */
const mostRequests = 8;
const verdictMs = 60 * 60_000;

/**
 * One server as seen with one credential: its connections, its protocol generation, its legacy session, its breaker
 * and its slots. Sessions are shared by all callers, so nothing of any caller may be declared or remembered in them.
 */
export class Upstream {
  readonly server: SnapshotServer;
  readonly breaker: Breaker;
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #slots: Slots;
  readonly #observe: (fault: FaultClass | undefined, ms: number) => void;
  #verdict: (Verdict & { at: number }) | undefined;
  #discovering: Promise<Verdict> | undefined;
  #session: UpstreamSession | undefined;
  #opening: Promise<UpstreamSession> | undefined;
  #closed = false;

  /** @param observe told of every exchange: its fault class, or undefined, and how long it took */
  constructor(deps: {
    server: SnapshotServer;
    pool: Dispatcher;
    credential: Credential;
    clock: Clock;
    observe: (fault: FaultClass | undefined, ms: number) => void;
  }) {
    this.server = deps.server;
    this.breaker = new Breaker(deps.clock);
    this.#connection = new Connection(deps);
    this.#clock = deps.clock;
    this.#slots = new Slots(deps.server.limits.concurrency);
    this.#observe = deps.observe;
  }

  /**
   * Send one request and wait for its answer. It is sent at most once; the single exception is an upstream that says
   * it no longer knows the session (404), which means it did not run it: the session is opened anew and the request
   * sent again, once.
   * @throws UpstreamFault
   */
  async request(request: UpstreamRequest): Promise<UpstreamAnswer> {
    if (this.#closed) throw new UpstreamFault('closed', 'the server was reconfigured');
    const until = this.#clock.monotonic() + request.deadlineMs;
    const wait = this.breaker.admit();
    if (wait > 0) throw new UpstreamFault('breaker_open', 'the breaker is open', { retryAfterMs: wait });
    const slot = this.#slots.take();
    if (slot !== true && !(await slot)) throw new UpstreamFault('busy', 'no slot came free', { retryAfterMs: 1_000 });
    const started = this.#clock.monotonic();
    try {
      const verdict = this.#fresh() ?? (await this.#within(until, this.#discover()));
      const modern = verdict.modern && (request.preferModern || !verdict.legacy);
      const session = modern ? undefined : (this.#session ?? (await this.#within(until, this.#open())));
      let answer: UpstreamAnswer;
      try {
        answer = await this.#once(request, session, until);
      } catch (error) {
        answer = await this.#again(request, session, until, error);
      }
      this.breaker.success();
      this.#observe(undefined, this.#clock.monotonic() - started);
      return answer;
    } catch (error) {
      if (error instanceof UpstreamFault) {
        if (faultViews[error.fault].blames) this.breaker.failure();
        else if (error.fault === 'throttled') this.breaker.failure(error.retryAfterMs ?? 1_000);
        this.#observe(error.fault, this.#clock.monotonic() - started);
      }
      throw error;
    } finally {
      this.#slots.release();
    }
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Refuse new requests, end the running ones and close the connections. */
  close(): void {
    this.#closed = true;
    this.#connection.close(this.#session);
  }

  /** A handshake is shared by all who wait for it; each waits no longer than its own deadline. */
  async #within<T>(until: number, shared: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const left = Math.max(1, until - this.#clock.monotonic());
      timer = setTimeout(() => reject(new UpstreamFault('timeout', 'the handshake takes too long')), left);
    });
    try {
      return await Promise.race([shared, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The upstream said that it does not know the session, so it ran nothing: open another and send once more. */
  async #again(
    request: UpstreamRequest,
    session: UpstreamSession | undefined,
    until: number,
    error: unknown,
  ): Promise<UpstreamAnswer> {
    if (!(error instanceof UpstreamFault) || error.fault !== 'session') throw error;
    if (this.#session === session) this.#session = undefined;
    return this.#once(request, this.#session ?? (await this.#within(until, this.#open())), until);
  }

  /** @param until monotonic milliseconds when the caller's patience ends, waiting for a slot and a handshake included */
  async #once(request: UpstreamRequest, session: UpstreamSession | undefined, until: number): Promise<UpstreamAnswer> {
    const modern = session === undefined;
    const id = randomHex();
    const body = `{"jsonrpc":"2.0","id":"${id}","method":"${request.method}","params":${request.params({ modern, id })}}`;
    const out: OutgoingHeaders = modern
      ? { version: newestModern, method: request.method, name: request.name, params: request.paramHeaders }
      : sessionHeaders(session);
    const left = Math.max(1, until - this.#clock.monotonic());
    let requests = 0;
    let reply: HttpReply;
    try {
      reply = await this.#connection.send(out, body, left, request.cancel, (data) => {
        const message = readMessage(data);
        if (message.kind === 'response') return true;
        if (message.kind === 'notification') request.onNotification?.(message, id);
        else if (++requests > mostRequests) throw new UpstreamFault('protocol', 'it asks without end');
        else if (session !== undefined) this.#connection.refuse(message, session);
        return false;
      });
    } catch (error) {
      const given = error instanceof UpstreamFault && (error.fault === 'timeout' || error.fault === 'cancelled');
      if (session !== undefined && given && error.dispatched) this.#connection.cancel(id, session);
      throw error;
    }
    if (reply.status !== 200) this.#checkStatus(reply, session);
    // Some servers answer an unknown session so. Whether the call ran is not said: it fails, and the next one opens anew.
    if (reply.status === 400 && this.#session === session) this.#session = undefined;
    try {
      return asReply(readMessage(reply.body), id);
    } catch (error) {
      // What speaks no JSON-RPC may speak another generation by now: ask again next time.
      if (reply.status >= 400) this.#verdict = undefined;
      if (reply.status >= 400) throw new UpstreamFault('http_status', `HTTP ${reply.status}`, { dispatched: true });
      throw error;
    }
  }

  /** Statuses that speak for themselves; any other error status may still carry a JSON-RPC error. */
  #checkStatus(reply: HttpReply, session: UpstreamSession | undefined): void {
    const { status } = reply;
    const fail = (fault: FaultClass, retryAfterMs?: number): never => {
      throw new UpstreamFault(fault, `HTTP ${status}`, { dispatched: true, retryAfterMs });
    };
    if (status === 401 || status === 403) fail('unauthorized');
    if (status === 404 && session?.id !== undefined) fail('session');
    if (status === 429 || status === 503) {
      const retryAfterMs = parseRetryAfter(reply.headers['retry-after'], this.#clock.now());
      fail(retryAfterMs === undefined && status === 503 ? 'http_status' : 'throttled', retryAfterMs);
    }
    if (status >= 500 || status === 202 || status < 200) fail('http_status');
  }

  #fresh(): Verdict | undefined {
    const verdict = this.#verdict;
    return verdict !== undefined && this.#clock.monotonic() - verdict.at < verdictMs ? verdict : undefined;
  }

  async #discover(): Promise<Verdict> {
    this.#discovering ??= discover((ask) => this.#connection.ask(ask))
      .then((verdict) => {
        this.#verdict = { ...verdict, at: this.#clock.monotonic() };
        return verdict;
      })
      .finally(() => {
        this.#discovering = undefined;
      });
    return this.#discovering;
  }

  /** Fifty callers that find no session cause one `initialize`. */
  async #open(): Promise<UpstreamSession> {
    this.#opening ??= initialize((ask) => this.#connection.ask(ask))
      .then((session) => {
        this.#session = session;
        return session;
      })
      .catch((error: unknown) => {
        this.#verdict = undefined;
        throw error;
      })
      .finally(() => {
        this.#opening = undefined;
      });
    return this.#opening;
  }
}

/** A key for connections that must not be shared: another workspace, server, address, credential or limits. */
export const upstreamKey = (workspaceId: string, server: SnapshotServer): string =>
  `${workspaceId}/${server.id}/${hash('sha256', JSON.stringify([server.url, server.credential, server.limits]), 'hex')}`;
