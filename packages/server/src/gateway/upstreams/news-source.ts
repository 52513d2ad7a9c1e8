import { asReply, readMessage, type UpstreamMessage } from './reply.ts';
import type { HttpReply } from './exchange.ts';
import { UpstreamFault } from './fault.ts';
import { checkStatus } from './answer.ts';

/** One resource whose updates somebody wants to hear of. */
export class Watched {
  readonly uri: string;
  /** Who wants it. */
  count = 0;
  /** The upstream tells of it. */
  isGranted = false;
  readonly #settled = Promise.withResolvers<void>();

  constructor(uri: string) {
    this.uri = uri;
    this.#settled.promise.catch(() => undefined);
  }

  /** Settles when the upstream has said whether it will tell; rejects with UpstreamFault. */
  get granted(): Promise<void> {
    return this.#settled.promise;
  }

  grant(): void {
    this.isGranted = true;
    this.#settled.resolve();
  }

  deny(fault: UpstreamFault): void {
    this.#settled.reject(fault);
  }
}

/** Where news come from while it lasts: a session of a legacy upstream, or the listen stream of a modern one. */
export interface NewsSource {
  /** Settles when it is over; gives what the upstream asked to wait before another is opened. */
  readonly over: Promise<number | undefined>;
  watch(watched: Watched): void;
  unwatch(watched: Watched): void;
  close(): void;
}

export interface NewsHearer {
  hear(message: UpstreamMessage): void;
  /** Something may have been missed. */
  missed(): void;
  /** What somebody wants to hear of at the moment. */
  watched(): Iterable<Watched>;
}

/**
 * Whether a request of the gateway's own was granted.
 * @throws UpstreamFault
 */
export function checkGranted({ reply, id }: { reply: HttpReply; id: string }, now: number): void {
  if (reply.status !== 200) checkStatus(reply, true, now);
  const { error } = asReply(readMessage(reply.body), id);
  if (error !== undefined) throw new UpstreamFault('protocol', 'the subscription was refused', { dispatched: true });
}
