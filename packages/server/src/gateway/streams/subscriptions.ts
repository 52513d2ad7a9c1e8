import { byteString, bytes, type ByteString } from '../../platform/byte-string.ts';
import type { Decision } from '../../domain/policy.ts';
import type { AuthorizedCall } from '../authorized-call.ts';
import type { CallTarget } from '../call-target.ts';
import type { Viewer } from './seat.ts';

/** A resource and whether its viewer may read it. */
export interface JudgedResource {
  readonly target: CallTarget;
  readonly decision: Decision;
}

/** A resource that is watched until this is disposed. */
export interface ResourceWatch extends Disposable {
  /** Its server was asked for it; false where the server told of it already. */
  readonly asked: boolean;
}

/** What subscriptions need of the rest of the gateway. */
export interface ResourceWatching {
  /** The resource a URI means to this viewer; undefined when there is none the gateway knows. */
  judge(viewer: Viewer, uri: string): Promise<JudgedResource | undefined>;
  /**
   * Be told of each update until disposed.
   * @param call used up by this
   * @throws UpstreamFault (rejects)
   */
  watch(call: AuthorizedCall, onUpdated: () => void): Promise<ResourceWatch>;
}

/** Who asks for a resource, and how it was judged for them; nobody where the token is not valid any longer. */
interface Found {
  readonly viewer: Viewer;
  /** Undefined: nothing the gateway knows. */
  readonly judged: JudgedResource | undefined;
}

export interface Watcher {
  readonly onUpdated: () => void;
  /** False once it was taken back. */
  readonly isWanted: () => boolean;
  /** False once anything has changed since it was judged. */
  readonly isCurrent: () => boolean;
}

/**
 * How one request comes to watch a resource: with a row, and a right to it.
 * @returns undefined for what is not there, may not be read, or was taken back
 * @throws AppError (rejects) when the server refuses or cannot be asked
 */
export type GovernedWatch = (
  uri: string,
  found: Found | undefined,
  watcher: Watcher,
) => Promise<Disposable | undefined>;

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
   * Subscribe to a resource; once more is judged and recorded once more, and otherwise harmless.
   * @throws AppError (rejects) when the server refuses or cannot be asked
   */
  async add(uri: string, watch: GovernedWatch): Promise<'granted' | 'unknown' | 'full'> {
    const known = this.#byUri.get(uri);
    if (known === undefined && this.#byUri.size >= mostSubscriptions) return 'full';
    const mine: Subscription = known ?? { watch: undefined, timer: undefined, again: false };
    this.#byUri.set(uri, mine);
    const isWanted = (): boolean => this.#byUri.get(uri) === mine;
    try {
      const found = await this.#find(uri);
      const watched = await watch(uri, found, {
        onUpdated: () => this.#updated(uri),
        isWanted,
        isCurrent: () => this.#deps.viewer()?.held === found?.viewer.held,
      });
      if (watched === undefined) return 'unknown';
      if (isWanted() && mine.watch === undefined) mine.watch = watched;
      else watched[Symbol.dispose]();
      return 'granted';
    } finally {
      if (known === undefined && mine.watch === undefined && isWanted()) this.#byUri.delete(uri);
    }
  }

  /** Who asks and what they mean, judged again where anything has changed while lists were read. */
  async #find(uri: string): Promise<Found | undefined> {
    const { watching } = this.#deps;
    for (let viewer = this.#deps.viewer(); viewer !== undefined; viewer = this.#deps.viewer()) {
      const judged = await watching.judge(viewer, uri);
      if (this.#deps.viewer()?.held === viewer.held) return { viewer, judged };
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
      const judged = who === undefined ? undefined : await watching.judge(who, uri);
      if (judged?.decision.effect === 'allow' && this.#byUri.has(uri)) deliver(uri);
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
