import { expect, it } from 'vitest';
import { Concurrency, RateLimits } from './limits.ts';

const clock = { at: 0, now: () => clock.at, monotonic: () => clock.at };

it("[GW-14] lets a minute's worth through, says when the next will pass, and refills evenly", () => {
  const limits = new RateLimits(clock);
  for (let i = 0; i < 60; i++) expect(limits.take('a', 60)).toBe(0);
  expect(limits.take('a', 60)).toBe(1_000);
  clock.at += 1_000;
  expect(limits.take('a', 60)).toBe(0);
  expect(limits.take('a', 60)).toBeGreaterThan(0);
  expect(limits.take('b', 60)).toBe(0);
  expect(limits.take('c', null)).toBe(0);
});

it('stays bounded under a flood of distinct keys', () => {
  const limits = new RateLimits(clock);
  for (let i = 0; i < 120_000; i++) limits.take(`k${i}`, 10);
  expect(limits.size).toBeLessThanOrEqual(50_000);
});

it('counts what is in flight', () => {
  const running = new Concurrency();
  const first = running.enter('a', 2);
  expect(running.enter('a', 2)).toBeDefined();
  expect(running.enter('a', 2)).toBeUndefined();
  first?.();
  expect(running.enter('a', 2)).toBeDefined();
});
