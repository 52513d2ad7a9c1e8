import type { Clock } from '../../platform/clock.ts';
import type { Connection } from './connection.ts';
import { UpstreamFault } from './fault.ts';
import { checkGranted, type NewsHearer, type NewsSource, type Watched } from './news-source.ts';
import { readMessage } from './reply.ts';
import type { LegacySession } from './session.ts';
import type { LegacySessions } from './sessions.ts';
import { mayReturn, StandingStream } from './standing-stream.ts';

/** Subscriptions that are asked for at once when a session is new. */
const atOnce = 8;

export interface LegacyNewsDeps {
  readonly connection: Connection;
  readonly sessions: LegacySessions;
  readonly clock: Clock;
  readonly hearer: NewsHearer;
}

/** News of a legacy upstream: its own stream of a session (a GET), and `resources/subscribe` in that session. */
export class LegacyNews implements NewsSource {
  readonly #deps: LegacyNewsDeps;
  readonly #session: LegacySession;
  readonly #stream: StandingStream | undefined;
  readonly #over = Promise.withResolvers<number | undefined>();
  /** Subscriptions that were asked for. */
  readonly #asked = new Set<string>();
  #opened = false;

  /** @param session the gateway's own */
  constructor(deps: LegacyNewsDeps, session: LegacySession) {
    this.#deps = deps;
    this.#session = session;
    const { features } = session;
    const speaks =
      features.toolsListChanged ||
      features.promptsListChanged ||
      features.resourcesListChanged ||
      features.resourceSubscribe;
    if (session.channel === undefined && speaks) this.#stream = this.#streamOf(session);
  }

  /** Open the stream first, so that nothing said after a subscription is missed. */
  async open(): Promise<void> {
    await this.#stream?.open();
    const all = [...this.#deps.hearer.watched()];
    for (let at = 0; at < all.length; at += atOnce) {
      await Promise.all(all.slice(at, at + atOnce).map((watched) => this.#subscribe(watched)));
    }
  }

  get over(): Promise<number | undefined> {
    return this.#over.promise;
  }

  watch(watched: Watched): void {
    void this.#subscribe(watched);
  }

  unwatch({ uri }: Watched): void {
    this.#asked.delete(uri);
    this.#ask('resources/unsubscribe', uri).catch(() => undefined);
  }

  /** The session is not known any more. */
  lost(session: LegacySession): void {
    if (session === this.#session) this.close();
  }

  close(): void {
    this.#stream?.close();
    this.#over.resolve(undefined);
  }

  #streamOf(session: LegacySession): StandingStream {
    const { connection, sessions, clock, hearer } = this.#deps;
    return new StandingStream({
      clock,
      open: (lastEventId, streamHearer) =>
        connection.listen(session, lastEventId, {
          ...streamHearer,
          opened: () => {
            this.#opened = true;
            streamHearer.opened?.();
          },
        }),
      event: (data) => sessions.hear(session, readMessage(data)),
      missed: () => hearer.missed(),
      ended: (end) => {
        // Where there was a stream before, this means that the session is gone, and its subscriptions with it.
        if (end.status === 404 && this.#opened) sessions.lose(session);
        return mayReturn(end);
      },
    });
  }

  async #subscribe(watched: Watched): Promise<void> {
    if (!this.#session.features.resourceSubscribe) {
      return watched.deny(new UpstreamFault('protocol', 'it offers no subscriptions'));
    }
    if (this.#asked.has(watched.uri)) return;
    this.#asked.add(watched.uri);
    try {
      await this.#ask('resources/subscribe', watched.uri);
      watched.grant();
    } catch (error) {
      const fault = error instanceof UpstreamFault ? error : new UpstreamFault('closed', 'a defect', { cause: error });
      this.#asked.delete(watched.uri);
      watched.deny(fault);
      if (fault.fault === 'session') this.#deps.sessions.lose(this.#session);
    }
  }

  async #ask(method: string, uri: string): Promise<void> {
    const params = JSON.stringify({ uri });
    const answer = await this.#deps.connection.ask({ method, params, modern: false, session: this.#session });
    checkGranted(answer, this.#deps.clock.now());
  }
}
