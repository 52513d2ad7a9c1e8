import { expect, it } from 'vitest';
import { Backoff, clampRetry } from './backoff.ts';

it('[edge 50] doubles from a second to a minute for streams that do not last, whatever the server asks for', () => {
  const backoff = new Backoff();
  const waits = Array.from({ length: 9 }, () => backoff.next(10, 0));
  expect(waits[0]).toBeGreaterThanOrEqual(750);
  expect(waits[0]).toBeLessThanOrEqual(1_250);
  expect(waits[3]).toBeGreaterThanOrEqual(6_000);
  for (const wait of waits) expect(wait).toBeLessThanOrEqual(60_000);
  expect(waits[8]).toBeGreaterThanOrEqual(45_000);
});

it('honours what a server asks for whose stream lasted, within a minute', () => {
  const backoff = new Backoff();
  backoff.next(10, undefined);
  backoff.next(10, undefined);
  expect(backoff.next(10_000, 0)).toBe(0);
  expect(backoff.next(10_000, 3_000)).toBe(3_000);
  expect(backoff.next(10_000, 31_536_000_000)).toBe(60_000);
  expect(backoff.next(10_000, undefined)).toBeLessThanOrEqual(1_250);
});

it('[edge 29] takes a second where no pause was asked for, and at most a minute', () => {
  expect([undefined, 0, 250, 31_536_000_000].map(clampRetry)).toEqual([1_000, 0, 250, 60_000]);
});
