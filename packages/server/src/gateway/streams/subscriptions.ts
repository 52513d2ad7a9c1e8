import { byteString, bytes, type ByteString } from '../../platform/byte-string.ts';
import type { SnapshotServer } from '../../domain/snapshot.ts';
import { faultError, UpstreamFault } from '../upstreams/fault.ts';
import type { Viewer } from './seat.ts';

/** A resource somebody may read, by the URI its server knows. */
export interface ResourceTarget {
  readonly server: SnapshotServer;
  readonly upstreamUri: string;
}

/** What subscriptions need of the rest of the gateway. */
export interface ResourceWatching {
  /** The resource a URI means to this viewer; undefined when there is none or the policy denies reading it. */
  resolve(viewer: Viewer, uri: string): ResourceTarget | undefined | Promise<ResourceTarget | undefined>;
  /**
   * Be told of each update until disposed.
   * @throws UpstreamFault (rejects)
   */
  watch(viewer: Viewer, target: ResourceTarget, onUpdated: () => void): Promise<Disposable>;
}

/** Resources one session or listen stream may subscribe to. */
export const mostSubscriptions = 100;
/** Updates of one resource within this time are told together. */
const quietMs = 250;

interface Subscription {
  /** Undefined while the upstream is being asked. */
  watch: Disposable | undefined;
  timer: NodeJS.Timeout | undefined;
  again: boolean;
}

/** The resources one session or listen stream wants to hear of, by the URIs its client knows. */
export class Subscriptions {
  readonly #deps: SubscriptionsDeps;
  readonly #byUri = new Map<string, Subscription>();

  constructor(deps: SubscriptionsDeps) {
    this.#deps = deps;
  }

  /**
   * Subscribe to a resource; once more is harmless.
   * @throws AppError (rejects) when the server refuses or cannot be asked
   */
  async add(uri: string): Promise<'granted' | 'unknown' | 'full'> {
    if (this.#byUri.has(uri)) return 'granted';
    if (this.#byUri.size >= mostSubscriptions) return 'full';
    const { watching } = this.#deps;
    const mine: Subscription = { watch: undefined, timer: undefined, again: false };
    this.#byUri.set(uri, mine);
    const withdrawn = (): boolean => this.#byUri.get(uri) !== mine;
    let target: ResourceTarget | undefined;
    try {
      const found = await this.#find(uri);
      target = found?.target;
      if (found === undefined || target === undefined || withdrawn()) return 'unknown';
      mine.watch = await watching.watch(found.who, target, () => this.#updated(uri));
      if (withdrawn()) mine.watch[Symbol.dispose]();
      return 'granted';
    } catch (error) {
      throw error instanceof UpstreamFault && target !== undefined ? faultError(error, target.server.slug) : error;
    } finally {
      if (mine.watch === undefined && !withdrawn()) this.#byUri.delete(uri);
    }
  }

  /** Who asks and what they mean, judged again where anything has changed while lists were read. */
  async #find(uri: string): Promise<{ who: Viewer; target: ResourceTarget | undefined } | undefined> {
    const { watching, viewer } = this.#deps;
    for (let who = viewer(); who !== undefined; who = viewer()) {
      const { held } = who;
      const target = await watching.resolve(who, uri);
      if (viewer()?.held === held) return { who, target };
    }
    return undefined;
  }

  /** Hear no more of it; one that is not subscribed to is ignored. */
  remove(uri: string): void {
    const subscription = this.#byUri.get(uri);
    this.#byUri.delete(uri);
    if (subscription === undefined) return;
    clearTimeout(subscription.timer);
    subscription.watch?.[Symbol.dispose]();
  }

  close(): void {
    for (const uri of this.#byUri.keys()) this.remove(uri);
  }

  #updated(uri: string): void {
    const subscription = this.#byUri.get(uri);
    if (subscription === undefined) return;
    if (subscription.timer !== undefined) {
      subscription.again = true;
      return;
    }
    subscription.timer = setTimeout(() => {
      subscription.timer = undefined;
      if (!subscription.again) return;
      subscription.again = false;
      this.#updated(uri);
    }, quietMs);
    subscription.timer.unref();
    void this.#deliver(uri);
  }

  /** What may not be read any longer is not spoken of either. */
  async #deliver(uri: string): Promise<void> {
    const { watching, viewer, deliver } = this.#deps;
    try {
      const who = viewer();
      const target = who === undefined ? undefined : await watching.resolve(who, uri);
      if (target !== undefined && this.#byUri.has(uri)) deliver(uri);
    } catch {
      // A list that cannot be read now shows nobody anything.
    }
  }
}

export interface SubscriptionsDeps {
  readonly watching: ResourceWatching;
  /** Who subscribes, as of now; undefined when the token is not valid any longer. */
  readonly viewer: () => Viewer | undefined;
  /** Tell the client. */
  readonly deliver: (uri: string) => void;
}

/** The params of `notifications/resources/updated`, without the braces. */
export const updatedParams = (uri: string): ByteString => bytes`"uri":${byteString(JSON.stringify(uri))}`;
