import type { Clock } from '../../platform/clock.ts';
import type { Connection } from './connection.ts';
import { errand, nothing, type Conversation } from './conversation.ts';
import { UpstreamFault } from './fault.ts';
import { initialize, NotStreamable } from './handshake.ts';
import { readMessage, type UpstreamMessage } from './reply.ts';
import { LegacySession } from './session.ts';
import { SseChannel } from './sse-channel.ts';
import { mayReturn, StandingStream } from './standing-stream.ts';

const maxSessions = 1_000;
/** Sessions of one conversation, which may change what it declares from request to request. */
const maxPerConversation = 4;
const idleMs = 15 * 60_000;
const sweepEveryMs = 60_000;
/** A stream on which an upstream may ask is kept this long after the last request. */
const streamLingerMs = 30_000;
/** How long an upstream counts as one of the deprecated transport. */
const transportMs = 60 * 60_000;

export interface SessionsHearer {
  /** A session is not known to the upstream any more. */
  lost(session: LegacySession): void;
  /** No session could be opened. */
  refused(): void;
  /** Something was said that concerns no request. */
  hear(message: UpstreamMessage): void;
}

/** Stands between a key and capabilities; neither holds it. */
const between = '\0';

/** The sessions with one legacy upstream, one per conversation. */
export class LegacySessions {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #hearer: SessionsHearer;
  /** By conversation; several where one changed what it declares. */
  readonly #open = new Map<string, LegacySession[]>();
  readonly #opening = new Map<string, Promise<LegacySession>>();
  readonly #lingering = new Map<LegacySession, NodeJS.Timeout>();
  #size = 0;
  /** A server that hands out no session remembers nobody, so those who declare nothing share this. */
  #shared: LegacySession | undefined;
  #sweeping: NodeJS.Timeout | undefined;
  /** Monotonic milliseconds until which HTTP+SSE is tried at once. */
  #deprecatedUntil = -Infinity;
  #closed = false;

  constructor(connection: Connection, clock: Clock, hearer: SessionsHearer) {
    this.#connection = connection;
    this.#clock = clock;
    this.#hearer = hearer;
  }

  /** The session of a conversation that can be used at once. */
  find({ key, capabilities }: Conversation): LegacySession | undefined {
    const found = this.#open.get(key);
    if (found === undefined) return key === errand.key || capabilities === nothing ? this.#shared : undefined;
    // Nearly always there is one.
    const first = found[0]!;
    const session =
      first.conversation.capabilities === capabilities
        ? first
        : found.find((other) => other.conversation.capabilities === capabilities);
    return session?.stream?.settled === false ? undefined : session;
  }

  /**
   * The session of a conversation, opened if need be: fifty callers that find none cause one `initialize`.
   * @throws UpstreamFault
   */
  async open(conversation: Conversation): Promise<LegacySession> {
    const { key, capabilities } = conversation;
    const open = this.#open.get(key)?.find((session) => session.conversation.capabilities === capabilities);
    const known = open ?? this.find(conversation);
    if (known !== undefined) {
      await known.stream?.open();
      return known;
    }
    const name = key + between + capabilities;
    return this.#opening.get(name) ?? this.#begin(name, conversation);
  }

