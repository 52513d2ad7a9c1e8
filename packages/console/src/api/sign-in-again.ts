import { useSyncExternalStore } from 'react';

/** What waits for the person to sign in again. */
interface Asked {
  readonly answer: Promise<boolean>;
  readonly settle: (signedIn: boolean) => void;
}

let asked: Asked | null = null;
const listeners = new Set<() => void>();

function put(next: Asked | null): void {
  asked = next;
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/**
 * Ask the person to sign in again; whoever asks while they are asked already gets the same answer.
 * @returns whether they did
 */
export function askToSignInAgain(): Promise<boolean> {
  if (asked !== null) return asked.answer;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const settle = (signedIn: boolean): void => {
    if (asked?.answer === promise) put(null);
    resolve(signedIn);
  };
  put({ answer: promise, settle });
  return promise;
}

/** Answer no to whatever waits: whoever was asked is not signed in any more, and it is not the next one's to answer. */
export const giveUpSigningInAgain = (): void => asked?.settle(false);

/** How to answer, while somebody is asked; null otherwise. */
export const useAskedToSignIn = (): Asked['settle'] | null =>
  useSyncExternalStore(subscribe, () => asked?.settle ?? null);
