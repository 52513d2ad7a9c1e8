import { AppError } from '../domain/errors.ts';
import { networkOf } from '../platform/client-address.ts';
import type { Clock } from '../platform/clock.ts';

const burst = 20;
/** One more failure is forgiven every so many milliseconds. */
const refillMs = 3_000;
const maxAddresses = 10_000;

export interface FailedLogins {
  /** Count a failure. @throws AppError `rate_limited` when the address has used up its failures */
  count(remoteAddress: string): void;
}

/**
 * A token bucket per address for failed log-ins. It quiets scanners and broken scripts; a valid key is never slowed,
 * whoever shares its address, and 192 random bits need no help against guessing.
 */
export function createFailedLogins(clock: Clock): FailedLogins {
  const buckets = new Map<string, { left: number; at: number }>();
  return {
    count(remoteAddress) {
      const now = clock.monotonic();
      const network = networkOf(remoteAddress);
      const known = buckets.get(network);
      const left = known === undefined ? burst : Math.min(burst, known.left + (now - known.at) / refillMs);
      buckets.delete(network);
      buckets.set(network, { left: Math.max(0, left - 1), at: now });
      if (buckets.size > maxAddresses) buckets.delete(buckets.keys().next().value!);
      if (left < 1) {
        throw new AppError(
          'rate_limited',
          'Too many failed log-ins from this address. Check the key, then try again later.',
          {
            retryAfterMs: Math.ceil((1 - left) * refillMs),
          },
        );
      }
    },
  };
}
