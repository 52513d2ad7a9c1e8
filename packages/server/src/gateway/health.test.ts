import { afterEach, beforeEach, expect, it } from 'vitest';
import type { OpenDatabase } from '../platform/database/database.ts';
import { migrate } from '../platform/database/migrate.ts';
import { openSqlite } from '../platform/database/sqlite.ts';
import { createLog } from '../platform/log.ts';
import { HealthBoard } from './health.ts';

let database: OpenDatabase;
let now = 0;
const clock = { now: () => Date.UTC(2026, 10, 21) + now, monotonic: () => now };
beforeEach(async () => {
  now = 0;
  database = openSqlite(':memory:');
  await migrate(database, clock);
});
afterEach(() => database[Symbol.asyncDispose]());

const board = () => new HealthBoard({ db: database.db, clock, log: createLog('silent') });
/** Statements queue for the one connection, so a query comes after those written before it. */
const history = () => database.db.selectFrom('health_history').selectAll().orderBy('at').execute();

it('[VIS-01][VIS-03] keeps when a state began and why, and nothing while it lasts', async () => {
  const health = board();
  for (let call = 0; call < 3; call++) health.observe('s', undefined, 5);
  now = 60_000;
  for (let call = 0; call < 3; call++) {
    health.observe('s', 'timeout', 5);
    now += 6_000;
  }
  health.observe('s', undefined, 5);
  expect((await history()).map(({ at, state, error_class }) => [at.slice(14, 19), state, error_class])).toEqual([
    ['00:00', 'healthy', null],
    ['01:00', 'degraded', 'timeout'],
    ['01:12', 'down', 'timeout'],
    ['01:18', 'healthy', null],
  ]);
});

it('[VIS-03] of a server that fails every other call keeps a state every few seconds, not one for each call', async () => {
  const health = board();
  for (let call = 0; call < 1_000; call++) {
    health.observe('s', call % 2 === 0 ? 'reset' : undefined, 5);
    now += 10;
  }
  const rows = await history();
  expect(rows.length).toBeLessThanOrEqual(3);
  expect(rows.length).toBeGreaterThan(1);
});

it('[VIS-03] writes the last state of a flurry once it may', async () => {
  const health = board();
  health.observe('s', undefined, 5);
  now = 1_000;
  for (let call = 0; call < 3; call++) health.observe('s', 'connect', 5);
  expect((await history()).map(({ state }) => state)).toEqual(['healthy']);
  now = 5_000;
  health.observe('s', 'connect', 5);
  expect((await history()).map(({ at, state }) => [at.slice(17, 19), state])).toEqual([
    ['00', 'healthy'],
    ['01', 'down'],
  ]);
});
