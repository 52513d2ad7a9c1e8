import type { ServeSettings } from '../config/settings.ts';
import type { StdioServer, StdioServerOptions } from '../stdio/stdio-server.ts';
import { Questions } from './questions.ts';
import { refusal } from './refusal.ts';
import { Session } from './session.ts';

/** What a session with a child of its own has besides. */
export interface OwnChild {
  readonly server: StdioServer;
  readonly questions: () => Questions | undefined;
}

interface Entry {
  readonly session: Session;
  readonly own: OwnChild | undefined;
}

export type SessionSettings = Pick<ServeSettings, 'maxSessions' | 'sessionIdleMs' | 'totalMs'>;

/** The sessions there are: so many at most, and each until its client leaves or falls silent. */
export class Sessions {
  readonly #settings: SessionSettings;
  readonly #entries = new Map<string, Entry>();
  readonly #sweeper: NodeJS.Timeout;
  readonly #ended: (session: Session) => void;
  /** Sessions whose child is being started. */
  #coming = 0;

  /** @param ended is told of each session that is over */
  constructor(settings: SessionSettings, ended: (session: Session) => void) {
    this.#settings = settings;
    this.#ended = ended;
    this.#sweeper = setInterval(() => this.#sweep(), Math.min(settings.sessionIdleMs / 2, 30_000));
    this.#sweeper.unref();
  }

  get(id: string): Entry | undefined {
    const entry = this.#entries.get(id);
    entry?.session.touch();
    return entry;
  }

  *all(): Generator<Session> {
    for (const { session } of this.#entries.values()) yield session;
  }

  /** A session at the child that all share. @throws Refusal 503 when there are too many */
  open(): Session {
    this.#requireRoom();
    const session = new Session();
    this.#entries.set(session.id, { session, own: undefined });
    return session;
  }

  /**
   * A session with a child of its own; it ends with that child.
   * @throws Refusal 503 when there are too many; StartFailed
   */
  async openOwn(
    start: (events: StdioServerOptions['events']) => Promise<StdioServer>,
  ): Promise<Entry & { own: OwnChild }> {
    this.#requireRoom();
    const session = new Session();
    let questions: Questions | undefined;
    this.#coming++;
    try {
      const server = await start({
        notification: (message) => {
          const ofCall = message.method === 'notifications/message' || message.method === 'notifications/cancelled';
          const text = message.method === 'notifications/cancelled' ? questions?.withdrawn(message) : message.text;
          if (text === undefined) return;
          const [first, second] = ofCall
            ? [session.toOnlyCall, session.toStream]
            : [session.toStream, session.toOnlyCall];
          if (!first(text)) second(text);
        },
        request: (message, channel) => {
          questions ??= new Questions(channel, this.#settings.totalMs);
          questions.ask(message, (text) => session.toOnlyCall(text) || session.toStream(text));
        },
      });
      const entry = { session, own: { server, questions: () => questions } };
      this.#entries.set(session.id, entry);
      void server.ended.then(() => this.end(session));
      return entry;
    } finally {
      this.#coming--;
    }
  }

  /** End a session and the child it has of its own. Resolves when that is gone. */
  async end(session: Session): Promise<void> {
    const entry = this.#entries.get(session.id);
    if (!this.#entries.delete(session.id)) return;
    session.end();
    this.#ended(session);
    entry?.own?.questions()?.end();
    await entry?.own?.server.stop();
  }

  async stop(): Promise<void> {
    clearInterval(this.#sweeper);
    await Promise.all([...this.all()].map((session) => this.end(session)));
  }

  #requireRoom(): void {
    if (this.#entries.size + this.#coming < this.#settings.maxSessions) return;
    throw refusal(503, 'There are too many sessions; end one or try again later.', { 'retry-after': '30' });
  }

  #sweep(): void {
    for (const session of this.all()) {
      if (session.idleMs > this.#settings.sessionIdleMs) void this.end(session);
    }
  }
}