  /**
   * A request begins in this session.
   * @param now monotonic milliseconds
   */
  enter(session: LegacySession, now: number): void {
    session.running++;
    session.usedAt = now;
    if (session.stream === undefined) return;
    clearTimeout(this.#lingering.get(session));
    this.#lingering.delete(session);
  }

  /** A request that entered has ended. */
  leave(session: LegacySession): void {
    session.running--;
    const { stream } = session;
    if (stream === undefined || session.running > 0) return;
    const close = (): void => {
      this.#lingering.delete(session);
      stream.close();
    };
    this.#lingering.set(session, setTimeout(close, streamLingerMs).unref());
  }

  /** Take what came in a session on a stream that belongs to no request. @throws UpstreamFault */
  hear(session: LegacySession, message: UpstreamMessage): void {
    session.hear(message, this.#clock.monotonic(), (answer) => this.#connection.tell(answer, session));
  }

  /** The upstream does not know it any more. */
  lose(session: LegacySession): void {
    if (this.#remove(session)) this.#hearer.lost(session);
  }

  /** A conversation is over: its session is given back. */
  end(key: string): void {
    for (const session of this.#open.get(key) ?? []) this.#giveBack(session);
    for (const name of this.#opening.keys()) if (name.startsWith(key + between)) this.#opening.delete(name);
  }

  /** Nothing is opened any more. @returns the sessions there were */
  close(): LegacySession[] {
    this.#closed = true;
    const sessions = [...this.#open.values()].flat();
    for (const session of sessions) this.#remove(session);
    return sessions;
  }

  #begin(name: string, conversation: Conversation): Promise<LegacySession> {
    const isWanted = (): boolean => this.#opening.get(name) === opening;
    const opening: Promise<LegacySession> = this.#start(conversation, isWanted).finally(() => {
      if (isWanted()) this.#opening.delete(name);
    });
    this.#opening.set(name, opening);
    return opening;
  }

  /** @param isWanted whether the conversation goes on */
  async #start(conversation: Conversation, isWanted: () => boolean): Promise<LegacySession> {
    const session = await this.#handshake(conversation).catch((error: unknown) => {
      this.#hearer.refused();
      throw error;
    });
    session.usedAt = this.#clock.monotonic();
    const { key } = conversation;
    if (this.#closed || !isWanted()) {
      this.#connection.forget(session);
      throw new UpstreamFault(this.#closed ? 'closed' : 'cancelled', 'the session is not wanted any more');
    }
    if (session.channel !== undefined) this.#attend(session, session.channel);
    // The gateway's own errands are told everything in their answers, and who declares nothing is asked nothing.
    else if (key !== errand.key && conversation.capabilities !== nothing) session.stream = this.#streamOf(session);
    this.#sweep();
    while (this.#size >= maxSessions && this.#dropIdlest(ofGreediest(this.#spare())));
    const others = this.#open.get(key) ?? [];
    if (others.length >= maxPerConversation) this.#dropIdlest(others.filter(({ running }) => running === 0));
    this.#open.set(key, [...(this.#open.get(key) ?? []), session]);
    this.#size++;
    if (key === errand.key && session.id === undefined && session.channel === undefined) this.#shared = session;
    this.#sweeping ??= setInterval(() => this.#sweep(), sweepEveryMs).unref();
    await session.stream?.open();
    return session;
  }

  async #handshake(conversation: Conversation): Promise<LegacySession> {
    if (this.#clock.monotonic() < this.#deprecatedUntil) return this.#handshakeDeprecated(conversation);
    try {
      const agreed = await initialize((ask) => this.#connection.ask(ask), conversation.capabilities);
      return new LegacySession(agreed, conversation, undefined, (message) => this.#hearer.hear(message));
    } catch (error) {
      if (!(error instanceof NotStreamable)) throw error;
      // What is no HTTP+SSE server either is reported as what it was asked for.
      const session = await this.#handshakeDeprecated(conversation).catch(() => Promise.reject(error));
      this.#deprecatedUntil = this.#clock.monotonic() + transportMs;
      return session;
    }
  }

  /** @throws UpstreamFault */
  async #handshakeDeprecated(conversation: Conversation): Promise<LegacySession> {
    try {
      const channel = await SseChannel.open(this.#connection);
      try {
        const agreed = await initialize((ask) => this.#connection.ask(ask), conversation.capabilities, channel);
        return new LegacySession(agreed, conversation, channel, (message) => this.#hearer.hear(message));
      } catch (error) {
        channel.close('closed');
        throw error;
      }
    } catch (error) {
      this.#deprecatedUntil = -Infinity;
      throw error;
    }
  }

  #attend(session: LegacySession, channel: SseChannel): void {
    channel.onMessage = (message) => this.hear(session, message);
    channel.onLost = () => this.lose(session);
  }

  #streamOf(session: LegacySession): StandingStream {
    return new StandingStream({
      clock: this.#clock,
      open: (lastEventId, hearer) => this.#connection.listen(session, lastEventId, hearer),
      event: (data) => this.hear(session, readMessage(data)),
      ended: mayReturn,
    });
  }

  #giveBack(session: LegacySession): void {
    if (this.#remove(session)) this.#connection.forget(session);
  }

  #remove(session: LegacySession): boolean {
    const { key } = session.conversation;
    const left = (this.#open.get(key) ?? []).filter((other) => other !== session);
    if (left.length === (this.#open.get(key) ?? []).length) return false;
    if (left.length === 0) this.#open.delete(key);
    else this.#open.set(key, left);
    this.#size--;
    if (this.#shared === session) this.#shared = undefined;
    clearTimeout(this.#lingering.get(session));
    this.#lingering.delete(session);
    session.stream?.close();
    if (this.#size === 0) {
      clearInterval(this.#sweeping);
      this.#sweeping = undefined;
    }
    return true;
  }

  /** The gateway's own session stays: whoever listens has it. */
  #spare(): LegacySession[] {
    const all = [...this.#open.values()].flat();
    return all.filter(({ running, conversation }) => running === 0 && conversation.key !== errand.key);
  }

  #sweep(): void {
    const now = this.#clock.monotonic();
    for (const session of this.#spare()) if (now - session.usedAt > idleMs) this.#giveBack(session);
  }

  /** @returns false when there is none to spare */
  #dropIdlest(spare: readonly LegacySession[]): boolean {
    if (spare.length === 0) return false;
    this.#giveBack(spare.reduce((idlest, session) => (session.usedAt < idlest.usedAt ? session : idlest)));
    return true;
  }
}

/** Those of the owner who has the most: nobody loses a session because somebody else opens many. */
function ofGreediest(spare: readonly LegacySession[]): readonly LegacySession[] {
  const byOwner = Map.groupBy(spare, ({ conversation }) => conversation.owner);
  return [...byOwner.values()].reduce((most, own) => (own.length > most.length ? own : most), []);
}
