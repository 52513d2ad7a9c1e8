import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultWorkspaceSettings } from '../../domain/snapshot.ts';
import { isoTime, systemClock, type Clock } from '../clock.ts';
import type { OpenDatabase } from '../database/database.ts';
import { migrate } from '../database/migrate.ts';
import { openSqlite } from '../database/sqlite.ts';
import { answeredRow } from './call-rows.ts';
import { call, ending, tempFolder } from './fixture.ts';
import { createRetention } from './retention.ts';

const dayMs = 86_400_000;
const start = Date.parse('2026-11-21T12:00:00.000Z');

/** Wall clock and monotonic clock that can be moved together or apart. */
function movableClock(): Clock & { pass(ms: number): void; set(ms: number): void } {
  let wall = start;
  let ticks = 0;
  return {
    now: () => wall,
    monotonic: () => ticks,
    pass(ms) {
      wall += ms;
      ticks += ms;
    },
    set: (ms) => (wall += ms),
  };
}

async function openDatabase(): Promise<OpenDatabase> {
  const database = openSqlite(':memory:');
  await migrate(database, systemClock);
  for (const [id, retentionDays] of [
    ['kept-30', 30],
    ['kept-90', 90],
  ] as const) {
    const at = isoTime(start);
    const settings = JSON.stringify({ ...defaultWorkspaceSettings, retentionDays });
    await database.db
      .insertInto('gateway_workspaces')
      .values({ id, slug: id, name: id, settings, created_at: at, updated_at: at })
      .execute();
  }
  return database;
}

let seq = 0;
async function addCall({ db }: OpenDatabase, workspaceId: string, daysAgo: number): Promise<void> {
  const intent = { ...call({ workspaceId }), t: isoTime(start - daysAgo * dayMs) };
  const parts = { body: '', hash: '', prev: undefined, version: 2, node: 'node-1', epoch: 1, seq: ++seq };
  await db
    .insertInto('mcp_tool_calls')
    .values(answeredRow({ intent, parts, segment: '', offset: 0 }, ending(intent.callId), parts))
    .execute();
}

async function addApproval({ db }: OpenDatabase, workspaceId: string, daysAgo: number): Promise<void> {
  const at = isoTime(start - daysAgo * dayMs);
  const id = `${workspaceId} ${daysAgo}`;
  await db
    .insertInto('approvals')
    .values({
      ...{ id, workspace_id: workspaceId, token_id: 't', principal_kind: 'workspace', member_id: null },
      ...{ machine_id: null, server_id: 's', server_slug: 's', tool: 'x', definition_hash: 'h', args_mac: 'm' },
      ...{ args_shape: '{}', call_key: id, policy_version: 1, approvers: '[]', state: 'used', sends: 1 },
      ...{ created_at: at, expires_at: at, decided_at: at, decided_by: 'x', reason: null, used_at: at },
    })
    .execute();
}

const agesOf = async ({ db }: OpenDatabase, workspaceId: string): Promise<number[]> =>
  (
    await db
      .selectFrom('mcp_tool_calls')
      .select('created_at')
      .where('workspace_id', '=', workspaceId)
      .orderBy('created_at')
      .execute()
  ).map((row) => Math.round((start - Date.parse(row.created_at)) / dayMs));

describe('retention', () => {
  it('[AUD-03] deletes rows past what their workspace keeps, and 90 days is the default', async () => {
    using folder = tempFolder();
    await using database = await openDatabase();
    for (const workspace of ['kept-30', 'kept-90', 'gone'])
      for (const age of [91, 89, 31, 29, 0]) await addCall(database, workspace, age);
    const clock = movableClock();
    const retention = createRetention({ db: database.db, clock, stateFile: join(folder.dir, 'retention.json') });
    for (let day = 0; day < 5; day++) {
      await retention.runIfDue();
      clock.pass(0.1 * dayMs);
      expect(await retention.runIfDue()).toBeUndefined();
      clock.pass(0.9 * dayMs);
    }
    expect(await agesOf(database, 'kept-30')).toEqual([0]);
    expect(await agesOf(database, 'kept-90')).toEqual([31, 29, 0]);
    expect(await agesOf(database, 'gone')).toEqual([31, 29, 0]);
  });

  it('[AUD-03][NEW-04] deletes approvals with the calls that asked for them', async () => {
    using folder = tempFolder();
    await using database = await openDatabase();
    for (const age of [31, 29]) {
      await addCall(database, 'kept-30', age);
      await addApproval(database, 'kept-30', age);
    }
    const stateFile = join(folder.dir, 'retention.json');
    await createRetention({ db: database.db, clock: movableClock(), stateFile }).runIfDue();
    expect(await database.db.selectFrom('approvals').select('id').execute()).toEqual([{ id: 'kept-30 29' }]);
  });

  it('[AUD-03] deletes at most two days of data in a day, however far the clock is ahead', async () => {
    using folder = tempFolder();
    await using database = await openDatabase();
    for (let age = 0; age < 10; age++) await addCall(database, 'kept-30', age);
    const clock = movableClock();
    clock.set(1_000 * dayMs);
    const retention = createRetention({ db: database.db, clock, stateFile: join(folder.dir, 'retention.json') });
    expect(await retention.runIfDue()).toEqual({ rows: 2 });
    clock.pass(3_600_000);
    expect(await retention.runIfDue()).toBeUndefined();
    expect(await agesOf(database, 'kept-30')).toEqual([7, 6, 5, 4, 3, 2, 1, 0]);
  });

  it('deletes nothing when the clock was set while running, is behind what was seen, or behind the newest row', async () => {
    using folder = tempFolder();
    await using database = await openDatabase();
    await addCall(database, 'kept-30', 100);
    const stateFile = join(folder.dir, 'retention.json');

    const ahead = movableClock();
    const running = createRetention({ db: database.db, clock: ahead, stateFile });
    ahead.set(dayMs);
    expect(await running.runIfDue()).toMatchObject({ rows: 0, withheld: expect.stringContaining('was set') as string });

    await addCall(database, 'kept-90', -1);
    const behindRow = createRetention({ db: database.db, clock: movableClock(), stateFile });
    expect(await behindRow.runIfDue()).toMatchObject({
      rows: 0,
      withheld: expect.stringContaining('newest row') as string,
    });

    const later = movableClock();
    later.set(2 * dayMs);
    expect(await createRetention({ db: database.db, clock: later, stateFile }).runIfDue()).toEqual({ rows: 1 });
    const back = createRetention({ db: database.db, clock: movableClock(), stateFile });
    expect(await back.runIfDue()).toMatchObject({
      rows: 0,
      withheld: expect.stringContaining('seen before') as string,
    });
    expect(JSON.parse(readFileSync(stateFile, 'utf8'))).toEqual({ seenAt: start + 2 * dayMs, ranOn: '2026-11-23' });
  });

  it('takes many rows in small bites and leaves none behind', async () => {
    using folder = tempFolder();
    await using database = await openDatabase();
    for (let i = 0; i < 1_200; i++) await addCall(database, 'kept-30', 50);
    const retention = createRetention({
      db: database.db,
      clock: movableClock(),
      stateFile: join(folder.dir, 'retention.json'),
    });
    expect(await retention.runIfDue()).toEqual({ rows: 1_200 });
  });
});
