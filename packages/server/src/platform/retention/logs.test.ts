import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkBundle } from '../../../../../test/proof-check.ts';
import type { OpenDatabase } from '../database/database.ts';
import { migrate } from '../database/migrate.ts';
import { openSqlite } from '../database/sqlite.ts';
import { call, ending, tempFolder } from '../journal/fixture.ts';
import { openJournal, type Journal } from '../journal/journal.ts';
import { createLog } from '../log.ts';
import { bundleLines } from '../proof/bundle.ts';
import { folderIn, journalAt, keysOf, nodeId, sealAll, sealerOf, type Folder } from '../proof/fixture.ts';
import { openLog } from '../proof/log-reader.ts';
import { createPurge } from '../proof/purge.ts';
import { verifyFolder } from '../proof/verify-folder.ts';
import { addHold, addWorkspace, dayMs, start } from './fixture.ts';
import { purgeLogs } from './logs.ts';

const firstDay = Date.parse('2026-09-01T12:00:00Z');
const day = (number: number): string => `2026-09-${String(number).padStart(2, '0')}`;

describe('retention of the logs of proof', () => {
  let temp: ReturnType<typeof tempFolder>;
  let folder: Folder;
  let database: OpenDatabase;
  let journal: Journal;
  let now: number;
  beforeEach(async () => {
    temp = tempFolder();
    folder = folderIn(temp.dir);
    database = openSqlite(':memory:');
    await migrate(database, { now: () => start, monotonic: () => 0 });
    await addWorkspace(database, 'kept-30', 30);
    now = firstDay;
    journal = await openJournal(journalAt(folder, () => now));
    for (let at = 0; at < 10; at++) {
      for (let i = 0; i < 300; i++) {
        const one = call({ workspaceId: i % 2 === 0 ? 'kept-30' : 'gone' });
        journal.outcome(await journal.intent(one, 'available'), ending(one.callId));
      }
      await journal.flush();
      now += dayMs;
    }
    await sealed();
  });
  afterEach(async () => {
    await journal[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
    temp[Symbol.dispose]();
  });
  const sealed = async (): Promise<void> => void (await sealAll(sealerOf(folder, () => now)));
  const run = (checkpoint = sealed): Promise<number> =>
    purgeLogs({
      ...{ db: database.db, dir: folder.proofDir, clock: { now: () => now }, log: createLog('silent') },
      purge: createPurge({ dir: folder.proofDir, journal, sealed: checkpoint }),
    });
  const daysOf = (log: string): string[] =>
    readdirSync(join(folder.proofDir, log, 'records'))
      .map((file) => file.slice(0, 10))
      .sort();
  function verified(): boolean {
    const { firstBad, logs } = verifyFolder(folder.proofDir, nodeId, keysOf(folder));
    return firstBad === undefined && logs.length === 3;
  }

  it('[AUD-03][NEW-03] purges whole days, two in a run; what is left is proven as before, with a signed record of what is not', async () => {
    now = firstDay + 34 * dayMs;
    expect(await run()).toBe(600);
    expect(daysOf('kept-30')[0]).toBe(day(3));
    now += dayMs;
    await run();
    // The rest is of the last 30 days.
    now += 0.2 * dayMs;
    expect(daysOf('kept-30')[0]).toBe(day(5));
    expect(await run()).toBe(300);
    now += 3600_000;
    expect(await run()).toBe(0);
    expect(daysOf('kept-30')[0]).toBe(day(6));
    expect(daysOf('gone')).toHaveLength(10);
    expect(verified()).toBe(true);
    using log = openLog(folder.proofDir, 'kept-30')!;
    const range = { from: 0, to: log.checkpoint.size };
    const lines = [...bundleLines({ node: nodeId, keys: keysOf(folder).history() }, [{ log, range }])];
    expect(() => checkBundle(Buffer.from(lines.join('')))).not.toThrow();
    const purges = [...log.lines(log.purged, log.checkpoint.size)].filter((line) => line.includes('"kind":"purge"'));
    expect(purges.map((line) => JSON.parse(line) as object)).toMatchObject([
      { workspaceId: 'kept-30', from: 0, to: 600, reason: 'retention', actor: 'retention' },
      { from: 600, to: 1_200 },
      { from: 1_200, to: 1_500 },
    ]);
    expect(existsSync(join(folder.proofDir, 'kept-30', 'tile', '0', '000'))).toBe(false);
  });

  it('[AUD-03] keeps every day from the first a hold is about, and all under a hold without a begin', async () => {
    now = firstDay + 60 * dayMs;
    const from = `${day(3)}T18:00:00.000Z`;
    const id = await addHold(database, 'kept-30', { scope_kind: 'member', scope_id: 'm', from_at: from });
    await addHold(database, 'gone');
    for (let at = 0; at < 5; at++) await run();
    expect(daysOf('kept-30')[0]).toBe(day(3));
    now = firstDay + 200 * dayMs;
    for (let at = 0; at < 5; at++) await run();
    expect(daysOf('kept-30')[0]).toBe(day(3));
    expect(daysOf('gone')[0]).toBe(day(1));
    await database.db.updateTable('legal_holds').set({ released_at: from }).where('id', '=', id).execute();
    await run();
    expect(daysOf('kept-30')[0]).toBe(day(5));
    expect(verified()).toBe(true);
  });

  it('[AUD-03] keeps what a hold is about that begins while a purge waits for its checkpoint', async () => {
    now = firstDay + 60 * dayMs;
    const held = async (): Promise<void> => {
      await sealed();
      await addHold(database, 'kept-30');
    };
    expect(await run(held)).toBe(0);
    expect(daysOf('kept-30')[0]).toBe(day(1));
    expect(verified()).toBe(true);
  });

  it('[AUD-03] deletes what a purge that was cut off by a crash has left', async () => {
    now = firstDay + 34 * dayMs;
    const dir = join(folder.proofDir, 'kept-30');
    const left = ['records/2026-09-01.jsonl', 'tile/0/001'].map((path) => join(dir, path));
    const kept = left.map((path) => readFileSync(path));
    await run();
    expect(left.map((path) => existsSync(path))).toEqual([false, false]);
    for (const [i, path] of left.entries()) writeFileSync(path, kept[i]!);
    now += dayMs;
    await run();
    expect(left.map((path) => existsSync(path))).toEqual([false, false]);
    expect(verified()).toBe(true);
  });

  it('[AUD-03] that waited while a later one was made does not undo that', async () => {
    now = firstDay + 120 * dayMs;
    const later = Promise.withResolvers<void>();
    const purgeWith = (checkpoint: () => Promise<void>, before: string) =>
      createPurge({ dir: folder.proofDir, journal, sealed: checkpoint })('kept-30', before, 'retention', 'retention');
    const first = purgeWith(() => later.promise, day(3));
    expect(await purgeWith(sealed, day(5))).toMatchObject({ from: 0 });
    later.resolve();
    expect(await first).toBeUndefined();
    expect(daysOf('kept-30')[0]).toBe(day(5));
    expect(verified()).toBe(true);
  });

  it('[AUD-03] of one log that is broken leaves the others their turn', async () => {
    now = firstDay + 120 * dayMs;
    writeFileSync(join(folder.proofDir, 'gone', 'checkpoint'), 'no checkpoint');
    expect(await run(async () => undefined)).toBe(600);
    expect(daysOf('kept-30')[0]).toBe(day(3));
  });

  it('[AUD-03] loses two days a run to a clock of 2099, and what proves the instance stays a year', async () => {
    now = firstDay + 364 * dayMs;
    await run();
    expect(daysOf('instance')[0]).toBe(day(1));
    now = Date.parse('2099-01-01T00:00:00Z');
    const before = daysOf('gone').slice(-8);
    await run();
    expect(daysOf('gone')).toEqual(expect.arrayContaining(before.slice(2)));
    expect(daysOf('kept-30').length).toBeGreaterThan(6);
    expect(verified()).toBe(true);
  });
});
