import { hash } from 'node:crypto';
import { randomHex } from '../../domain/ids.ts';
import { newestModern, rpcCode } from '../../domain/protocol.ts';
import type { SnapshotServer } from '../../domain/snapshot.ts';
import type { Clock } from '../../platform/clock.ts';
import { ascii, bytes, type ByteString } from '../../platform/byte-string.ts';
import type { HttpClient } from '../../platform/http1/client.ts';
import { Breaker } from './breaker.ts';
import { Connection, sessionHeaders, type Cancel } from './connection.ts';
import type { HttpReply, Reading } from './exchange.ts';
import { faultViews, parseRetryAfter, UpstreamFault, type FaultClass } from './fault.ts';
import { discover, initialize, type UpstreamSession, type Verdict } from './handshake.ts';
import type { Credential, OutgoingHeaders } from './headers.ts';
import { asReply, errorCode, isRequestId, readMessage, type UpstreamMessage, type UpstreamReply } from './reply.ts';
import { Slots } from './slots.ts';

export interface UpstreamRequest {
  readonly method: string;
  /** The upstream's own name of the target, mirrored in `Mcp-Name`. */
  readonly name?: string;
  readonly paramHeaders?: readonly { readonly header: string; readonly value: string }[];
  /** Prefer the modern generation where the upstream speaks both. */
  readonly preferModern: boolean;
  /** Writes the params for the generation chosen; the id may serve as progress token. */
  readonly params: (target: { readonly modern: boolean; readonly id: string }) => ByteString;
  readonly deadlineMs: number;
  /** Notifications that arrive before the answer, in order. */
  readonly onNotification?: ((message: UpstreamMessage, id: string) => void) | undefined;
  readonly cancel?: Cancel;
}

export type UpstreamAnswer = UpstreamReply;

/** Requests of its own that an upstream may put before one answer; each is refused with a message of its own. */
const mostRequests = 8;
/** A verdict rests on evidence, and evidence ages: it is asked for again after this long. */
const verdictMs = 60 * 60_000;

/** A request from its admission to its end. */
interface Attempt {
  readonly request: UpstreamRequest;
  /** Monotonic milliseconds when the caller's patience ends, waiting for a slot and a handshake included. */
  readonly until: number;
  /** Monotonic milliseconds when it had its slot. */
  started: number;
  /** It was sent a second time, into a new session. */
  repeated: boolean;
}

const modernGeneration = { session: undefined };

/**
 * One server as seen with one credential: its connections, its protocol generation, its legacy session, its breaker
 * and its slots. Sessions are shared by all callers, so nothing of any caller may be declared or remembered in them.
 */
export class Upstream {
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
  #server: SnapshotServer;

  /** @param observe told of every exchange: its fault class, or undefined, and how long it took */
  constructor(deps: {
    server: SnapshotServer;
    client: HttpClient;
    credential: Credential;
    clock: Clock;
    observe: (fault: FaultClass | undefined, ms: number) => void;
  }) {
    this.#server = deps.server;
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
   * @throws UpstreamFault, by rejecting
   */
  request(request: UpstreamRequest): Promise<UpstreamAnswer> {
    if (this.#closed) return Promise.reject(new UpstreamFault('closed', 'the server was reconfigured'));
    const wait = this.breaker.admit();
    if (wait > 0)
      return Promise.reject(new UpstreamFault('breaker_open', 'the breaker is open', { retryAfterMs: wait }));
    const now = this.#clock.monotonic();
    const attempt: Attempt = { request, until: now + request.deadlineMs, started: now, repeated: false };
    const known = this.#generation(request);
    const slot = this.#slots.take();
    return known === undefined || slot !== true ? this.#prepare(attempt, slot) : this.#send(attempt, known.session);
  }

  /** Wait for a slot and a handshake, then send. */
  async #prepare(attempt: Attempt, slot: boolean | Promise<boolean>): Promise<UpstreamAnswer> {
    if (!(await slot)) throw new UpstreamFault('busy', 'no slot came free', { retryAfterMs: 1_000 });
    attempt.started = this.#clock.monotonic();
    const { request, until } = attempt;
    let session: UpstreamSession | undefined;
    try {
      const verdict = this.#fresh() ?? (await this.#within(until, this.#discover()));
      const modern = verdict.modern && (request.preferModern || !verdict.legacy);
      session = modern ? undefined : (this.#session ?? (await this.#within(until, this.#open())));
    } catch (error) {
      this.#ended(attempt, error);
      throw error;
    }
    return this.#send(attempt, session);
  }

  /** What to speak, where that is known without asking. */
  #generation(request: UpstreamRequest): { session: UpstreamSession | undefined } | undefined {
    const verdict = this.#fresh();
    if (verdict === undefined) return undefined;
    if (verdict.modern && (request.preferModern || !verdict.legacy)) return modernGeneration;
    return this.#session === undefined ? undefined : { session: this.#session };
  }

  /** Every attempt that had a slot ends here, once: the slot is free again, breaker and health learn how it went. */
  #ended(attempt: Attempt, error: unknown): void {
    this.#slots.release();
    const ms = this.#clock.monotonic() - attempt.started;
    if (error === undefined) {
      this.breaker.success();
      this.#observe(undefined, ms);
    } else if (error instanceof UpstreamFault) {
      if (faultViews[error.fault].blames) this.breaker.failure();
      else if (error.fault === 'throttled') this.breaker.failure(error.retryAfterMs ?? 1_000);
      this.#observe(error.fault, ms);
    }
  }

