import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { ByteString } from '../messages/byte-string.ts';
import { rpcCode } from '../messages/protocol.ts';
import { CallFailed, type Call } from '../stdio/channel.ts';
import { keepAliveMs, openEventStream, writeEvent, writeKeepAlive } from './event-stream.ts';
import type { Reply } from './reply.ts';

/** A call of a session, and where what belongs to it goes. */
export interface Underway {
  /** `idKey` of the request. */
  readonly key: string;
  readonly call: Call;
  readonly reply: Reply;
}

/** One client that has said `initialize` (Streamable HTTP, up to 2025-11-25). */
export class Session {
  /** 192 random bits. */
  readonly id = randomBytes(24).toString('base64url');
  /** Resources this client has subscribed to at a child that serves many. */
  readonly subscriptions = new Set<string>();
  readonly #underway = new Set<Underway>();
  #stream: ServerResponse | undefined;
  #usedAt = performance.now();

  /** Milliseconds since the client was last heard of; 0 while it has a call or a stream. */
  get idleMs(): number {
    return this.#underway.size > 0 || this.#stream !== undefined ? 0 : performance.now() - this.#usedAt;
  }

  touch(): void {
    this.#usedAt = performance.now();
  }

  /** Remember a call until it is answered. */
  track(underway: Underway): void {
    this.#underway.add(underway);
    const done = (): void => {
      this.#underway.delete(underway);
      this.touch();
    };
    underway.call.answer.then(done, done);
  }

  /** Cancel what the client calls by this id; nothing when it is over or unknown. */
  cancel(key: string): void {
    for (const underway of this.#underway) {
      if (underway.key === key) underway.call.cancel(cancelled);
    }
  }

  /** Open the stream of what belongs to no call. @returns false when there is one already */
  openStream(res: ServerResponse): boolean {
    if (this.#stream !== undefined) return false;
    this.#stream = res;
    openEventStream(res);
    const timer = setInterval(() => writeKeepAlive(res), keepAliveMs);
    res.once('close', () => {
      clearInterval(timer);
      this.#stream = undefined;
      this.touch();
    });
    return true;
  }

  /** Send over the stream that belongs to no call. @returns false without one */
  toStream = (text: ByteString): boolean => this.#stream !== undefined && writeEvent(this.#stream, text);

  /** Send over the stream of the call under way, when it is the only one that has one. @returns false otherwise */
  toOnlyCall = (text: ByteString): boolean => {
    const candidates = [...this.#underway].filter(({ reply }) => reply.canStream);
    return candidates.length === 1 && candidates[0]!.reply.event(text);
  };

  end(): void {
    for (const { call } of this.#underway) {
      call.cancel(new CallFailed(rpcCode.unavailable, 'The session has ended.'));
    }
    this.#stream?.end();
  }
}

/** A request its client has cancelled: nothing is answered. */
export const cancelled = new CallFailed(0, 'The client cancelled the request.');
