import type { ServerResponse } from 'node:http';
import { AppError } from '../../domain/errors.ts';
import type { Clock } from '../../platform/clock.ts';
import { ByteBudget } from '../byte-budget.ts';
import { rateLimited } from '../limits.ts';
import { Registry } from '../registry.ts';
import { keepAliveComment } from './event.ts';
import type { EventStream } from './event-stream.ts';
import type { Seat } from './seat.ts';

/** How often open streams say that they live; proxies commonly give up after 30 or 60 seconds of silence. */
const keepAliveMs = 15_000;
/** An ended stream can be resumed this long. */
const keepMs = 5 * 60_000;
/** Events kept for resumption, of all sessions together. */
const mostKeptBytes = 32 * 1024 * 1024;
/** Streams that stay open by themselves: standalone streams of sessions and listen streams. */
const mostStanding = 5_000;

type StandingKind = 'standalone' | 'listen';

/** A token may be a whole team's. Standalone streams are bounded by the sessions a token may have. */
const mostPerToken: Readonly<Record<StandingKind, number>> = { standalone: 1_000, listen: 64 };

/** A stream that stays open until somebody ends it. */
export interface StandingStream extends Seat {
  readonly kind: StandingKind;
  readonly res: ServerResponse;
  /** When its token expires, milliseconds since the epoch. */
  readonly expiresAt: number;
  /** End it as its kind ends when the server stops. */
  end(): void;
}

/**
 * Looks after every event stream of the gateway: keeps open ones alive, ends those whose token has expired or whose
 * reader has stalled, and bounds what is kept for resumption.
 */
export class StreamKeeper {
  readonly #clock: Clock;
  readonly #budget = new ByteBudget(mostKeptBytes);
  readonly #open = new Registry<{ readonly res: ServerResponse; taken: number | undefined }>();
  readonly #standing = new Registry<StandingStream>();
  readonly #perToken = new Map<string, number>();
  /** Ended streams and when they are forgotten, in that order. */
  readonly #ended = new Map<EventStream, { readonly until: number; readonly forget: () => void }>();
  #keepAliveAt: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#keepAliveAt = clock.monotonic() + keepAliveMs;
  }

  /** Look after it all, every second. */
  start(): Disposable {
    const timer = setInterval(() => this.tick(), 1_000);
    timer.unref();
    return { [Symbol.dispose]: () => clearInterval(timer) };
  }

  /** Keep the connection alive while it is open. */
  keepAlive(res: ServerResponse): void {
    if (!res.closed) res.once('close', this.#open.add({ res, taken: undefined }));
  }

  /**
   * Room for one more stream that stays open.
   * @throws AppError `rate_limited` or `unavailable`
   */
  requireRoom(kind: StandingKind, tokenId: string): void {
    if ((this.#perToken.get(`${kind}/${tokenId}`) ?? 0) >= mostPerToken[kind])
      throw rateLimited({ name: 'streams', what: 'open streams of this token' }, 10_000);
    if (this.#standing.size >= mostStanding)
      throw new AppError('unavailable', 'Too many streams are open.', { retryAfterMs: 10_000 });
  }

  /** A stream that stays open has begun. */
  stand(stream: StandingStream): void {
    const { res } = stream;
    if (res.closed) return;
    const key = `${stream.kind}/${stream.tokenId}`;
    const gone = this.#standing.add(stream);
    this.#perToken.set(key, (this.#perToken.get(key) ?? 0) + 1);
    res.once('close', () => {
      gone();
      const left = (this.#perToken.get(key) ?? 1) - 1;
      if (left === 0) this.#perToken.delete(key);
      else this.#perToken.set(key, left);
    });
  }

  /** Cut the streams that stay open in a workspace and may not any longer. */
  cut(workspaceId: string, may: (stream: StandingStream) => boolean): void {
    for (const stream of this.#standing.values())
      if (stream.workspaceId === workspaceId && !may(stream)) stream.res.destroy();
  }

  /** End every stream that stays open: the server stops. */
  endStanding(): void {
    for (const stream of this.#standing.values()) stream.end();
  }

  /** Memory for an event; streams that have ended give theirs up first, the oldest first. */
  take(bytes: number): boolean {
    while (!this.#budget.take(bytes)) {
      const oldest = this.#ended.entries().next().value;
      if (oldest === undefined) return false;
      this.#forget(...oldest);
    }
    return true;
  }

  give(bytes: number): void {
    this.#budget.give(bytes);
  }

  /** The stream has ended: forget it after a while, or sooner when memory is short. */
  retire(stream: EventStream, forget: () => void): void {
    this.#ended.set(stream, { until: this.#clock.monotonic() + keepMs, forget });
  }

  /** It has been forgotten already. */
  forgotten(stream: EventStream): void {
    this.#ended.delete(stream);
  }

  /** What happens every second. */
  tick(): void {
    const now = this.#clock.monotonic();
    for (const stream of this.#standing.values()) if (stream.expiresAt <= this.#clock.now()) stream.res.destroy();
    for (const [stream, kept] of this.#ended) {
      if (kept.until > now) break;
      this.#forget(stream, kept);
    }
    if (now < this.#keepAliveAt) return;
    this.#keepAliveAt = now + keepAliveMs;
    for (const open of this.#open.values()) visit(open);
  }

  #forget(stream: EventStream, { forget }: { forget: () => void }): void {
    this.#ended.delete(stream);
    stream.forget();
    forget();
  }
}

/** A reader that took nothing between two visits, though something was waiting, is not coming back. */
function visit(open: { readonly res: ServerResponse; taken: number | undefined }): void {
  const { res } = open;
  if (res.writableEnded) return;
  const written = res.socket?.bytesWritten;
  if (res.writableLength === 0) {
    res.write(keepAliveComment);
    open.taken = undefined;
  } else if (open.taken !== undefined && open.taken === written) res.destroy();
  else open.taken = written;
}