  get server(): SnapshotServer {
    return this.#server;
  }

  /** Take on what may change without another connection: names and limits. */
  adopt(server: SnapshotServer): void {
    this.#server = server;
    this.#slots.resize(server.limits.concurrency);
    this.#connection.limit(server.limits);
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

  #send(attempt: Attempt, session: UpstreamSession | undefined): Promise<UpstreamAnswer> {
    const { request } = attempt;
    const modern = session === undefined;
    const id = randomHex();
    const out: OutgoingHeaders = modern
      ? { version: newestModern, method: request.method, name: request.name, params: request.paramHeaders }
      : sessionHeaders(session);
    let sent: Promise<UpstreamAnswer>;
    try {
      if (this.#closed) throw new UpstreamFault('closed', 'the server was reconfigured');
      // Waiting for a slot and a handshake counts, too.
      const left = Math.max(1, attempt.until - this.#clock.monotonic());
      const params = request.params({ modern, id });
      const body = bytes`{"jsonrpc":"2.0","id":"${ascii(id)}","method":"${ascii(request.method)}","params":${params}}`;
      sent = this.#connection.send(out, body, left, request.cancel, this.#reading(attempt, session, id));
    } catch (error) {
      this.#ended(attempt, error);
      return Promise.reject(error);
    }
    return session === undefined ? sent : sent.catch((error: unknown) => this.#failed(attempt, session, id, error));
  }

  #reading(attempt: Attempt, session: UpstreamSession | undefined, id: string): Reading<UpstreamAnswer> {
    let requests = 0;
    return {
      event: (data) => {
        const message = readMessage(data);
        if (message.kind === 'response') return true;
        if (message.kind === 'notification') attempt.request.onNotification?.(message, id);
        else if (++requests > mostRequests) throw new UpstreamFault('protocol', 'it asks without end');
        else if (!isRequestId(message.id!)) throw new UpstreamFault('protocol', 'it asks under no proper id');
        else if (session !== undefined) this.#connection.refuse(message, session);
        return false;
      },
      reply: (reply) => this.#read(reply, session, id),
      ended: (error) => {
        const again = error instanceof UpstreamFault && error.fault === 'session' && !attempt.repeated;
        if (!again) this.#ended(attempt, error);
      },
    };
  }

  /**
   * What a failure means for the session. An upstream that says it does not know it ran nothing: another is opened and
   * the request sent once more. One whose answer nobody waits for any longer is told so.
   */
  async #failed(attempt: Attempt, session: UpstreamSession, id: string, error: unknown): Promise<UpstreamAnswer> {
    if (!(error instanceof UpstreamFault)) throw error;
    if (error.fault === 'session' && !attempt.repeated) {
      if (this.#session === session) this.#session = undefined;
      attempt.repeated = true;
      let next: UpstreamSession;
      try {
        next = this.#session ?? (await this.#within(attempt.until, this.#open()));
      } catch (failure) {
        this.#ended(attempt, failure);
        throw failure;
      }
      return this.#send(attempt, next);
    }
    const given = error.fault === 'timeout' || error.fault === 'cancelled';
    if (given && error.dispatched) this.#connection.cancel(id, session);
    throw error;
  }

  #read(reply: HttpReply, session: UpstreamSession | undefined, id: string): UpstreamAnswer {
    if (reply.status !== 200) this.#checkStatus(reply, session);
    // Some servers answer an unknown session so. Whether the call ran is not said: it fails, and the next one opens anew.
    if (reply.status === 400 && this.#session === session) this.#session = undefined;
    try {
      const answer = asReply(readMessage(reply.body), id);
      if (reply.status >= 400) this.#reconsider(errorCode(answer), session === undefined);
      return answer;
    } catch (error) {
      // What speaks no JSON-RPC may speak another generation by now: ask again next time.
      if (reply.status >= 400) this.#verdict = undefined;
      if (reply.status >= 400) throw new UpstreamFault('http_status', `HTTP ${reply.status}`, { dispatched: true });
      throw error;
    }
  }

  /**
   * A refusal may show that the upstream no longer speaks what it spoke when it was asked (2026-07-28, versioning
   * "Backward Compatibility").
   * @throws UpstreamFault where its word on revisions would mislead the caller, who agreed on one with the gateway
   */
  #reconsider(code: number | undefined, modern: boolean): void {
    if (code === rpcCode.unsupportedVersion)
      throw new UpstreamFault('protocol', 'it refuses the revision it agreed to', { dispatched: true });
    if (modern && (code === rpcCode.invalidRequest || code === noSession)) this.#verdict = undefined;
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
      const retryAfterMs = parseRetryAfter(reply.headers.get('retry-after'), this.#clock.now());
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

/** What servers of the SDK answer where there is no session: a code the protocol gives no meaning. */
const noSession = -32_000;

/** A key for connections that must not be shared: another workspace, server, address or credential. */
export const upstreamKey = (workspaceId: string, server: SnapshotServer): string =>
  `${workspaceId}/${server.id}/${hash('sha256', JSON.stringify([server.url, server.credential]), 'hex')}`;
