import { randomHex } from '../../domain/ids.ts';
import { newestModern } from '../../domain/protocol.ts';
import type { SnapshotServer } from '../../domain/snapshot.ts';
import { byteString, type ByteString } from '../../platform/byte-string.ts';
import type { Clock } from '../../platform/clock.ts';
import type { HttpClient } from '../../platform/http1/client.ts';
import { Registry } from '../registry.ts';
import { Deadline } from './deadline.ts';
import { EventStream, type StreamHearer } from './event-stream.ts';
import { Exchange, receivingRoom, type Abortable, type HttpReply, type Reading } from './exchange.ts';
import { UpstreamFault, type FaultClass } from './fault.ts';
import type { Ask } from './handshake.ts';
import { buildHeaders, type Credential, type OutgoingHeaders } from './headers.ts';
import { readMessage } from './reply.ts';
import type { SseChannel } from './sse-channel.ts';

/**
 * Lets a caller stop a request it has handed over.
 *
 * What runs is named itself and not by a function that stops it. With one such function a call, until V8 had compiled
 * them well, everything of a call outlived young collections: in the first seconds under load each of them took 10 to
 * 40 ms instead of 1, and some 60 MiB stayed until a full collection.
 */
export interface Cancel {
  /** It has been given up. */
  fault?: FaultClass;
  /** What is under way for it now. */
  running?: Abortable;
}

/** Where a message of a legacy session goes. */
export interface SessionAddress {
  /** The id the upstream gave it, where it gave one. */
  readonly id: string | undefined;
  /** Revision agreed on. */
  readonly version: string;
  /** The stream of an upstream that speaks the deprecated HTTP+SSE transport. */
  readonly channel: SseChannel | undefined;
}

const handshakeDeadlineMs = 10_000;

/**
 * Connections a server may have: one for each call, as many for streams that go on for a moment after the answer, and
 * some for the gateway's own messages, which a call may be waiting for.
 */
export const connectionsFor = ({ concurrency }: SnapshotServer['limits']): number => 2 * concurrency + 4;
/** Streams without an end that a server may have, next to those. */
export const streamsFor = 1_024;
/** What a server says by itself may have this many bytes, unless answers may have fewer. */
const maxEventBytes = 4 * 1024 * 1024;

export interface ConnectionDeps {
  readonly server: SnapshotServer;
  readonly client: HttpClient;
  /** Opens the client for streams without an end; they must not take connections from calls. */
  readonly openStreams: () => HttpClient;
  readonly credential: Credential;
  readonly clock: Clock;
}

/** The connections to one server with one credential, and what is under way on them. */
export class Connection {
  readonly #client: HttpClient;
  readonly #openStreams: () => HttpClient;
  #streams: HttpClient | undefined;
  readonly #credential: Credential;
  readonly #clock: Clock;
  readonly #url: URL;
  readonly #path: string;
  #maxBytes: number;
  readonly #running = new Registry<Abortable>();
  readonly #room = receivingRoom();

  constructor(deps: ConnectionDeps) {
    this.#url = new URL(deps.server.url);
    this.#path = this.#url.pathname + this.#url.search;
    this.#client = deps.client;
    this.#openStreams = deps.openStreams;
    this.#credential = deps.credential;
    this.#clock = deps.clock;
    this.#maxBytes = deps.server.limits.maxResultBytes;
  }

  /** Where the server is. */
  get url(): URL {
    return this.#url;
  }

  /** Take on changed limits; what is under way keeps those it began with. */
  limit(limits: SnapshotServer['limits']): void {
    this.#maxBytes = limits.maxResultBytes;
    this.#client.connections = connectionsFor(limits);
  }

