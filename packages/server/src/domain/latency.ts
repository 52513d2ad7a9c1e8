/**
 * How long calls took, counted in buckets that grow by a third or a half: 0, 1, 2, 3, 4, 6, 8, 12, 16, 24 … ms. Up to
 * 3 ms a bucket is one whole millisecond; above, an estimate from its middle is off by at most `latencyError`.
 */
const firstBounds = [0, 1, 2, 3];
const lastBound = 2 ** 20;

/** Lower bounds of the buckets in milliseconds; the last one has no end (17 minutes and more). */
export const latencyBounds: readonly number[] = [
  ...firstBounds,
  ...Array.from({ length: 19 }, (_, index) => 2 ** (index + 2)).flatMap((bound) =>
    bound < lastBound ? [bound, 1.5 * bound] : [bound],
  ),
];

/** By what part an estimate may be off, either way: the square root of the widest step, less one. */
export const latencyError = Math.sqrt(1.5) - 1;

/** Lower bound of the bucket that a duration in milliseconds belongs to. */
export function latencyBucket(milliseconds: number): number {
  let found = 0;
  for (const bound of latencyBounds) {
    if (bound > milliseconds) break;
    found = bound;
  }
  return found;
}

/**
 * A percentile by nearest rank.
 * @param counts calls by lower bound of their bucket
 * @param share 0.95 for p95
 * @returns milliseconds, the geometric middle of the bucket it lies in; null without calls
 */
export function latencyPercentile(counts: ReadonlyMap<number, number>, share: number): number | null {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let left = Math.ceil(total * share);
  for (const [index, bound] of latencyBounds.entries()) {
    left -= counts.get(bound) ?? 0;
    if (left > 0) continue;
    const next = latencyBounds[index + 1];
    // Durations are whole milliseconds, so a narrow bucket holds one of them.
    return next === undefined || next - bound <= 1 ? bound : Math.round(Math.sqrt(bound * next));
  }
  return null;
}
