import { hash } from 'node:crypto';
import type { SnapshotServer } from '../../domain/snapshot.ts';
import type { Clock } from '../../platform/clock.ts';
import type { HttpClient } from '../../platform/http1/client.ts';
import { Attempt, type AttemptDeps, type UpstreamAnswer, type UpstreamRequest } from './attempt.ts';
import { Breaker } from './breaker.ts';
import { Connection, refuseCancelled } from './connection.ts';
import { errand, type UpstreamListener } from './conversation.ts';
import { Deadline } from './deadline.ts';
import { faultViews, UpstreamFault, type FaultClass } from './fault.ts';
import type { ServerFeatures } from './features.ts';
import { Generation, speaksModern } from './generation.ts';
import type { Credential } from './headers.ts';
import { News } from './news.ts';
import type { LegacySession } from './session.ts';
import { LegacySessions } from './sessions.ts';
import { Slots } from './slots.ts';

export type { UpstreamAnswer, UpstreamRequest } from './attempt.ts';

const modernGeneration = { session: undefined };

/**
 * One server as seen with one credential: its connections, its protocol generation, its sessions, its breaker and its
 * slots. A session belongs to one conversation, and nothing of any caller is declared or remembered in another's.
 */
export class Upstream {
  readonly breaker: Breaker;
  readonly #connection: Connection;
  readonly #generation: Generation;
  readonly #sessions: LegacySessions;
  readonly #news: News;
  readonly #clock: Clock;
  readonly #slots: Slots;
  readonly #observe: (fault: FaultClass | undefined, ms: number) => void;
  readonly #attempts: AttemptDeps;
  #closed = false;
  #server: SnapshotServer;

  /**
   * @param client for requests; `openStreams` opens another, for streams that go on without an end
   * @param observe told of every exchange: its fault class, or undefined, and how long it took
   */
  constructor(deps: {
    server: SnapshotServer;
    client: HttpClient;
    openStreams: () => HttpClient;
    credential: Credential;
    clock: Clock;
    observe: (fault: FaultClass | undefined, ms: number) => void;
  }) {
    const { clock } = deps;
    this.#server = deps.server;
    this.breaker = new Breaker(clock);
    const connection = new Connection(deps);
    const generation = new Generation(connection, clock);
    const sessions = new LegacySessions(connection, clock, {
      refused: () => generation.doubt(),
      lost: (session) => this.#news.lost(session),
      hear: (message) => this.#news.hear(message),
    });
    this.#connection = connection;
    this.#generation = generation;
    this.#sessions = sessions;
    this.#news = new News({ connection, generation, sessions, clock });
    this.#clock = clock;
    this.#slots = new Slots(deps.server.limits.concurrency);
    this.#observe = deps.observe;
    this.#attempts = {
      connection,
      sessions,
      clock,
      closed: () => this.#closed,
      doubt: () => generation.doubt(),
      finished: (attempt, error) => this.#finished(attempt, error),
    };
  }

  /**
   * Send one request and wait for its answer. It is sent at most once, but for a session that is no longer known.
   * @throws UpstreamFault, by rejecting
   */
  request(request: UpstreamRequest): Promise<UpstreamAnswer> {
    if (this.#closed) return Promise.reject(new UpstreamFault('closed', 'the server was reconfigured'));
    const wait = this.breaker.admit();
    if (wait > 0)
      return Promise.reject(new UpstreamFault('breaker_open', 'the breaker is open', { retryAfterMs: wait }));
    const now = this.#clock.monotonic();
    const deadline = new Deadline(this.#clock, request.deadlineMs, this.#server.limits.progressDeadlineMs, now);
    const attempt = new Attempt(this.#attempts, request, deadline, now);
    const known = this.#known(attempt);
    const slot = this.#slots.take();
    return known === undefined || slot !== true ? this.#prepare(attempt, slot) : attempt.send(known.session);
  }

  /**
   * Capabilities the server declared at discovery or `initialize`; learned by a handshake if need be.
   * @throws UpstreamFault
   */
  async features(): Promise<ServerFeatures> {
    if (this.#closed) throw new UpstreamFault('closed', 'the server was reconfigured');
    const verdict = await this.#generation.learn();
    return speaksModern(verdict, true) ? verdict.features : (await this.#sessions.open(errand)).features;
  }

  /** Whether it may ask in the middle of a request that prefers the modern generation, which knows no such questions. */
  get mayAsk(): boolean {
    const verdict = this.#generation.known;
    return verdict === undefined || !speaksModern(verdict, true);
  }

  /** Hear what the server says by itself: list changes, and updates of resources. One stream however many listen. */
  listen(listener: UpstreamListener): Disposable {
    return this.#news.listen(listener);
  }

  /**
   * Ask to be told of one resource's updates: counted, so the upstream is asked once.
   * @throws UpstreamFault
   */
  watch(uri: string): Promise<Disposable> {
    return this.#news.watch(uri);
  }

  /** A client conversation is over: its upstream session is given back. */
  endConversation(key: string): void {
    this.#sessions.end(key);
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
    this.#news.close();
    this.#connection.close(this.#sessions.close());
  }

  /** Wait for a slot and a handshake, then send. */
  async #prepare(attempt: Attempt, slot: boolean | Promise<boolean>): Promise<UpstreamAnswer> {
    if (!(await slot)) throw new UpstreamFault('busy', 'no slot came free', { retryAfterMs: 1_000 });
    attempt.started = this.#clock.monotonic();
    const { deadline, request, conversation } = attempt;
    let session: LegacySession | undefined;
    try {
      refuseCancelled(request.cancel);
      const verdict = this.#generation.known ?? (await deadline.within(this.#generation.learn()));
      session = speaksModern(verdict, request.preferModern)
        ? undefined
        : (this.#sessions.find(conversation) ?? (await deadline.within(this.#sessions.open(conversation))));
    } catch (error) {
      attempt.fail(error);
      throw error;
    }
    return attempt.send(session);
  }

  /** What to speak, where that is known without asking. */
  #known({ request, conversation }: Attempt): { session: LegacySession | undefined } | undefined {
    const verdict = this.#generation.known;
    if (verdict === undefined) return undefined;
    if (speaksModern(verdict, request.preferModern)) return modernGeneration;
    const session = this.#sessions.find(conversation);
    return session === undefined ? undefined : { session };
  }

  /** Every attempt that had a slot ends here, once: the slot is free again, breaker and health learn how it went. */
  #finished(attempt: Attempt, error: unknown): void {
    this.#slots.release();
    const ms = this.#clock.monotonic() - attempt.started;
    if (error === undefined) {
      this.breaker.success();
      this.#observe(undefined, ms);
    } else if (error instanceof UpstreamFault) {
      const { fault } = error;
      if (attempt.request.aside === true && fault !== 'throttled') return;
      // People who leave a question unanswered are not the upstream's fault.
      const blames = faultViews[fault].blames && !(fault === 'timeout' && attempt.deadline.paused);
      if (blames) this.breaker.failure();
      else if (fault === 'throttled') this.breaker.failure(error.retryAfterMs ?? 1_000);
      this.#observe(fault, ms);
    }
  }
}

/** A key for connections that must not be shared: another workspace, server, address or credential. */
export const upstreamKey = (workspaceId: string, server: SnapshotServer): string =>
  `${workspaceId}/${server.id}/${hash('sha256', JSON.stringify([server.url, server.credential]), 'hex')}`;
