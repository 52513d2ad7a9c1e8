import { hash } from 'node:crypto';
import type { Dispatcher } from 'undici';
import { randomHex } from '../../domain/ids.ts';
import type { SnapshotServer } from '../../domain/snapshot.ts';
import type { Clock } from '../../platform/clock.ts';
import { Registry } from '../registry.ts';
import { Breaker } from './breaker.ts';
import { exchange, type Exchange, type HttpReply } from './exchange.ts';
import { faultViews, parseRetryAfter, UpstreamFault, type FaultClass } from './fault.ts';
import { discover, initialize, type UpstreamSession, type Verdict } from './handshake.ts';
import { buildHeaders, type Credential } from './headers.ts';
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

/** Lets a caller stop a request it has handed over. */
export interface Cancel {
  fault?: FaultClass;
  abort?: (fault: FaultClass) => void;
}

export interface UpstreamAnswer extends UpstreamReply {
  readonly modern: boolean;
}

/** A verdict rests on evidence, and evidence ages: it is asked for again after this long. */
const verdictMs = 60 * 60_000;
const handshakeDeadlineMs = 10_000;

/**
 * One server as seen with one credential: its connections, its protocol generation, its legacy session, its breaker
 * and its slots. Sessions are shared by all callers, so nothing of any caller may be declared or remembered in them.
 */
export class Upstream {
  readonly server: SnapshotServer;
  readonly breaker: Breaker;
  readonly #pool: Dispatcher;
  readonly #path: string;
  readonly #credential: Credential;
  readonly #clock: Clock;
  readonly #slots: Slots;
  readonly #running = new Registry<Exchange>();
  readonly #observe: (fault: FaultClass | undefined, ms: number) => void;
  #verdict: (Verdict & { at: number }) | undefined;
  #discovering: Promise<Verdict> | undefined;
  #session: UpstreamSession | undefined;
  #opening: Promise<UpstreamSession> | undefined;
  #closed = false;
  instructions: string | undefined;

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
    this.#pool = deps.pool;
    const url = new URL(deps.server.url);
    this.#path = url.pathname + url.search;
    this.#credential = deps.credential;
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
    const wait = this.breaker.admit();
    if (wait > 0) throw new UpstreamFault('breaker_open', 'the breaker is open', { retryAfterMs: wait });
    const slot = this.#slots.take();
    if (slot !== true && !(await slot)) throw new UpstreamFault('busy', 'no slot came free', { retryAfterMs: 1_000 });
    const started = this.#clock.monotonic();
    try {
      const answer = await this.#send(request);
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

  /** Refuse new requests, end the running ones and close the connections. */
  close(): void {
    this.#closed = true;
    for (const running of this.#running.values()) running.abort('closed');
    if (this.#session?.id !== undefined) void this.#forget(this.#session);
    // Close gracefully for the session's DELETE, but not for ever.
    const timer = setTimeout(() => void this.#pool.destroy(null), 2_000);
    timer.unref();
    void this.#pool.close().then(
      () => clearTimeout(timer),
      () => clearTimeout(timer),
    );
  }

  async #send(request: UpstreamRequest): Promise<UpstreamAnswer> {
    const verdict = this.#fresh() ?? (await this.#discover());
    const modern = verdict.modern && (request.preferModern || !verdict.legacy);
    if (modern) return this.#once(request, undefined);
    const session = this.#session ?? (await this.#open());
    try {
      return await this.#once(request, session);
    } catch (error) {
      if (!(error instanceof UpstreamFault) || error.fault !== 'session') throw error;
      if (this.#session === session) this.#session = undefined;
      return this.#once(request, this.#session ?? (await this.#open()));
    }
  }

  async #once(request: UpstreamRequest, session: UpstreamSession | undefined): Promise<UpstreamAnswer> {
    const modern = session === undefined;
    const id = randomHex();
    const body = `{"jsonrpc":"2.0","id":"${id}","method":"${request.method}","params":${request.params({ modern, id })}}`;
    const headers = buildHeaders(
      this.#credential,
      modern
        ? { version: '2026-07-28', method: request.method, name: request.name, params: request.paramHeaders ?? [] }
        : sessionHeaders(session),
    );
    const reply = await this.#exchange({ headers, body }, request.deadlineMs, request.cancel, (data) => {
      const message = readMessage(data);
      if (message.kind === 'response') return true;
      if (message.kind === 'notification') request.onNotification?.(message, id);
      else this.#refuse(message, session);
      return false;
    }).catch((error: unknown) => {
      if (session !== undefined && error instanceof UpstreamFault && error.dispatched) {
        if (error.fault === 'timeout' || error.fault === 'cancelled') this.#cancel(id, session);
      }
      throw error;
    });
    this.#checkStatus(reply, session);
    try {
      return { ...asReply(readMessage(reply.body), id), modern };
    } catch (error) {
      if (reply.status >= 400) throw new UpstreamFault('http_status', `HTTP ${reply.status}`, { dispatched: true });
      throw error;
    }
  }

