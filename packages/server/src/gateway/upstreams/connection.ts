import { randomHex } from '../../domain/ids.ts';
import { newestModern } from '../../domain/protocol.ts';
import type { SnapshotServer } from '../../domain/snapshot.ts';
import { byteString, type ByteString } from '../../platform/byte-string.ts';
import type { HttpClient } from '../../platform/http1/client.ts';
import { Registry } from '../registry.ts';
import { Exchange, type Abortable, type HttpReply, type Reading } from './exchange.ts';
import { UpstreamFault, type FaultClass } from './fault.ts';
import type { Ask, UpstreamSession } from './handshake.ts';
import { buildHeaders, type Credential, type OutgoingHeaders } from './headers.ts';
import { readMessage, type UpstreamMessage } from './reply.ts';

/** Lets a caller stop a request it has handed over. */
export interface Cancel {
  fault?: FaultClass;
  abort?: (fault: FaultClass) => void;
}

const handshakeDeadlineMs = 10_000;

/**
 * Connections a server may have: one for each call, as many for streams that go on for a moment after the answer, and
 * some for the gateway's own messages, which a call may be waiting for.
 */
export const connectionsFor = ({ concurrency }: SnapshotServer['limits']): number => 2 * concurrency + 4;

/** The connections to one server with one credential, and what is under way on them. */
export class Connection {
  readonly #client: HttpClient;
  readonly #path: string;
  readonly #credential: Credential;
  #maxBytes: number;
  readonly #running = new Registry<Abortable>();

  constructor(deps: { server: SnapshotServer; client: HttpClient; credential: Credential }) {
    const url = new URL(deps.server.url);
    this.#client = deps.client;
    this.#path = url.pathname + url.search;
    this.#credential = deps.credential;
    this.#maxBytes = deps.server.limits.maxResultBytes;
  }

  /** Take on changed limits; what is under way keeps those it began with. */
  limit(limits: SnapshotServer['limits']): void {
    this.#maxBytes = limits.maxResultBytes;
    this.#client.connections = connectionsFor(limits);
  }

  /**
   * Send a message and wait for what `reading` makes of its answer.
   * @throws UpstreamFault at once, with nothing sent, or later
   */
  send<T>(
    out: OutgoingHeaders,
    body: ByteString,
    deadlineMs: number,
    cancel: Cancel | undefined,
    reading: Reading<T>,
  ): Promise<T> {
    if (cancel?.fault !== undefined) throw new UpstreamFault(cancel.fault, 'given up before it was sent');
    const request = { method: 'POST', path: this.#path, headers: buildHeaders(this.#credential, out), body } as const;
    const limits = { deadlineMs, maxBytes: this.#maxBytes };
    const exchange = new Exchange(this.#client, request, limits, this.#running, reading);
    if (cancel !== undefined) cancel.abort = (fault) => exchange.abort(fault);
    return exchange.done;
  }

  /** Send a request of the gateway's own: a handshake. */
  async ask(ask: Parameters<Ask>[0]): Promise<{ reply: HttpReply; id: string }> {
    const id = randomHex();
    const idPart = ask.notification === true ? '' : `"id":"${id}",`;
    const body = byteString(`{"jsonrpc":"2.0",${idPart}"method":"${ask.method}","params":${ask.params}}`);
    const out = ask.modern ? { version: newestModern, method: ask.method } : sessionHeaders(ask.session);
    const event = (data: Buffer): boolean => readMessage(data).kind === 'response';
    return { reply: await this.send(out, body, handshakeDeadlineMs, undefined, { event, reply: asItIs }), id };
  }

  /** Nothing was declared that an upstream may ask of a client, so its requests get a refusal, not silence. */
  refuse(message: UpstreamMessage, session: UpstreamSession): void {
    if (message.id === undefined) return;
    const id = message.bytes.toString('utf8', message.id.start, message.id.end);
    const answer = message.method === 'ping' ? '"result":{}' : '"error":{"code":-32601,"message":"Method not found"}';
    this.#tell(`{"jsonrpc":"2.0","id":${id},${answer}}`, session);
  }

  /** Tell a legacy upstream that nobody waits for this request any more. */
  cancel(id: string, session: UpstreamSession): void {
    const params = `{"requestId":"${id}","reason":"the caller no longer waits"}`;
    this.#tell(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":${params}}`, session);
  }

  /** End what is under way, give the session back and close the connections. */
  close(session: UpstreamSession | undefined): void {
    for (const running of this.#running.values()) running.abort('closed');
    if (session?.id !== undefined) this.#forget(session);
    // Gracefully for the session's sake, but not for ever.
    this.#client.close();
    setTimeout(() => this.#client.destroy(), 2_000).unref();
  }

  /** Send something that gets no answer worth waiting for. */
  #tell(body: string, session: UpstreamSession): void {
    this.send(sessionHeaders(session), byteString(body), handshakeDeadlineMs, undefined, ignored).catch(
      () => undefined,
    );
  }

  #forget(session: UpstreamSession): void {
    const headers = buildHeaders(this.#credential, sessionHeaders(session));
    const request = { method: 'DELETE', path: this.#path, headers, body: byteString('') } as const;
    const limits = { deadlineMs: 1_500, maxBytes: 65_536 };
    new Exchange(this.#client, request, limits, this.#running, ignored).done.catch(() => undefined);
  }
}

const asItIs = (reply: HttpReply): HttpReply => reply;
const ignored: Reading<undefined> = { event: () => true, reply: () => undefined };

/** Revisions before 2025-06-18 have no version header. */
export const sessionHeaders = (session: UpstreamSession | undefined): OutgoingHeaders =>
  session === undefined
    ? {}
    : session.version >= '2025-06-18'
      ? { version: session.version, session: session.id }
      : { session: session.id };
