import { AppError } from '../../domain/errors.ts';
import { hashToken } from '../../domain/token.ts';
import { networkOf } from '../../platform/client-address.ts';
import type { Clock } from '../../platform/clock.ts';

/** Failures of one account at one address that cost nothing; each further one doubles the wait. */
const freeFailures = 5;
const firstWaitMs = 2_000;
const longestWaitMs = 15 * 60_000;
const forgottenMs = 60 * 60_000;
/** Failures of one address whatever the account, and of one account wherever: so many at once, then one in a while. */
const ofAddress = { burst: 50, refillMs: 6_000 };
const ofAccount = { burst: 100, refillMs: 60_000 };
/** Questions of one address that anybody may ask. */
const ofQuestions = { burst: 60, refillMs: 1_000 };
const mostKept = 10_000;

/** One try to sign in; it counts as failed until it is said that it was not, so that many at once are not one. */
export interface Attempt {
  succeeded(): void;
}

/**
 * Slows down the guessing of passwords. All of one IPv6 network count as one address. Nobody is locked out: an address the account has been used from is held back
 * by what fails there and not by strangers.
 */
export interface Attempts {
  /**
   * Begin a try; asked before anything costly.
   * @param known whether the account has been signed in to from this address
   * @throws AppError `rate_limited`
   */
  begin(account: string, address: string, known: boolean): Attempt;
}

export function createAttempts(clock: Clock): Attempts {
  const pairs = new Map<string, { failures: number; at: number }>();
  const addresses = createBuckets(clock, ofAddress);
  const accounts = createBuckets(clock, ofAccount);

  return {
    begin(account, address, known) {
      const now = clock.monotonic();
      const network = networkOf(address);
      const key = hashToken(`${account}\n${network}`);
      const pair = pairs.get(key);
      const failures = pair === undefined || pair.at + forgottenMs < now ? 0 : pair.failures;
      const wait = Math.max(
        (pair?.at ?? now) + waitAfter(failures) - now,
        addresses.wait(network),
        known ? 0 : accounts.wait(hashToken(account)),
      );
      if (wait > 0) {
        throw new AppError('rate_limited', 'Too many failed tries. Wait a little, then try again.', {
          retryAfterMs: Math.ceil(wait),
        });
      }
      keep(pairs, key, { failures: failures + 1, at: now });
      addresses.take(network);
      accounts.take(hashToken(account));
      return {
        succeeded() {
          pairs.delete(key);
          addresses.giveBack(network);
          accounts.giveBack(hashToken(account));
        },
      };
    },
  };
}

/**
 * Bound what an address asks that needs no credential and still costs a look at the database.
 * @returns a function that counts one question. @throws (it) AppError `rate_limited`
 */
export function createQuestionLimit(clock: Clock): (address: string) => void {
  const addresses = createBuckets(clock, ofQuestions);
  return (address) => {
    const network = networkOf(address);
    const wait = addresses.wait(network);
    if (wait > 0) {
      throw new AppError('rate_limited', 'Too many requests from this address. Wait a little, then try again.', {
        retryAfterMs: Math.ceil(wait),
      });
    }
    addresses.take(network);
  };
}

const waitAfter = (failures: number): number =>
  failures < freeFailures ? 0 : Math.min(longestWaitMs, firstWaitMs * 2 ** (failures - freeFailures));

function createBuckets(clock: Clock, { burst, refillMs }: typeof ofAddress) {
  const buckets = new Map<string, { left: number; at: number }>();
  const leftOf = (key: string): number => {
    const bucket = buckets.get(key);
    return bucket === undefined ? burst : Math.min(burst, bucket.left + (clock.monotonic() - bucket.at) / refillMs);
  };
  const change = (key: string, by: number): void =>
    keep(buckets, key, { left: Math.min(burst, Math.max(0, leftOf(key) + by)), at: clock.monotonic() });
  return {
    /** Milliseconds until there is one again. */
    wait: (key: string): number => Math.max(0, (1 - leftOf(key)) * refillMs),
    take: (key: string): void => change(key, -1),
    giveBack: (key: string): void => change(key, 1),
  };
}

/** The newest stay: a flood of made-up accounts pushes out what has not failed for longest. */
function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > mostKept) map.delete(map.keys().next().value!);
}
