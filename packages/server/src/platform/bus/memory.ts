import type { Bus, Topic } from './bus.ts';

/** The bus of a single process. Messages are delivered in a later turn, as a network bus would. */
export function createMemoryBus(): Bus {
  const listeners = new Map<Topic, Set<(message: string) => void>>();
  return {
    publish: async (topic, message) => {
      for (const listener of listeners.get(topic) ?? []) {
        setImmediate(() => {
          if (listeners.get(topic)?.has(listener) === true) listener(message);
        });
      }
    },
    subscribe: (topic, listener) => {
      // A listener of its own per subscription: the same function subscribed twice is called twice.
      const own = (message: string): void => listener(message);
      const all = listeners.get(topic) ?? new Set();
      listeners.set(topic, all.add(own));
      return { [Symbol.dispose]: () => void all.delete(own) };
    },
    [Symbol.asyncDispose]: async () => listeners.clear(),
  };
}
