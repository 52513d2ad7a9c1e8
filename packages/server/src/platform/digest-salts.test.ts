import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from './clock.ts';
import type { OpenDatabase } from './database/database.ts';
import { migrate } from './database/migrate.ts';
import { openSqlite } from './database/sqlite.ts';
import { currentSalts, destroyDigestKeys, quarterEnd, quarterOf } from './digest-salts.ts';

let database: OpenDatabase;
beforeEach(async () => {
  database = openSqlite(':memory:');
  await migrate(database, systemClock);
});
afterEach(() => database[Symbol.asyncDispose]());

const day = (text: string): number => Date.parse(`${text}T12:00:00Z`);
const salts = (at: number, workspace = 'w') =>
  database.db.transaction().execute((tx) => currentSalts(tx, workspace, at));
const quarters = async (workspace = 'w') =>
  (await database.db.selectFrom('digest_salts').select('quarter').where('workspace_id', '=', workspace).execute()).map(
    ({ quarter }) => quarter,
  );

it('quarters are those of the calendar, in UTC', () => {
  expect(['2026-01-01', '2026-03-31', '2026-04-01', '2026-12-31'].map((text) => quarterOf(day(text)))).toEqual([
    '2026Q1',
    '2026Q1',
    '2026Q2',
    '2026Q4',
  ]);
  expect(new Date(quarterEnd(day('2026-12-31'))).toISOString()).toBe('2027-01-01T00:00:00.000Z');
  expect(quarterOf(quarterEnd(day('2026-02-03')) - 1)).toBe('2026Q1');
});

it('a workspace has a salt of its own for this quarter and the next, and keeps it', async () => {
  const first = await salts(day('2026-11-21'));
  expect(first.map(({ quarter }) => quarter)).toEqual(['2026Q4', '2027Q1']);
  expect(await salts(day('2026-12-30'))).toEqual(first);
  const next = await salts(day('2027-01-02'));
  expect(next[0]).toEqual(first[1]);
  const all = [...first, ...(await salts(day('2026-11-21'), 'other'))];
  expect(new Set(all.map(({ salt }) => salt)).size).toBe(4);
  for (const { salt } of all) expect(salt).toMatch(/^[0-9a-f]{32}$/);
});

it('[AUD-02] keys of quarters whose records are gone can be destroyed, and the one in use cannot', async () => {
  for (const at of ['2026-05-01', '2026-11-21']) await salts(day(at));
  await salts(day('2026-05-01'), 'other');
  expect(await quarters()).toEqual(['2026Q2', '2026Q3', '2026Q4', '2027Q1']);
  expect(await destroyDigestKeys(database.db, 'w', day('2026-01-01'))).toBe(0);
  expect(await destroyDigestKeys(database.db, 'w', day('2026-11-21'))).toBe(2);
  expect(await quarters()).toEqual(['2026Q4', '2027Q1']);
  // Nothing has changed there since May: its newest is in use still.
  expect(await destroyDigestKeys(database.db, 'other', day('2027-11-21'))).toBe(1);
  expect(await quarters('other')).toEqual(['2026Q3']);
});
