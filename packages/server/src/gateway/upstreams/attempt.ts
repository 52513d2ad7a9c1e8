import { randomHex } from '../../domain/ids.ts';
import { newestModern, rpcCode, type LogLevel } from '../../domain/protocol.ts';
import { ascii, bytes, type ByteString } from '../../platform/byte-string.ts';
import type { Clock } from '../../platform/clock.ts';
import { checkStatus, unknownMethodOf } from './answer.ts';
import { clampRetry } from './backoff.ts';
import { sessionHeaders, type Cancel, type Connection } from './connection.ts';
import { errand, type Conversation, type UpstreamAsk } from './conversation.ts';
import type { Deadline } from './deadline.ts';
import { Dialogue } from './dialogue.ts';
import type { HttpReply, Reading } from './exchange.ts';
import { UpstreamFault, type FaultClass, type StreamPosition } from './fault.ts';
import type { OutgoingHeaders } from './headers.ts';
import { asReply, errorCode, readMessage, type UpstreamMessage, type UpstreamReply } from './reply.ts';
import type { LegacySession } from './session.ts';
import type { LegacySessions } from './sessions.ts';

export interface UpstreamRequest {
  readonly method: string;
  /** The upstream's own name of the target, mirrored in `Mcp-Name`. */
  readonly name?: string | undefined;
  readonly paramHeaders?: readonly { readonly header: string; readonly value: string }[];
  /** Prefer the modern generation where the upstream speaks both. */
  readonly preferModern: boolean;
  /** Writes the params for the generation chosen. */
  readonly params: (target: RequestTarget) => ByteString;
  /** Milliseconds of silence that are borne; progress may make it longer, as far as the server's limits allow. */
  readonly deadlineMs: number;
  /** Nothing anyone waits for: its failure says nothing of the server's health and opens no breaker. */
  readonly aside?: boolean;
  /** Notifications that arrive before the answer, in order. */
  readonly onNotification?: ((message: UpstreamMessage, id: string) => void) | undefined;
  readonly cancel?: Cancel;
  /** Whose request it is; absent: the gateway's own errand. */
  readonly conversation?: Conversation;
  /** What the upstream asks of the client before it answers. Absent: refused. */
  readonly onRequest?: ((ask: UpstreamAsk) => void) | undefined;
}

/** What the params of a request are written for. */
export interface RequestTarget {
  readonly modern: boolean;
  /** The request's id upstream; it may serve as progress token. */
  readonly id: string;
  /** Client capabilities to declare to a modern upstream: JSON text of an object. */
  readonly capabilities: string;
}

export type UpstreamAnswer = UpstreamReply;

/** What attempts at one upstream work with. */
export interface AttemptDeps {
  readonly connection: Connection;
  readonly sessions: LegacySessions;
  readonly clock: Clock;
  /** Whether nothing may be sent any more. */
  readonly closed: () => boolean;
  /** The answer speaks against what is known of the upstream's generation. */
  readonly doubt: () => void;
  /** Every attempt that had a slot ends here, once. */
  readonly finished: (attempt: Attempt, error: unknown) => void;
}

/** An answer's stream may break off and be taken up again this often. */
const maxResumes = 100;
/** What servers of the SDK answer where there is no session: a code the protocol gives no meaning. */
const noSession = -32_000;
/** What may happen to a stream that can be taken up again. */
const interruptions: ReadonlySet<FaultClass> = new Set(['truncated', 'reset', 'connect']);

/**
 * One request, from its admission to its end. It is sent at most once; the single exception is an upstream that says
 * it no longer knows the session (404), which means it did not run it: the session is opened anew and the request sent
 * again, once.
 */
export class Attempt implements Reading<UpstreamAnswer> {
  readonly request: UpstreamRequest;
  readonly conversation: Conversation;
  readonly deadline: Deadline;
  /** Monotonic milliseconds when it had its slot. */
  started: number;
  readonly #deps: AttemptDeps;
  #id = '';
  #session: LegacySession | undefined;
  #dialogue: Dialogue | undefined;
  /** What is done about the last failure. */
  #remedy: 'repeat' | 'resume' | undefined;
  /** It was sent a second time, into a new session. */
  #repeated = false;
  /** Where its stream broke off. */
  #position: StreamPosition | undefined;
  #resumes = 0;

