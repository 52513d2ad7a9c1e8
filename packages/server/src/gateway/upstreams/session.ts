import type { ByteString } from '../../platform/byte-string.ts';
import { metaKey, type LogLevel } from '../../domain/protocol.ts';
import { member, stringValue } from '../../platform/json/scan.ts';
import type { Conversation } from './conversation.ts';
import type { SessionAddress } from './connection.ts';
import { refuse, reply, type Dialogue } from './dialogue.ts';
import { UpstreamFault } from './fault.ts';
import type { ServerFeatures } from './features.ts';
import { isRequestId, type UpstreamMessage } from './reply.ts';
import type { SseChannel } from './sse-channel.ts';
import type { StandingStream } from './standing-stream.ts';

/** Requests in a minute that concern no request of ours; an upstream that sends more has lost its way. */
const mostStray = 64;
const strayMs = 60_000;
/** A request that was given up may go on at the upstream, and ask, about this long. */
const abandonedMs = 60_000;

/** Notifications that mean something only to those who take part in the conversation. */
const conversational: ReadonlySet<string> = new Set(['notifications/message', 'notifications/elicitation/complete']);

/** A session with a legacy upstream. It belongs to one conversation. */
export class LegacySession implements SessionAddress {
  readonly id: string | undefined;
  readonly version: string;
  readonly features: ServerFeatures;
  readonly channel: SseChannel | undefined;
  readonly conversation: Conversation;
  /** What it was last told to log. */
  logLevel: LogLevel | undefined;
  /** Requests in flight. */
  running = 0;
  /** Monotonic milliseconds. */
  usedAt = 0;
  /** The stream on which the upstream may ask, where it keeps one. */
  stream: StandingStream | undefined;
  /** Hears what the upstream says to nobody in particular. */
  readonly onNews: (message: UpstreamMessage) => void;
  /** What is said during the requests in flight, as far as it may come on another stream than theirs. */
  readonly dialogues = new Set<Dialogue>();
  #stray = 0;
  #strayFrom = -Infinity;
  #abandonedUntil = -Infinity;

  constructor(
    agreed: { id: string | undefined; version: string; features: ServerFeatures },
    conversation: Conversation,
    channel: SseChannel | undefined,
    onNews: (message: UpstreamMessage) => void,
  ) {
    this.id = agreed.id;
    this.version = agreed.version;
    this.features = agreed.features;
    this.conversation = conversation;
    this.channel = channel;
    this.onNews = onNews;
  }

  /** Whether something may be said outside the streams of its requests. */
  get listens(): boolean {
    return this.stream !== undefined || this.channel !== undefined;
  }

  /**
   * A request was given up that may still run at the upstream.
   * @param now monotonic milliseconds
   */
  abandoned(now: number): void {
    this.#abandonedUntil = now + abandonedMs;
  }

  /**
   * Take what came on a stream that belongs to no request. A request is for the one request in flight; where there is
   * none, or several, or one was given up lately, nobody knows whom it concerns and it is refused.
   * @param now monotonic milliseconds
   * @param answer sends a message in this session
   * @throws UpstreamFault `protocol` when it does not end
   */
  hear(message: UpstreamMessage, now: number, answer: (message: ByteString) => void): void {
    const { bytes, method, root } = message;
    const [only, second] = this.dialogues;
    const single = second === undefined && now > this.#abandonedUntil ? only : undefined;
    if (message.kind === 'request') {
      if (single !== undefined && method !== 'ping') return single.hear(message);
      if (now - this.#strayFrom > strayMs) {
        this.#strayFrom = now;
        this.#stray = 0;
      }
      if (++this.#stray > mostStray) throw new UpstreamFault('protocol', 'it asks without end');
      if (!isRequestId(message.id!)) throw new UpstreamFault('protocol', 'it asks under no proper id');
      answer(reply(message, refuse(message, '{}')!));
    } else if (message.kind === 'notification') {
      if (method === 'notifications/cancelled') {
        for (const dialogue of this.dialogues) dialogue.hear(message);
      } else if (method === 'notifications/progress') {
        const token = stringValue(bytes, member(member(root, 'params'), metaKey.progressToken));
        for (const dialogue of this.dialogues) if (dialogue.id === token) dialogue.hear(message);
      } else if (conversational.has(method ?? '')) single?.hear(message);
      else this.onNews(message);
    }
  }
}
