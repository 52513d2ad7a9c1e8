import { beforeEach, expect, it } from 'vitest';
import { AppError } from '../../domain/errors.ts';
import { createAttempts, createQuestionLimit } from './attempts.ts';
import type { Attempts } from './attempts.ts';

let now = 0;
let attempts: Attempts;
beforeEach(() => {
  now = 0;
  attempts = createAttempts({ now: () => now, monotonic: () => now });
});

/** Milliseconds to wait, 0 for a try that may be made and fails. */
function fail(account = 'ada', address = '192.0.2.1', known = false): number {
  try {
    attempts.begin(account, address, known);
    return 0;
  } catch (error) {
    if (error instanceof AppError && error.code === 'rate_limited') return error.retryAfterMs!;
    throw error;
  }
}

it('[NEW-11] lets an account fail five times at an address, then doubles the wait up to a quarter of an hour', () => {
  const waits: number[] = [];
  for (let index = 0; index < 18; index++) {
    const wait = fail();
    waits.push(wait);
    now += wait;
    if (wait > 0) expect(fail()).toBe(0);
  }
  expect(waits.slice(0, 5)).toEqual([0, 0, 0, 0, 0]);
  expect(waits.slice(5, 8)).toEqual([2_000, 4_000, 8_000]);
  expect(Math.max(...waits)).toBe(900_000);
});

it('forgets what came before a success, and what is an hour old', () => {
  for (let index = 0; index < 4; index++) fail();
  attempts.begin('ada', '192.0.2.1', false).succeeded();
  for (let index = 0; index < 5; index++) expect(fail()).toBe(0);
  expect(fail()).toBe(2_000);
  now += 3_600_001;
  expect(fail()).toBe(0);
});

it('counts tries as they begin, so that many at the same moment are many', () => {
  expect(Array.from({ length: 10 }, () => fail()).filter((wait) => wait === 0)).toHaveLength(5);
});

it('slows down an address whatever the accounts it tries', () => {
  const waits = Array.from({ length: 52 }, (_, index) => fail(`account ${index}`));
  expect(waits.filter((wait) => wait === 0)).toHaveLength(50);
  expect(waits.at(-1)).toBe(6_000);
  expect(fail('ada', '192.0.2.2')).toBe(0);
});

it('strangers cannot lock an account out of the addresses it is used from', () => {
  for (let index = 0; index < 120; index++) fail('ada', `198.51.100.${index}`);
  expect(fail('ada', '203.0.113.1')).toBe(60_000);
  expect(fail('ada', '192.0.2.1', true)).toBe(0);
  expect(fail('bo', '203.0.113.1')).toBe(0);
  now += 60_000;
  expect(fail('ada', '203.0.113.2')).toBe(0);
});

it('takes all addresses of one IPv6 network for one, and an IPv4 address for itself however it is written', () => {
  for (let index = 0; index < 5; index++) expect(fail('ada', `2001:db8:1:2::${index + 1}`)).toBe(0);
  expect(fail('ada', '2001:db8:1:2:ffff::9')).toBe(2_000);
  expect(fail('ada', '2001:db8:1:3::1')).toBe(0);
  for (let index = 0; index < 5; index++) fail('bo', '198.51.100.7');
  expect(fail('bo', '::ffff:198.51.100.7')).toBe(2_000);
  expect(fail('bo', '::ffff:198.51.100.8')).toBe(0);
  const ask = createQuestionLimit({ now: () => now, monotonic: () => now });
  for (let index = 0; index < 60; index++) ask(`2001:db8:9::${index}`);
  expect(() => ask('2001:db8:9::ffff')).toThrow(AppError);
});
