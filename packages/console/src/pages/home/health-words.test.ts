import { expect, it } from 'vitest';
import { healthWords } from './health-words.ts';

const server = (state: string, enabled = true, pendingReview = 0) => ({ enabled, health: { state, pendingReview } });

it.each([
  [[], 'off', 'No server is connected yet', []],
  [[server('healthy')], 'ok', 'The server is well', []],
  [[server('healthy'), server('healthy', true, 2)], 'ok', 'All 2 servers are well', ['2 tools wait for review']],
  [
    [server('healthy'), server('degraded'), server('down'), server('unknown'), server('down', false)],
    'bad',
    '1 server is down',
    ['1 server is degraded', '1 server was not asked yet', '1 is switched off'],
  ],
  [[server('drill'), server('degraded')], 'warn', '1 server is degraded', []],
])('[VIS-02] says how servers are doing, the worst first: %j', (servers, tone, headline, rest) => {
  expect(healthWords(servers)).toEqual({ tone, headline, rest });
});
