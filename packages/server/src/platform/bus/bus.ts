/**
 * Nudges between planes and processes. A message says "look again", never what to see: losing one costs latency
 * (everyone also polls), never correctness. Delivery is at most once, in no promised order.
 */
export interface Bus extends AsyncDisposable {
  publish(topic: Topic, message: string): Promise<void>;
  /** The listener must not throw; what it returns is ignored. Disposing the handle ends the subscription. */
  subscribe(topic: Topic, listener: (message: string) => void): Disposable;
}

/**
 * `snapshot.changed` carries the id of the workspace whose snapshot has a newer version; `hosted.wanted` that of an
 * instance of which something is wanted, `hosted.seen` that of one that fares otherwise than
 * before, or nothing where another process may have seen it.
 */
export type Topic = 'snapshot.changed' | 'hosted.wanted' | 'hosted.seen';
