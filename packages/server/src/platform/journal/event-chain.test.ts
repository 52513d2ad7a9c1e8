import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { unavailable } from '../../domain/errors.ts';
import { commitmentOf, insertEvent } from '../audit-events.ts';
import { systemClock } from '../clock.ts';
import type { OpenDatabase } from '../database/database.ts';
import { migrate } from '../database/migrate.ts';
import { openSqlite } from '../database/sqlite.ts';
import { countEvent } from '../event-counts.ts';
import { createLog } from '../log.ts';
import { startEventChain, type EventChainOptions } from './event-chain.ts';
import { call, ending, macKey, options, readRecords, tempFolder } from './fixture.ts';
import { openJournal, type Journal } from './journal.ts';
import { createShip } from './ship.ts';
import { verifyJournal } from './verify.ts';

async function openDatabase(): Promise<OpenDatabase> {
  const database = openSqlite(':memory:');
  await migrate(database, systemClock);
  return database;
}

const chainOf = ({ db }: OpenDatabase, journal: EventChainOptions['journal'], more: Partial<EventChainOptions> = {}) =>
  startEventChain({
    ...{ db, journal, nodeId: 'node-1', macKey, clock: systemClock, log: createLog('silent') },
    ...more,
  });
const add = ({ db }: OpenDatabase, n: number, workspaceId: string | null = 'workspace-1'): Promise<string> =>
  insertEvent(
    db,
    {
      workspaceId,
      actor: 'user:u/key:k',
      action: 'rules.create',
      target: `rule:${n}`,
      detail: { to: 'ada@example.com' },
    },
    systemClock.now(),
  );
const events = (dir: string) => readRecords(dir).filter(({ kind }) => kind === 'event');
const rowsOf = ({ db }: OpenDatabase) => db.selectFrom('audit_events').selectAll().orderBy('id').execute();

