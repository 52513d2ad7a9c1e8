const maxRetryAfterMs = 5 * 60_000;

/**
 * Read a `Retry-After` header (RFC 9110 10.2.3: seconds or a date), clamped to 0 … 5 minutes.
 * @param now milliseconds since the epoch
 */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  const wait = /^-?\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), maxRetryAfterMs);
}