  /**
   * Send a message and wait for what `reading` makes of its answer.
   * @param path where it goes, if not to the server's own address
   * @throws UpstreamFault at once, with nothing sent, or later
   */
  send<T>(
    out: OutgoingHeaders,
    body: ByteString,
    deadline: Deadline,
    cancel: Cancel | undefined,
    reading: Reading<T>,
    path = this.#path,
  ): Promise<T> {
    refuseCancelled(cancel);
    const request = { method: 'POST', path, headers: buildHeaders(this.#credential, out), body } as const;
    return this.#exchange(request, deadline, cancel, reading);
  }

  /** Take up the stream of an answer where it broke off (2025-11-25, transports "Resumability and Redelivery"). */
  resume<T>(
    session: SessionAddress,
    lastEventId: string,
    deadline: Deadline,
    cancel: Cancel | undefined,
    reading: Reading<T>,
  ): Promise<T> {
    refuseCancelled(cancel);
    const headers = buildHeaders(this.#credential, { ...sessionHeaders(session), stream: true, lastEventId });
    return this.#exchange({ method: 'GET', path: this.#path, headers, body: nothing }, deadline, cancel, reading);
  }

  #exchange<T>(
    request: ConstructorParameters<typeof Exchange>[1],
    deadline: Deadline,
    cancel: Cancel | undefined,
    reading: Reading<T>,
  ): Promise<T> {
    const limits = { deadline, maxBytes: this.#maxBytes, room: this.#room };
    const exchange = new Exchange(this.#client, request, limits, this.#running, reading);
    if (cancel !== undefined) cancel.running = exchange;
    return exchange.done;
  }

  /**
   * Wait before something is tried again.
   * @throws UpstreamFault when there is no time left, or nobody waits any more
   */
  async pause(ms: number, deadline: Deadline, cancel: Cancel | undefined): Promise<void> {
    refuseCancelled(cancel);
    let timer: NodeJS.Timeout | undefined;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = (fault: FaultClass): void => reject(new UpstreamFault(fault, 'given up', { dispatched: true }));
    const pausing: Abortable = { abort };
    const left = this.#running.add(pausing);
    deadline.arm({ late: () => abort('timeout') });
    if (cancel !== undefined) cancel.running = pausing;
    timer = setTimeout(resolve, ms);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      deadline.disarm();
      left();
    }
  }

  /** Open a stream without an end. @param body what is asked; undefined: only to listen, with a GET */
  stream(
    out: OutgoingHeaders,
    body: ByteString | undefined,
    hearer: StreamHearer,
    maxBytes = Math.min(this.#maxBytes, maxEventBytes),
  ): EventStream {
    this.#streams ??= this.#openStreams();
    const method = body === undefined ? 'GET' : 'POST';
    const headers = buildHeaders(this.#credential, body === undefined ? { ...out, stream: true } : out);
    const request = { method, path: this.#path, headers, body: body ?? nothing } as const;
    return new EventStream(this.#streams, request, maxBytes, this.#running, this.#room, hearer);
  }

  /** Open the stream on which a legacy upstream says what belongs to no request (2025-11-25, "Listening for Messages"). */
  listen(session: SessionAddress, lastEventId: string | undefined, hearer: StreamHearer): EventStream {
    return this.stream({ ...sessionHeaders(session), lastEventId }, undefined, hearer);
  }

  /** Bytes an answer may have. */
  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** A deadline of the gateway's own. */
  patience(ms = handshakeDeadlineMs): Deadline {
    return new Deadline(this.#clock, ms);
  }

  /** Send a request of the gateway's own: a handshake. */
  async ask(ask: Parameters<Ask>[0]): Promise<{ reply: HttpReply; id: string }> {
    const id = randomHex();
    const idPart = ask.notification === true ? '' : `"id":"${id}",`;
    const body = byteString(`{"jsonrpc":"2.0",${idPart}"method":"${ask.method}","params":${ask.params}}`);
    const channel = ask.session?.channel;
    const event = (data: Buffer): boolean => readMessage(data).kind === 'response';
    const reading = { event, reply: asItIs };
    if (channel !== undefined && ask.notification === true) {
      await channel.deliver(body);
      return { reply: accepted, id };
    }
    if (channel !== undefined) return { reply: await channel.send(id, body, this.patience(), undefined, reading), id };
    const out = ask.modern ? { version: newestModern, method: ask.method } : sessionHeaders(ask.session);
    return { reply: await this.send(out, body, this.patience(), undefined, reading), id };
  }

  /** Tell a legacy upstream that nobody waits for this request any more. */
  cancel(id: string, session: SessionAddress): void {
    const params = `{"requestId":"${id}","reason":"the caller no longer waits"}`;
    this.tell(byteString(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":${params}}`), session);
  }

  /** Send something that gets no answer worth waiting for. */
  tell(body: ByteString, session: SessionAddress): void {
    if (session.channel !== undefined) return session.channel.post(body);
    this.send(sessionHeaders(session), body, this.patience(), undefined, ignored).catch(() => undefined);
  }

  /** Give a session back. */
  forget(session: SessionAddress): void {
    session.channel?.close('closed');
    if (session.id === undefined) return;
    const headers = buildHeaders(this.#credential, sessionHeaders(session));
    const request = { method: 'DELETE', path: this.#path, headers, body: nothing } as const;
    const limits = { deadline: this.patience(1_500), maxBytes: 65_536, room: this.#room };
    new Exchange(this.#client, request, limits, this.#running, ignored).done.catch(() => undefined);
  }

  /** End what is under way, give the sessions back and close the connections. */
  close(sessions: readonly SessionAddress[]): void {
    for (const running of this.#running.values()) running.abort('closed');
    for (const session of sessions) this.forget(session);
    this.#streams?.destroy();
    // Gracefully for the sessions' sake, but not for ever.
    this.#client.close();
    setTimeout(() => this.#client.destroy(), 2_000).unref();
  }
}

const nothing = byteString('');
const asItIs = (reply: HttpReply): HttpReply => reply;
/** Whatever comes, nobody reads it. */
export const ignored: Reading<undefined> = { event: () => true, reply: () => undefined };
/** How a notification is taken where answers come on another stream. */
const accepted: HttpReply = { status: 202, headers: undefined, body: Buffer.alloc(0) };

/** @throws UpstreamFault when the caller has already given up */
export function refuseCancelled(cancel: Cancel | undefined): void {
  if (cancel?.fault !== undefined) throw new UpstreamFault(cancel.fault, 'given up before it was sent');
}

/** Revisions before 2025-06-18 have no version header. */
export const sessionHeaders = (session: SessionAddress | undefined): OutgoingHeaders =>
  session === undefined
    ? {}
    : session.version >= '2025-06-18'
      ? { version: session.version, session: session.id }
      : { session: session.id };
