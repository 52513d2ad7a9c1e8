import type { LogLevel } from '../domain/protocol.ts';
import type { ByteString } from '../platform/byte-string.ts';
import { member, sourceText } from '../platform/json/scan.ts';
import type { TargetNames } from './call-target.ts';
import type { ClientCapabilities } from './client-capabilities.ts';
import { acceptsStream, type Inbound } from './inbound.ts';
import type { Message } from './message.ts';
import { Registry } from './registry.ts';
import type { Replies } from './reply.ts';
import { AskFailed, Asks, type AskOptions, type ClientReply } from './streams/asks.ts';
import { SessionStreams } from './streams/session-streams.ts';
import type { StreamKeeper } from './streams/stream-keeper.ts';
import type { Subscriptions } from './streams/subscriptions.ts';

/** What is known of a session when it is opened. */
export interface Opened {
  readonly id: string;
  readonly tokenId: string;
  /** Workspace, or workspace and server, as in the URL it was opened at. */
  readonly path: string;
  /** The revision agreed on. */
  readonly version: string;
  readonly clientName: string | null;
  readonly clientVersion: string | null;
  readonly capabilities: ClientCapabilities;
}

/** A legacy client's session: who opened it, what was agreed on, and what is under way in it. */
export class ClientSession {
  readonly id: string;
  readonly tokenId: string;
  readonly path: string;
  readonly version: string;
  readonly clientName: string | null;
  readonly clientVersion: string | null;
  readonly capabilities: ClientCapabilities;
  /** Least severe log message it wants; undefined until it says: everything. */
  logLevel: LogLevel | undefined;
  /** Calls under way, by the text of their id. */
  readonly running = new Registry<{
    readonly idText: string;
    readonly target: TargetNames;
    readonly cancel: () => void;
  }>();
  readonly streams: SessionStreams;
  /** Requests of ours that its client has not answered. */
  readonly asks = new Asks();
  /** Resources its client wants to hear of, once it has said so. */
  subscriptions: Subscriptions | undefined;
  /** Monotonic milliseconds of the last request in it. */
  usedAt: number;
  readonly #replies: Replies;
  readonly #endings = new Registry<() => void>();
  #ended = false;

  constructor(opened: Opened, usedAt: number, deps: { keeper: StreamKeeper; replies: Replies }) {
    this.id = opened.id;
    this.tokenId = opened.tokenId;
    this.path = opened.path;
    this.version = opened.version;
    this.clientName = opened.clientName;
    this.clientVersion = opened.clientVersion;
    this.capabilities = opened.capabilities;
    this.usedAt = usedAt;
    this.#replies = deps.replies;
    this.streams = new SessionStreams(deps.keeper, opened.version, (stream) => this.asks.over(stream));
  }

  /**
   * Ask the client something: on the stream of the request that caused it, which is opened if need be, or on the
   * standalone stream. A connection that is lost meanwhile changes nothing; the request is repeated when the client
   * resumes the stream. Whether the client can answer such a request is for the asker to know (`capabilities`).
   * @param on a request of this session that has not been answered
   * @param params JSON text of the request's params
   * @throws AskFailed (rejects)
   */
  ask(on: Inbound | undefined, method: string, params: ByteString, options: AskOptions): Promise<ClientReply> {
    if (this.#ended) return Promise.reject(new AskFailed('ended'));
    if (on !== undefined && on.stream === undefined) {
      if (!acceptsStream(on.head)) return Promise.reject(new AskFailed('refused'));
      if (on.session === this && !on.res.begun && !on.res.destroyed) this.#replies.openStream(on);
    }
    const stream = on === undefined ? this.streams.standalone : on.stream;
    const mine = on === undefined || on.session === this;
    if (stream === undefined || !mine) return Promise.reject(new AskFailed('gone'));
    return this.asks.ask(stream, method, params, options);
  }

  /** Nothing may begin in it any more. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Have something done when the session ends, for whatever reason; at once if it has ended.
   * @returns what takes the task out again
   */
  onEnd(task: () => void): () => void {
    if (!this.#ended) return this.#endings.add(task);
    task();
    return () => undefined;
  }

  /**
   * Call off the calls that carry the id a cancellation names; an unknown one is ignored, as the protocol asks.
   * @returns source text of that id
   */
  cancel(cancelled: Message): string | undefined {
    const id = member(cancelled.params, 'requestId');
    if (id === undefined) return undefined;
    const idText = sourceText(cancelled.bytes, id);
    for (const call of this.running.values()) if (call.idText === idText) call.cancel();
    return idText;
  }

  /** Call off what is under way, end its streams, and run what hangs on it. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const call of this.running.values()) call.cancel();
    this.streams.close();
    for (const task of this.#endings.values()) task();
  }
}