  /** Statuses that speak for themselves; any other error status may still carry a JSON-RPC error. */
  #checkStatus(reply: HttpReply, session: UpstreamSession | undefined): void {
    const { status } = reply;
    if (status === 200) return;
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
    this.#discovering ??= discover((ask) => this.#ask(ask))
      .then((verdict) => {
        this.#verdict = { ...verdict, at: this.#clock.monotonic() };
        this.instructions = verdict.instructions ?? this.instructions;
        return verdict;
      })
      .finally(() => {
        this.#discovering = undefined;
      });
    return this.#discovering;
  }

  /** Fifty callers that find no session cause one `initialize`. */
  async #open(): Promise<UpstreamSession> {
    this.#opening ??= initialize((ask) => this.#ask(ask))
      .then((session) => {
        this.#session = session;
        this.instructions = session.instructions ?? this.instructions;
        return session;
      })
      .finally(() => {
        this.#opening = undefined;
      });
    return this.#opening;
  }

  async #ask(ask: Parameters<Parameters<typeof discover>[0]>[0]): Promise<{ reply: HttpReply; id: string }> {
    const id = randomHex();
    const idPart = ask.notification === true ? '' : `"id":"${id}",`;
    const body = `{"jsonrpc":"2.0",${idPart}"method":"${ask.method}","params":${ask.params}}`;
    const out = ask.modern ? { version: '2026-07-28', method: ask.method } : sessionHeaders(ask.session);
    const reply = await this.#exchange(
      { headers: buildHeaders(this.#credential, out), body },
      handshakeDeadlineMs,
      undefined,
      (data) => readMessage(data).kind === 'response',
    );
    return { reply, id };
  }

  async #exchange(
    request: { headers: string[]; body: string },
    deadlineMs: number,
    cancel: Cancel | undefined,
    onMessage: (data: Buffer) => boolean,
  ): Promise<HttpReply> {
    if (cancel?.fault !== undefined) throw new UpstreamFault(cancel.fault, 'given up before it was sent');
    const limits = { deadlineMs, maxBytes: this.server.limits.maxResultBytes };
    const running = exchange(this.#pool, { method: 'POST', path: this.#path, ...request }, limits, onMessage);
    const ended = this.#running.add(running);
    if (cancel !== undefined) cancel.abort = (fault) => running.abort(fault);
    try {
      return await running.done;
    } finally {
      ended();
    }
  }

  /** Nothing was declared that an upstream may ask of a client, so its requests are answered with a refusal, not silence. */
  #refuse(message: UpstreamMessage, session: UpstreamSession | undefined): void {
    if (session === undefined || message.id === undefined) return;
    const id = message.bytes.toString('utf8', message.id.start, message.id.end);
    const answer =
      message.method === 'ping'
        ? `{"jsonrpc":"2.0","id":${id},"result":{}}`
        : `{"jsonrpc":"2.0","id":${id},"error":{"code":-32601,"message":"Method not found"}}`;
    this.#tell(answer, session);
  }

  #cancel(id: string, session: UpstreamSession): void {
    const params = `{"requestId":"${id}","reason":"the caller no longer waits"}`;
    this.#tell(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":${params}}`, session);
  }

  /** Send something that gets no answer worth waiting for. */
  #tell(body: string, session: UpstreamSession): void {
    const headers = buildHeaders(this.#credential, sessionHeaders(session));
    void this.#exchange({ headers, body }, handshakeDeadlineMs, undefined, () => true).catch(() => undefined);
  }

  async #forget(session: UpstreamSession): Promise<void> {
    const headers = buildHeaders(this.#credential, sessionHeaders(session));
    const limits = { deadlineMs: 1_500, maxBytes: 65_536 };
    await exchange(this.#pool, { method: 'DELETE', path: this.#path, headers, body: null }, limits).done.catch(
      () => undefined,
    );
  }
}

const sessionHeaders = (session: UpstreamSession | undefined): { version?: string; session?: string | undefined } =>
  session === undefined
    ? {}
    : session.version >= '2025-06-18'
      ? { version: session.version, session: session.id }
      : { session: session.id };

/** A key for connections that must not be shared: another workspace, server, configuration or credential. */
export const upstreamKey = (workspaceId: string, server: SnapshotServer): string =>
  `${workspaceId}/${server.id}/${server.revision}/${hash('sha256', server.credential?.id ?? '', 'hex').slice(0, 16)}`;
