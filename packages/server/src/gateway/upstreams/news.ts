import { member, stringValue } from '../../platform/json/scan.ts';
import type { AnnouncedKind } from '../list-kinds.ts';
import type { Clock } from '../../platform/clock.ts';
import { Backoff } from './backoff.ts';
import type { Connection } from './connection.ts';
import { errand, type UpstreamListener } from './conversation.ts';
import { UpstreamFault } from './fault.ts';
import type { ServerFeatures } from './features.ts';
import { speaksModern, type Generation } from './generation.ts';
import { LegacyNews } from './legacy-news.ts';
import { ModernNews } from './modern-news.ts';
import { Watched, type NewsHearer, type NewsSource } from './news-source.ts';
import type { UpstreamMessage } from './reply.ts';
import type { LegacySession } from './session.ts';
import type { LegacySessions } from './sessions.ts';

const maxWatched = 1_000;
const longestUri = 8_192;
const watchPatienceMs = 15_000;
/** News are heard this long after the last listener has left. */
const lingerMs = 30_000;
/** News of the same thing within this time are one. */
const gatherMs = 50;
/** Resources whose updates wait to be told. */
const maxUpdated = 256;

const kinds: Readonly<Record<string, AnnouncedKind>> = {
  'notifications/tools/list_changed': 'tools',
  'notifications/prompts/list_changed': 'prompts',
  'notifications/resources/list_changed': 'resources',
};

export interface NewsDeps {
  readonly connection: Connection;
  readonly generation: Generation;
  readonly sessions: LegacySessions;
  readonly clock: Clock;
}

/** What an upstream says by itself, for all who want to hear it; listened to only while somebody does. */
export class News implements NewsHearer {
  readonly #deps: NewsDeps;
  readonly #listeners = new Set<UpstreamListener>();
  readonly #watched = new Map<string, Watched>();
  readonly #changed = new Set<AnnouncedKind>();
  readonly #updated = new Set<string>();
  #telling: NodeJS.Timeout | undefined;
  #lingering: NodeJS.Timeout | undefined;
  #source: NewsSource | undefined;
  #features: ServerFeatures | undefined;
  #running = false;
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(deps: NewsDeps) {
    this.#deps = deps;
  }

  listen(listener: UpstreamListener): Disposable {
    this.#listeners.add(listener);
    this.#begin();
    return {
      [Symbol.dispose]: () => {
        if (this.#listeners.delete(listener)) this.#rest();
      },
    };
  }

  /** @throws UpstreamFault when the upstream will not tell, or cannot be asked */
  async watch(uri: string): Promise<Disposable> {
    if (this.#closed) throw new UpstreamFault('closed', 'the server was reconfigured');
    const watched = this.#watched.get(uri) ?? this.#add(uri);
    watched.count++;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new UpstreamFault('timeout', 'no subscription in time', { dispatched: true })),
        watchPatienceMs,
      );
    });
    try {
      await Promise.race([watched.granted, late]);
    } catch (error) {
      this.#release(watched);
      throw error;
    } finally {
      clearTimeout(timer);
    }
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) this.#release(watched);
        held = false;
      },
    };
  }

  hear({ bytes, root, method }: UpstreamMessage): void {
    if (this.#listeners.size === 0) return;
    const kind = kinds[method ?? ''];
    if (kind !== undefined) this.#changed.add(kind);
    else if (method === 'notifications/resources/updated') {
      const uri = stringValue(bytes, member(member(root, 'params'), 'uri'));
      if (uri === undefined || uri.length > longestUri) return;
      this.#updated.add(uri);
      if (this.#updated.size >= maxUpdated) return this.#tell();
    } else return;
    this.#telling ??= setTimeout(() => this.#tell(), gatherMs);
  }

  missed(): void {
    if (this.#features?.toolsListChanged === true) this.#changed.add('tools');
    if (this.#features?.promptsListChanged === true) this.#changed.add('prompts');
    if (this.#features?.resourcesListChanged === true) this.#changed.add('resources');
    this.#telling ??= setTimeout(() => this.#tell(), gatherMs);
  }

  watched(): Iterable<Watched> {
    return this.#watched.values();
  }

  /** A session is not known any more. */
  lost(session: LegacySession): void {
    if (this.#source instanceof LegacyNews) this.#source.lost(session);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#lingering);
    clearTimeout(this.#telling);
    for (const watched of this.#watched.values()) watched.deny(new UpstreamFault('closed', 'reconfigured'));
    this.#source?.close();
    this.#wake?.();
  }

  get #wanted(): boolean {
    return !this.#closed && (this.#listeners.size > 0 || this.#watched.size > 0 || this.#lingering !== undefined);
  }

  #add(uri: string): Watched {
    if (this.#watched.size >= maxWatched || uri.length > longestUri)
      throw new UpstreamFault('busy', 'too many resources are watched');
    const watched = new Watched(uri);
    this.#watched.set(uri, watched);
    this.#source?.watch(watched);
    this.#begin();
    return watched;
  }

  #release(watched: Watched): void {
    if (--watched.count > 0 || this.#watched.get(watched.uri) !== watched) return;
    this.#watched.delete(watched.uri);
    if (watched.isGranted) this.#source?.unwatch(watched);
    this.#rest();
  }

  #tell(): void {
    clearTimeout(this.#telling);
    this.#telling = undefined;
    const changed = [...this.#changed];
    const updated = [...this.#updated];
    this.#changed.clear();
    this.#updated.clear();
    for (const listener of this.#listeners) {
      for (const kind of changed) listener.listChanged(kind);
      for (const uri of updated) listener.resourceUpdated(uri);
    }
  }

  /** Stop listening, unless somebody comes back soon. */
  #rest(): void {
    if (this.#closed || this.#listeners.size > 0 || this.#watched.size > 0) return;
    clearTimeout(this.#lingering);
    this.#lingering = setTimeout(() => {
      this.#lingering = undefined;
      this.#source?.close();
      this.#wake?.();
    }, lingerMs).unref();
  }

  #begin(): void {
    clearTimeout(this.#lingering);
    this.#lingering = undefined;
    if (this.#running || this.#closed) return;
    this.#running = true;
    void this.#run().finally(() => {
      this.#running = false;
    });
  }

  async #run(): Promise<void> {
    const { clock } = this.#deps;
    const backoff = new Backoff();
    let again = false;
    while (this.#wanted) {
      const since = clock.monotonic();
      let retryMs: number | undefined;
      try {
        await this.#connect();
        if (again) this.missed();
        again = true;
        retryMs = await this.#source?.over;
      } catch (error) {
        const fault =
          error instanceof UpstreamFault ? error : new UpstreamFault('closed', 'a defect', { cause: error });
        for (const watched of this.#watched.values()) watched.deny(fault);
      }
      this.#source = undefined;
      if (this.#wanted) await this.#sleep(backoff.next(clock.monotonic() - since, retryMs));
    }
  }

  async #connect(): Promise<void> {
    const { generation, sessions } = this.#deps;
    const verdict = await generation.learn();
    const session = speaksModern(verdict, true) ? undefined : await sessions.open(errand);
    const features = (session ?? verdict).features;
    const source =
      session === undefined
        ? new ModernNews({ ...this.#deps, features, hearer: this })
        : new LegacyNews({ ...this.#deps, hearer: this }, session);
    this.#features = features;
    this.#source = source;
    if (this.#closed) source.close();
    else await source.open();
  }

  async #sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms).unref();
    this.#wake = resolve;
    await promise;
    clearTimeout(timer);
    this.#wake = undefined;
  }
}
