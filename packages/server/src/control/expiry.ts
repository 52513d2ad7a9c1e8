import { invalidInput } from '../domain/errors.ts';
import { isoTime } from '../platform/clock.ts';

const dayMs = 86_400_000;

export interface ExpiryInput {
  readonly expiresAt?: string | undefined;
  readonly expiresInDays?: number | undefined;
}

/**
 * When a new token or key ends, as stored text; null = never.
 * @param defaultDays from now when nothing is said; undefined = never
 * @throws AppError `invalid_input` for a moment that has passed
 */
export function expiryOf(input: ExpiryInput, now: number, defaultDays?: number): string | null {
  if (input.expiresAt === undefined) {
    const days = input.expiresInDays ?? defaultDays;
    return days === undefined ? null : isoTime(now + days * dayMs);
  }
  const moment = Date.parse(input.expiresAt);
  if (moment <= now) {
    throw invalidInput('expiresAt lies in the past.', [{ path: 'body.expiresAt', message: 'must lie in the future' }]);
  }
  return isoTime(moment);
}

export interface Lifetime {
  readonly created_at: string;
  readonly expires_at: string | null;
}

/** The end of the successor of a rotated one: as asked for, otherwise the same span of life from now. */
export function successorExpiry(old: Lifetime, input: ExpiryInput, now: number): string | null {
  if (input.expiresAt !== undefined || input.expiresInDays !== undefined) return expiryOf(input, now);
  if (old.expires_at === null) return null;
  return isoTime(now + (Date.parse(old.expires_at) - Date.parse(old.created_at)));
}

/** What ends a rotated one: revoked at once, or an end after the overlap (never later than its own). */
export function ending(
  old: Lifetime,
  overlapSeconds: number,
  now: number,
): { revoked_at: string } | { expires_at: string } {
  if (overlapSeconds === 0) return { revoked_at: isoTime(now) };
  const end = isoTime(now + overlapSeconds * 1000);
  return { expires_at: old.expires_at !== null && old.expires_at < end ? old.expires_at : end };
}
