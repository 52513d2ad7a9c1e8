import { expect, it } from 'vitest';
import { Breaker } from './breaker.ts';

const movable = (): { now(): number; monotonic(): number; at: number } => ({
  at: 0,
  now() {
    return this.at;
  },
  monotonic() {
    return this.at;
  },
});

it('[REG-04] opens after five failures in a row, lets one probe through, closes on success', () => {
  const clock = movable();
  const breaker = new Breaker(clock);
  for (let i = 0; i < 5; i++) {
    expect(breaker.admit()).toBe(0);
    breaker.failure();
  }
  expect(breaker.admit()).toBeGreaterThan(0);
  clock.at += 2_000;
  expect(breaker.admit()).toBe(0);
  expect(breaker.admit()).toBeGreaterThan(0);
  breaker.success();
  expect(breaker.state).toBe('closed');
  expect(breaker.admit()).toBe(0);
});

it('opens at ten failures of the last twenty, doubles its pause, and never beyond the longest', () => {
  const clock = movable();
  const breaker = new Breaker(clock);
  for (let i = 0; i < 10; i++) {
    breaker.success();
    breaker.failure();
  }
  expect(breaker.state).toBe('open');
  let longest = 0;
  for (let i = 0; i < 20; i++) {
    clock.at += 60_000;
    expect(breaker.admit()).toBe(0);
    breaker.failure();
    longest = Math.max(longest, breaker.admit());
  }
  expect(longest).toBeGreaterThan(20_000);
  expect(longest).toBeLessThanOrEqual(38_000);
});

it('honours a pause the upstream asks for', () => {
  const breaker = new Breaker(movable());
  breaker.failure(120_000);
  expect(breaker.admit()).toBeGreaterThanOrEqual(120_000);
});

it('probes again when a probe never reports back', () => {
  const clock = movable();
  const breaker = new Breaker(clock);
  for (let i = 0; i < 5; i++) breaker.failure();
  clock.at += 60_000;
  expect(breaker.admit()).toBe(0);
  expect(breaker.admit()).toBeGreaterThan(0);
  clock.at += 60_000;
  expect(breaker.admit()).toBe(0);
});

it('takes a burst of failures of calls in flight as one reason to pause', () => {
  const clock = movable();
  const breaker = new Breaker(clock);
  for (let i = 0; i < 50; i++) breaker.failure();
  expect(breaker.admit()).toBeLessThanOrEqual(1_250);
});
