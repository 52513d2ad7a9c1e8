import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../clock.ts';
import type { OpenDatabase } from '../database/database.ts';
import { tempFolder } from '../journal/fixture.ts';
import {
  addApproval,
  addCall,
  addEvent,
  addHold,
  addWorkspace,
  ago,
  callAges,
  dayMs,
  eventAges,
  movableClock,
  start,
} from './fixture.ts';
import { createRetention, type Retention } from './retention.ts';

/** What retention does on every database. @param open an empty one that is up to date */
export function describeRetention(engine: string, open: () => Promise<OpenDatabase>): void {
  describe(`retention on ${engine}`, () => {
    let folder: ReturnType<typeof tempFolder>;
    let database: OpenDatabase;
    let stateFile: string;
    beforeEach(async () => {
      folder = tempFolder();
      stateFile = join(folder.dir, 'retention.json');
      database = await open();
      await addWorkspace(database, 'kept-30', 30);
      await addWorkspace(database, 'kept-90', 90);
    });
    afterEach(async () => {
      await database[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    });
    const retentionOf = (clock: Clock = movableClock(), nodeId = 'node-1'): Retention =>
      createRetention({ db: database.db, clock, nodeId, stateFile });
    /** A run each day. */
    async function runDays(days: number): Promise<void> {
      const clock = movableClock();
      const retention = retentionOf(clock);
      for (let day = 0; day < days; day++) {
        await retention.runIfDue();
        clock.pass(dayMs);
      }
    }

    it('[AUD-03] deletes rows past what their workspace keeps, and 90 days is the default', async () => {
      for (const workspace of ['kept-30', 'kept-90', 'gone'])
        for (const age of [91, 89, 31, 29, 0]) await addCall(database, workspace, age);
      const clock = movableClock();
      const retention = retentionOf(clock);
      for (let day = 0; day < 5; day++) {
        await retention.runIfDue();
        clock.pass(0.1 * dayMs);
        expect(await retention.runIfDue()).toBeUndefined();
        clock.pass(0.9 * dayMs);
      }
      expect(await callAges(database, 'kept-30')).toEqual([0]);
      expect(await callAges(database, 'kept-90')).toEqual([31, 29, 0]);
      expect(await callAges(database, 'gone')).toEqual([31, 29, 0]);
    });

    it('[AUD-03][NEW-04] deletes approvals with the calls that asked for them', async () => {
      for (const age of [31, 29]) {
        await addCall(database, 'kept-30', age);
        await addApproval(database, 'kept-30', age);
      }
      await retentionOf().runIfDue();
      expect(await database.db.selectFrom('approvals').select('id').execute()).toEqual([{ id: 'kept-30 29' }]);
    });

    it('[AUD-03] keeps audit events for a year or as long as calls, and what is not in the chain yet', async () => {
      await addWorkspace(database, 'kept-400', 400);
      for (const workspace of ['kept-30', 'kept-400', null])
        for (const age of [401, 366, 361]) await addEvent(database, workspace, age);
      await addEvent(database, 'kept-30', 500, false);
      await runDays(4);
      expect(await eventAges(database, 'kept-30')).toEqual([500, 361]);
      expect(await eventAges(database, 'kept-400')).toEqual([366, 361]);
      expect(await eventAges(database, null)).toEqual([366, 361]);
    });

    it('[AUD-03] says in each workspace what was deleted, and once a day of several nodes', async () => {
      for (const age of [33, 32, 31, 30.5]) await addCall(database, 'kept-30', age);
      expect(await retentionOf(movableClock(), 'node-2').runIfDue()).toEqual({ rows: 2, held: 0 });
      using other = tempFolder();
      const second = { db: database.db, clock: movableClock(), nodeId: 'node-1' };
      const again = createRetention({ ...second, stateFile: join(other.dir, 'retention.json') });
      expect(await again.runIfDue()).toEqual({ rows: 0, held: 0 });
      const events = await database.db.selectFrom('audit_events').selectAll().execute();
      expect(events).toHaveLength(1);
      expect(events[0]).toMatchObject({ workspace_id: 'kept-30', actor: 'retention', action: 'retention.purge' });
      expect(JSON.parse(events[0]!.detail!)).toEqual({ calls: 2, events: 0, others: 0, held: 0, holds: [] });
      const purges = await database.db.selectFrom('purges').selectAll().where('calls', '>', 0).execute();
      expect(purges).toMatchObject([{ workspace_id: 'kept-30', ran_on: '2026-11-21', node: 'node-2', calls: 2 }]);
    });

    it('[AUD-03] goes on with the longer term until the grace of a shortening is over', async () => {
      for (const age of [300, 299]) await addCall(database, 'kept-30', age);
      const until = ago(-7);
      await database.db
        .insertInto('retention_graces')
        .values({ workspace_id: 'kept-30', days: 365, until, requested_at: ago(0), requested_by: 'local-cli' })
        .execute();
      await runDays(7);
      expect(await callAges(database, 'kept-30')).toEqual([300, 299]);
      const after = movableClock();
      after.set(8 * dayMs);
      await retentionOf(after).runIfDue();
      expect(await callAges(database, 'kept-30')).toEqual([]);
    });

    it('[AUD-03] deletes nothing a hold is about, and everything else', async () => {
      const of = async (age: number, more: object): Promise<void> => addCall(database, 'kept-30', age, more);
      const person = { email: 'x@example.com', name: 'x', created_at: ago(0) };
      await database.db
        .insertInto('users')
        .values({ id: 'u', ...person })
        .execute();
      for (const id of ['m', 'again'])
        await database.db
          .insertInto('members')
          .values({ id, workspace_id: 'kept-30', user_id: 'u', role: 'member', created_at: ago(0), removed_at: ago(0) })
          .execute();
      await of(41, { member_id: 'm' });
      await of(41, { member_id: 'other' });
      await of(41, { member_id: null });
      await of(40.9, { member_id: 'again' });
      await of(40.8, { server_id: 'held', member_id: null });
      await of(40.7, { server_id: null, member_id: null });
      await of(40.6, { server_id: 's', member_id: 'm', workspace_id: 'kept-90' });
      const held = [
        await addHold(database, 'kept-30', { scope_kind: 'member', scope_id: 'm' }),
        await addHold(database, 'kept-30', {
          scope_kind: 'server',
          scope_id: 'held',
          from_at: ago(41),
          to_at: ago(40),
        }),
      ];
      expect(await retentionOf().runIfDue()).toEqual({ rows: 3, held: 3 });
      const rows = await database.db.selectFrom('mcp_tool_calls').select(['member_id', 'server_id']).execute();
      expect(rows.map((row) => row.member_id ?? row.server_id).sort()).toEqual(['again', 'held', 'm', 'm']);
      const report = await database.db.selectFrom('purges').selectAll().where('calls', '>', 0).execute();
      expect(report).toMatchObject([{ workspace_id: 'kept-30', calls: 3, held: 3, hold_ids: JSON.stringify(held) }]);
    });

    it('[AUD-03] a hold keeps what is inside its time only, and what it keeps does not keep the rest', async () => {
      for (const age of [60, 50, 40]) await addCall(database, 'kept-30', age);
      for (const age of [460, 450]) await addEvent(database, 'kept-30', age);
      await addHold(database, 'kept-30', { from_at: ago(61), to_at: ago(59) });
      await addHold(database, 'kept-30', { from_at: ago(451), to_at: ago(449) });
      await runDays(3);
      expect(await callAges(database, 'kept-30')).toEqual([60]);
      expect(await eventAges(database, 'kept-30')).toEqual([450]);
    });

    it('[AUD-03] a hold of a machine keeps the calls of its tokens, in a workspace that is no more as well', async () => {
      const made = { created_at: ago(0), created_by: 'x' };
      await database.db
        .insertInto('users')
        .values({ id: 'u', email: 'x', name: 'x', created_at: ago(0) })
        .execute();
      await database.db
        .insertInto('members')
        .values({
          id: 'm',
          workspace_id: 'kept-30',
          user_id: 'u',
          role: 'member',
          created_at: ago(0),
          removed_at: null,
        })
        .execute();
      await database.db
        .insertInto('machines')
        .values({
          id: 'robot',
          workspace_id: 'kept-30',
          name: 'r',
          owner_id: 'm',
          enabled: 1,
          ...made,
          updated_at: ago(0),
          removed_at: ago(0),
        })
        .execute();
      await database.db
        .insertInto('gateway_tokens')
        .values({
          ...{
            id: 'of-robot',
            workspace_id: 'kept-30',
            member_id: null,
            machine_id: 'robot',
            kind: 'machine',
            label: 'x',
          },
          ...{ hash: 'x', hint: 'x', scope: null, expires_at: null, ...made, revoked_at: ago(0), replaced_by: null },
        })
        .execute();
      for (const token_id of ['of-robot', 'other']) await addCall(database, 'kept-30', 40, { token_id });
      await addCall(database, 'gone', 120);
      await addHold(database, 'kept-30', { scope_kind: 'machine', scope_id: 'robot' });
      await addHold(database, 'gone');
      expect(await retentionOf().runIfDue()).toEqual({ rows: 1, held: 2 });
    });

    it('[AUD-03] a request holds for a week without a second person, and a released hold holds nothing', async () => {
      await addCall(database, 'kept-30', 40);
      const waiting = { confirmed_at: null, confirmed_by: null, confirmed_person: null };
      await addHold(database, 'kept-30', { ...waiting, requested_at: ago(6.5) });
      await addHold(database, 'kept-30', { released_at: ago(0), released_by: 'x', released_person: 'x' });
      const clock = movableClock();
      const retention = retentionOf(clock);
      expect(await retention.runIfDue()).toEqual({ rows: 0, held: 1 });
      clock.pass(dayMs);
      expect(await retention.runIfDue()).toEqual({ rows: 1, held: 0 });
    });

    it('[NEW-11] sweeps sessions and links a month after they have expired', async () => {
      const { db } = database;
      await db
        .insertInto('users')
        .values({ id: 'u', email: 'x', name: 'x', created_at: ago(0) })
        .execute();
      for (const days of [31, 29, -1]) {
        const row = { id: `${days}`, user_id: 'u', hash: `${days}`, created_at: ago(60), expires_at: ago(days) };
        const session = { auth_method: 'password' as const, address: 'a', browser: 'b', last_seen_at: ago(60) };
        await db
          .insertInto('console_sessions')
          .values({ ...row, ...session })
          .execute();
        const link = { kind: 'reset' as const, created_by: 'local-cli' };
        await db
          .insertInto('entry_links')
          .values({ ...row, ...link })
          .execute();
      }
      await retentionOf().runIfDue();
      for (const table of ['console_sessions', 'entry_links'] as const)
        expect((await db.selectFrom(table).select('id').execute()).map(({ id }) => id).toSorted()).toEqual([
          '-1',
          '29',
        ]);
    });

    it('sweeps what else grows: ended invitations, access requests, drills; unless something is held', async () => {
      await database.db
        .insertInto('users')
        .values({ id: 'u', email: 'x', name: 'x', created_at: ago(0) })
        .execute();

      for (const [at, workspace_id] of ['kept-30', 'kept-90'].entries()) {
        const id = `of-${at}`;
        await database.db
          .insertInto('members')
          .values({ id, workspace_id, user_id: 'u', role: 'member', created_at: ago(0), removed_at: null })
          .execute();
        const open = { revoked_at: null, accepted_at: null, member_id: null, inviter_id: null };
        for (const [hash, days] of [
          ['ended', 370],
          ['recent', 360],
        ] as const)
          await database.db
            .insertInto('invitations')
            .values({
              ...{
                id: `${hash}-${at}`,
                workspace_id,
                email: 'x',
                role: 'member',
                team_ids: '[]',
                hash: `${hash}${at}`,
              },
              ...{ hint: 'x', expires_at: ago(days), created_at: ago(400), created_by: 'x', ...open },
            })
            .execute();
        await database.db
          .insertInto('access_requests')
          .values({
            ...{ id: `request-${at}`, workspace_id, member_id: id, object: 'x', reason: 'x', days: 1 },
            ...{
              created_at: ago(100),
              decision: null,
              decided_at: null,
              decided_by: null,
              answer: null,
              rule_id: null,
            },
          })
          .execute();
      }
      await addHold(database, 'kept-90', { from_at: ago(2), to_at: ago(1) });
      expect(await retentionOf().runIfDue()).toEqual({ rows: 2, held: 0 });
      const ids = async (table: 'invitations' | 'access_requests'): Promise<string[]> =>
        (await database.db.selectFrom(table).select('id').orderBy('id').execute()).map((row) => row.id);
      expect(await ids('invitations')).toEqual(['ended-1', 'recent-0', 'recent-1']);
      expect(await ids('access_requests')).toEqual(['request-1']);
    });

    it('[AUD-03] deletes at most two days of data in a day, however far the clock is ahead', async () => {
      for (let age = 0; age < 10; age++) await addCall(database, 'kept-30', age);
      for (let age = 0; age < 10; age++) await addEvent(database, 'kept-30', age);
      const clock = movableClock();
      clock.set(Date.parse('2099-01-01T00:00:00Z') - start);
      const retention = retentionOf(clock);
      expect(await retention.runIfDue()).toEqual({ rows: 4, held: 0 });
      clock.pass(3_600_000);
      expect(await retention.runIfDue()).toBeUndefined();
      // Neither another start nor another file makes it a new day.
      using other = tempFolder();
      const again = { db: database.db, clock, nodeId: 'node-1', stateFile: join(other.dir, 'retention.json') };
      expect(await createRetention(again).runIfDue()).toEqual({ rows: 0, held: 0 });
      expect(await callAges(database, 'kept-30')).toEqual([7, 6, 5, 4, 3, 2, 1, 0]);
      expect(await eventAges(database, 'kept-30')).toEqual([7, 6, 5, 4, 3, 2, 1, 0]);
    });

    it('deletes nothing when the clock was set while running, is behind what was seen, or behind the newest row', async () => {
      const withheld = (text: string) => ({ rows: 0, withheld: expect.stringContaining(text) as string });
      await addCall(database, 'kept-30', 100);

      for (const days of [1, -1]) {
        const set = movableClock();
        const running = retentionOf(set);
        set.set(days * dayMs);
        expect(await running.runIfDue()).toMatchObject(withheld('was set'));
        const clocks = await database.db.selectFrom('retention_clocks').selectAll().execute();
        expect(clocks).toMatchObject([{ node: 'node-1', drift_ms: days * dayMs }]);
        expect(clocks[0]!.withheld).toContain('was set');
      }

      await addCall(database, 'kept-90', -1);
      expect(await retentionOf().runIfDue()).toMatchObject(withheld('newest row'));

      const later = movableClock();
      later.set(2 * dayMs);
      expect(await retentionOf(later).runIfDue()).toEqual({ rows: 1, held: 0 });
      expect(await retentionOf().runIfDue()).toMatchObject(withheld('seen before'));
      expect(JSON.parse(readFileSync(stateFile, 'utf8'))).toEqual({ seenAt: start + 2 * dayMs, ranOn: '2026-11-23' });
    });

    it('takes many rows in small bites and leaves none behind', async () => {
      for (let i = 0; i < 1_200; i++) await addCall(database, 'kept-30', 50);
      expect(await retentionOf().runIfDue()).toEqual({ rows: 1_200, held: 0 });
    });
  });
}
