import { expect, it } from 'vitest';
import { catalogue, formatDuration, formatRelative } from './catalogue.ts';

const t = catalogue({
  plain: 'Servers',
  named: '{a} and {b}',
  counted: { one: '{count} tool', other: '{count} tools' },
});

it('fills in values, numbers as people write them, and chooses the plural form', () => {
  expect(t('plain')).toBe('Servers');
  expect(t('named', { a: 'x', b: 12_345 })).toBe('x and 12,345');
  expect([0, 1, 2_000].map((count) => t('counted', { count }))).toEqual(['0 tools', '1 tool', '2,000 tools']);
});

it('does not take a value for a place-holder', () => {
  expect(t('named', { a: '{b}', b: '$&' })).toBe('{b} and $&');
});

it('says how long ago and how long', () => {
  const now = Date.UTC(2026, 10, 21);
  const said = [-2_000, -125_000, -7_200_000, 86_400_000 * 3].map((by) => formatRelative(now + by, now));
  expect(said).toEqual(['just now', '2 minutes ago', '2 hours ago', 'in 3 days']);
  expect([12.4, 2_100, 200_000].map(formatDuration)).toEqual(['12 ms', '2.1 s', '3 min 20 s']);
});
