import { writeSync } from 'node:fs';

/**
 * How much the fault tests try. `npm test` runs the short form; `npm run test:faults` the long one, which sets
 * MCPNEST_TEST_FAULTS. The product ignores variables of this prefix, so it may be started with the same environment.
 */
export const long = process.env['MCPNEST_TEST_FAULTS'] === 'long';

/** A number of the short form and its counterpart in the long one. */
export const extent = (inShort: number, inLong: number): number => (long ? inLong : inShort);

/** Decides everything random of a run; MCPNEST_TEST_SEED repeats one. */
export const seed = Number(process.env['MCPNEST_TEST_SEED'] ?? Date.now() % 1_000_000_000);

/** A line for whoever watches a long run; the short form says nothing. */
export function progress(line: string): void {
  // Straight to the terminal: what goes through the console is held back until a test has ended.
  if (long) writeSync(2, `  ${line}\n`);
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomFrom(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One of several, each as likely as its weight says. */
export function pick<T>(random: () => number, weighted: readonly (readonly [T, number])[]): T {
  let left = random() * weighted.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [value, weight] of weighted) if ((left -= weight) < 0) return value;
  return weighted.at(-1)![0];
}