describe('the chain of events', () => {
  it('[AUD-05] has every event once, in order, with ids and a digest and nothing of its text', async () => {
    using folder = tempFolder();
    await using database = await openDatabase();
    await using journal = await openJournal(options(folder.dir));
    await using chain = chainOf(database, journal);
    const ids: string[] = [];
    for (let i = 0; i < 450; i++) ids.push(await add(database, i, i === 7 ? null : 'workspace-1'));
    await chain.run();
    await chain.run();
    const written = events(folder.dir);
    expect(written.map(({ eventId }) => eventId)).toEqual(ids);
    expect(JSON.stringify(written)).not.toMatch(/ada@|rule:\d/);
    expect(written[7]).not.toHaveProperty('workspaceId');
    const rows = await rowsOf(database);
    for (const [i, row] of rows.entries()) {
      const { node, epoch, seq, commit, at } = written[i]!;
      expect([row.chain_node, row.chain_epoch, row.chain_seq, row.commitment]).toEqual([node, epoch, seq, commit]);
      expect(at).toBe(row.created_at);
      expect(commitmentOf(row.salt!, row.target!, row.detail!)).toBe(commit);
    }
    expect(written[0]).toMatchObject({ workspaceId: 'workspace-1', actor: 'user:u/key:k', action: 'rules.create' });
    expect(verifyJournal(folder.dir, macKey).firstBad).toBeUndefined();
  });

  it('takes in what another process wrote, by itself and within two seconds, and calls are shipped as ever', async () => {
    using folder = tempFolder();
    await using database = await openDatabase();
    await using journal = await openJournal(options(folder.dir));
    await using _chain = chainOf(database, journal);
    const one = call();
    journal.outcome(await journal.intent(one, 'available'), ending(one.callId));
    const id = await add(database, 1);
    const until = systemClock.now() + 2_000;
    while (events(folder.dir).length === 0 && systemClock.now() < until) await sleep(20);
    expect(events(folder.dir)).toMatchObject([{ eventId: id }]);
    await journal.flush();
    await createShip({ dir: folder.dir, nodeId: 'node-1', db: database.db, clock: systemClock }).step();
    expect(await database.db.selectFrom('mcp_tool_calls').select('id').execute()).toEqual([{ id: one.callId }]);
  });

  it('writes again under the same id what a crash cut off before it was marked', async () => {
    using folder = tempFolder();
    await using database = await openDatabase();
    const ids = [await add(database, 1), await add(database, 2)];
    {
      await using journal = await openJournal(options(folder.dir));
      // The process ends between the journal and the mark: the database is gone when it is to be marked.
      const cut: Pick<Journal, 'event' | 'health'> = {
        get health() {
          return journal.health;
        },
        event: async (record) => {
          await journal.event(record);
          throw unavailable('killed');
        },
      };
      const chain = chainOf(database, cut);
      await chain.run();
      expect((await rowsOf(database)).map((row) => row.chain_seq)).toEqual([null, null]);
      expect(events(folder.dir)).toHaveLength(2);
      await chain[Symbol.asyncDispose]();
    }
    await using journal = await openJournal(options(folder.dir));
    await using chain = chainOf(database, journal);
    await chain.run();
    expect(new Set(events(folder.dir).map(({ eventId }) => eventId))).toEqual(new Set(ids));
    expect((await rowsOf(database)).every((row) => row.chain_seq !== null && row.chain_epoch === 2)).toBe(true);
    expect(events(folder.dir).filter(({ epoch }) => epoch === 2)).toHaveLength(2);
  });

  it('leaves to its node what that has claimed, and takes it when the node is gone', async () => {
    using folder = tempFolder();
    await using database = await openDatabase();
    await using journal = await openJournal(options(folder.dir));
    const id = await add(database, 1);
    const claimed_at = (ago: number) => new Date(systemClock.now() - ago).toISOString();
    const claim = (ago: number) =>
      database.db
        .updateTable('audit_events')
        .set({ chain_node: 'node-2', chain_claimed_at: claimed_at(ago) })
        .execute();
    await using chain = chainOf(database, journal);
    await claim(10_000);
    await chain.run();
    expect(events(folder.dir)).toEqual([]);
    await claim(61_000);
    await chain.run();
    expect(events(folder.dir)).toMatchObject([{ eventId: id, node: 'node-1' }]);
  });

  it('holds events of earlier releases to something from then on', async () => {
    using folder = tempFolder();
    await using database = await openDatabase();
    await using journal = await openJournal(options(folder.dir));
    const id = await add(database, 1);
    await database.db.updateTable('audit_events').set({ salt: null, commitment: null }).execute();
    await using chain = chainOf(database, journal);
    await chain.run();
    const [row] = await rowsOf(database);
    expect(commitmentOf(row!.salt!, row!.target!, row!.detail!)).toBe(row!.commitment);
    expect(events(folder.dir)).toMatchObject([{ eventId: id, commit: row!.commitment }]);
  });

  it('claims nothing while the journal cannot be written, and goes on when it can', async () => {
    using folder = tempFolder();
    await using database = await openDatabase();
    await using journal = await openJournal(options(folder.dir));
    let ok = false;
    const sick: Pick<Journal, 'event' | 'health'> = {
      get health() {
        return { ...journal.health, ok };
      },
      event: (record) => journal.event(record),
    };
    await using chain = chainOf(database, sick);
    await add(database, 1);
    await chain.run();
    expect(await rowsOf(database)).toMatchObject([{ chain_node: null }]);
    ok = true;
    await chain.run();
    expect(events(folder.dir)).toHaveLength(1);
  });
});

describe('what happens often', () => {
  it('is one event of each minute with a count, once it is over', async () => {
    using folder = tempFolder();
    await using database = await openDatabase();
    await using journal = await openJournal(options(folder.dir));
    let now = Date.UTC(2026, 10, 21, 12, 0, 30);
    const clock = { now: () => now, monotonic: () => now };
    await using chain = chainOf(database, journal, { clock });
    const read = { workspaceId: 'workspace-1', actor: 'user:u/key:k', action: 'calls.list', target: 'records' };
    for (let i = 0; i < 5; i++) await countEvent(database.db, read, now);
    await countEvent(database.db, { ...read, workspaceId: null }, now);
    for (let i = 0; i < 3; i++) chain.note({ ...read, actor: 'gateway', action: 'credentials.use' });
    await chain.run();
    expect(await rowsOf(database)).toEqual([]);
    now += 30_000;
    await Promise.all([chain.run(), chain.run()]);
    await chain.run();
    const rows = await rowsOf(database);
    expect(rows.map((row) => [row.workspace_id, row.actor, row.action, row.detail]).sort()).toEqual(
      [
        ['workspace-1', 'user:u/key:k', 'calls.list', '{"count":5,"minute":"2026-11-21T12:00:00.000Z"}'],
        [null, 'user:u/key:k', 'calls.list', '{"count":1,"minute":"2026-11-21T12:00:00.000Z"}'],
        ['workspace-1', 'gateway', 'credentials.use', '{"count":3,"minute":"2026-11-21T12:00:00.000Z"}'],
      ].sort(),
    );
    expect(events(folder.dir)).toHaveLength(3);
  });
});