  constructor(deps: AttemptDeps, request: UpstreamRequest, deadline: Deadline, started: number) {
    this.#deps = deps;
    this.request = request;
    this.conversation = request.conversation ?? errand;
    this.deadline = deadline;
    this.started = started;
  }

  /**
   * Send it, the modern way where there is no session.
   * @throws UpstreamFault, by rejecting
   */
  send(session: LegacySession | undefined): Promise<UpstreamAnswer> {
    const { request, deadline } = this;
    const { connection, closed } = this.#deps;
    const id = randomHex();
    let sent: Promise<UpstreamAnswer>;
    try {
      if (closed()) throw new UpstreamFault('closed', 'the server was reconfigured');
      const { capabilities } = this.conversation;
      const params = request.params({ modern: session === undefined, id, capabilities });
      const body = bytes`{"jsonrpc":"2.0","id":"${ascii(id)}","method":"${ascii(request.method)}","params":${params}}`;
      this.#id = id;
      if (session !== undefined) this.#enter(session);
      const { logLevel } = this.conversation;
      if (logLevel !== undefined && session?.logLevel !== logLevel) this.#setLevel(session, logLevel);
      sent =
        session?.channel === undefined
          ? connection.send(this.#headers(session), body, deadline, request.cancel, this)
          : session.channel.send(id, body, deadline, request.cancel, this);
    } catch (error) {
      this.fail(error);
      return Promise.reject(error);
    }
    return session === undefined ? sent : sent.catch((error: unknown) => this.#failed(error, session));
  }

  /** A server that logs is told what its client wants to hear (2025-11-25, logging "Setting Log Level"). */
  #setLevel(session: LegacySession | undefined, level: LogLevel): void {
    if (session?.features.logging !== true) return;
    session.logLevel = level;
    const message = `{"jsonrpc":"2.0","id":"${randomHex()}","method":"logging/setLevel","params":{"level":"${level}"}}`;
    this.#deps.connection.tell(ascii(message), session);
  }

  /** End it before, or instead of, an answer. */
  fail(error: unknown): void {
    this.#part();
    this.#deps.finished(this, error);
  }

  event(data: Buffer): boolean {
    const message = readMessage(data);
    if (message.kind === 'response') return true;
    (this.#dialogue ??= this.#converse()).hear(message);
    return false;
  }

  reply(reply: HttpReply): UpstreamAnswer {
    const session = this.#session;
    const { status } = reply;
    if (status !== 200) {
      if (this.#resumes > 0) {
        this.#resumes = maxResumes;
        throw new UpstreamFault('truncated', `HTTP ${status} in place of the rest`, { dispatched: true });
      }
      const unknownMethod = status === 404 ? unknownMethodOf(reply, this.#id) : undefined;
      if (unknownMethod !== undefined) return unknownMethod;
      checkStatus(reply, session?.id !== undefined, this.#deps.clock.now());
    }
    let answer: UpstreamAnswer;
    try {
      answer = asReply(readMessage(reply.body), this.#id);
    } catch (error) {
      if (status < 400) throw error;
      if (status === 400) this.#loseSession();
      // What speaks no JSON-RPC may speak another generation by now: ask again next time.
      this.#deps.doubt();
      throw new UpstreamFault('http_status', `HTTP ${status}`, { dispatched: true });
    }
    if (status >= 400) this.#reconsider(errorCode(answer), status);
    return answer;
  }

  /**
   * A refusal may show that the upstream no longer speaks what it spoke when it was asked (2026-07-28, versioning
   * "Backward Compatibility").
   * @throws UpstreamFault where its word on revisions would mislead the caller, who agreed on one with the gateway
   */
  #reconsider(code: number | undefined, status: number): void {
    if (code === rpcCode.unsupportedVersion) {
      this.#loseSession();
      this.#deps.doubt();
      throw new UpstreamFault('protocol', 'it refuses the revision it agreed to', { dispatched: true });
    }
    if (code !== rpcCode.invalidRequest && code !== noSession) return;
    if (this.#session === undefined) this.#deps.doubt();
    else if (status === 400) this.#loseSession();
  }

  /**
   * Some servers answer an unknown session by 400. Whether the call ran is not said: it fails, the next one opens anew.
   */
  #loseSession(): void {
    if (this.#session !== undefined) this.#deps.sessions.lose(this.#session);
  }

  ended(error: Error | undefined): void {
    this.#remedy = undefined;
    if (error instanceof UpstreamFault) {
      if (this.#resumes > 0) error.dispatched = true;
      this.#remedy = this.#remedyFor(error);
    }
    if (this.#remedy === undefined) this.fail(error);
  }

  #headers(session: LegacySession | undefined): OutgoingHeaders {
    const { method, name, paramHeaders } = this.request;
    return session === undefined
      ? { version: newestModern, method, name, params: paramHeaders }
      : sessionHeaders(session);
  }

  #remedyFor(error: UpstreamFault): 'repeat' | 'resume' | undefined {
    const session = this.#session;
    if (session === undefined) return undefined;
    if (error.fault === 'session') return this.#repeated ? undefined : 'repeat';
    this.#position = error.resumeAt ?? this.#position;
    const resumable = this.#position !== undefined && session.channel === undefined && this.#resumes < maxResumes;
    return resumable && interruptions.has(error.fault) ? 'resume' : undefined;
  }

  #enter(session: LegacySession): void {
    this.#session = session;
    this.#deps.sessions.enter(session, this.started);
    if (session.listens) session.dialogues.add((this.#dialogue = this.#converse()));
  }

  /** Nothing that is said in the session concerns this request any more. */
  #part(): void {
    const session = this.#session;
    const dialogue = this.#dialogue;
    this.#session = this.#dialogue = undefined;
    dialogue?.end();
    if (session === undefined) return;
    if (dialogue !== undefined) session.dialogues.delete(dialogue);
    this.#deps.sessions.leave(session);
  }

  #converse(): Dialogue {
    const session = this.#session;
    const { onNotification, onRequest } = this.request;
    return new Dialogue({
      id: this.#id,
      conversation: this.conversation,
      deadline: this.deadline,
      onNotification,
      onNews: session?.onNews,
      onRequest,
      answer: session === undefined ? undefined : (message) => this.#deps.connection.tell(message, session),
    });
  }

  /**
   * What a failure means for the session. An upstream that says it does not know it ran nothing: another is opened and
   * the request sent once more. One whose answer nobody waits for any longer is told so.
   */
  #failed(error: unknown, session: LegacySession): Promise<UpstreamAnswer> {
    if (this.#remedy === 'repeat') return this.#repeat(session);
    if (this.#remedy === 'resume') return this.#resume(session);
    if (!(error instanceof UpstreamFault)) return Promise.reject(error);
    const given = error.fault === 'timeout' || error.fault === 'cancelled';
    if (given && error.dispatched) {
      session.abandoned(this.#deps.clock.monotonic());
      this.#deps.connection.cancel(this.#id, session);
    }
    if (this.#resumes === 0 || error.fault !== 'connect') return Promise.reject(error);
    return Promise.reject(new UpstreamFault('truncated', error.message, { dispatched: true, cause: error }));
  }

  async #repeat(session: LegacySession): Promise<UpstreamAnswer> {
    const { sessions } = this.#deps;
    this.#repeated = true;
    this.#part();
    sessions.lose(session);
    let next: LegacySession;
    try {
      next = await this.deadline.within(sessions.open(this.conversation));
    } catch (error) {
      this.fail(error);
      throw error;
    }
    return this.send(next);
  }

  /** Take the stream up where it broke off, after the pause the upstream asked for. */
  async #resume(session: LegacySession): Promise<UpstreamAnswer> {
    const { connection } = this.#deps;
    const { eventId, retryMs } = this.#position!;
    const { cancel } = this.request;
    this.#resumes++;
    let resumed: Promise<UpstreamAnswer>;
    try {
      await connection.pause(clampRetry(retryMs), this.deadline, cancel);
      resumed = connection.resume(session, eventId, this.deadline, cancel, this);
    } catch (error) {
      this.#remedy = undefined;
      this.fail(error);
      return this.#failed(error, session);
    }
    return resumed.catch((error: unknown) => this.#failed(error, session));
  }
}
