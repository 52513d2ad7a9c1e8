import { expect, it } from 'vitest';
import { timeLeft } from './time-left.ts';

it.each([
  [0, null],
  [1, '1 s'],
  [59_000, '59 s'],
  [60_000, '1 min 00 s'],
  [2_527_000, '42 min 07 s'],
  [25_920_000, '7 h 12 min'],
])('%i ms before the end says %s', (left, words) => {
  expect(timeLeft(1_000_000 + left, 1_000_000)).toBe(words);
});
