import { unavailable } from '../../domain/errors.ts';
import { hashPassword, verifyPassword } from '../../domain/passwords.ts';

/** Each takes 19 MiB and a thread of the four that files and names are looked up with. */
const atOnce = 2;
const waitingAtMost = 64;

/** Argon2, so many at once that a flood of sign-ins exhausts neither memory nor threads. */
export interface Hashing {
  /** @returns a PHC string. @throws AppError `unavailable` when too many wait */
  hash(password: string): Promise<string>;
  /** @param stored undefined for an account that has none or is none: it takes the same time, and the answer is no */
  verify(password: string, stored: string | undefined): Promise<boolean>;
}

export function createHashing(): Hashing {
  let running = 0;
  const waiting: (() => void)[] = [];
  let decoy: Promise<string> | undefined;

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running >= atOnce) {
      if (waiting.length >= waitingAtMost)
        throw unavailable('Too many people sign in at this moment. Try again in a few seconds.', {
          retryAfterMs: 5_000,
        });
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  }

  return {
    hash: (password) => inTurn(() => hashPassword(password)),
    verify: (password, stored) =>
      inTurn(async () => {
        // Made once with the settings of today, so that it costs what a real one does.
        const against = stored ?? (await (decoy ??= hashPassword('of nobody')));
        return (await verifyPassword(password, against)) && stored !== undefined;
      }),
  };
}
