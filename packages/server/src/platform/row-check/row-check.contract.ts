import { describe, expect, it } from 'vitest';
import { insertEvent } from '../audit-events.ts';
import { isoTime } from '../clock.ts';
import type { OpenDatabase } from '../database/database.ts';
import { startEventChain } from '../journal/event-chain.ts';
import { call, denial, ending, macKey, tempFolder } from '../journal/fixture.ts';
import { openJournal } from '../journal/journal.ts';
import { createShip } from '../journal/ship.ts';
import { createLog } from '../log.ts';
import { dayMs, folderIn, journalAt, nodeId, sealAll, sealerOf, startOfTests } from '../proof/fixture.ts';
import { createPurge } from '../proof/purge.ts';
import { verifyFolder } from '../proof/verify-folder.ts';
import { keysOf } from '../proof/fixture.ts';
import { checkRows } from './row-check.ts';

/** The comparison of rows with the logs of proof, on every database. */
export function describeRowCheck(engine: string, open: () => Promise<OpenDatabase>): void {
  describe(`the comparison of rows with the logs of proof on ${engine}`, () => {
    async function start() {
      const database = await open();
      const { db } = database;
      const temp = tempFolder();
      const folder = folderIn(temp.dir);
      let now = startOfTests;
      const clock = { now: () => now, monotonic: () => now };
      const options = journalAt(folder, () => now);
      /** Calls of two workspaces: answered, denied, one cut off by a crash, one under way; and events. */
      const record = async (): Promise<void> => {
        {
          await using journal = await openJournal(options);
          await journal.intent(call({ workspaceId: 'workspace-1' }), 'strict');
        }
        await using journal = await openJournal(options);
        await using chain = startEventChain({ db, journal, nodeId, macKey, clock, log: createLog('silent') });
        for (let i = 0; i < 30; i++) {
          const one = call({ workspaceId: `workspace-${(i % 2) + 1}` });
          journal.outcome(await journal.intent(one, 'available'), ending(one.callId));
        }
        for (let i = 0; i < 5; i++) journal.denied(denial({ workspaceId: 'workspace-1' }));
        for (const workspaceId of ['workspace-1', null])
          await insertEvent(
            db,
            { workspaceId, actor: 'user:u/key:k', action: 'rules.create', target: 'rule:1', detail: { to: 'ada' } },
            now,
          );
        await chain.run();
        await journal.intent(call({ workspaceId: 'workspace-2' }), 'strict');
        await journal.flush();
        while ((await createShip({ dir: folder.journalDir, nodeId, db, clock }).step()).more);
        await sealAll(sealerOf(folder, () => now));
      };
      await record();
      return {
        db,
        folder,
        record,
        check: () => checkRows({ db, dataDir: folder.dataDir, nodeId, now }),
        pass: (ms: number) => (now += ms),
        async purge(day: string) {
          await using journal = await openJournal(options);
          const sealed = async (): Promise<void> => void (await sealAll(sealerOf(folder, () => now)));
          await createPurge({ dir: folder.proofDir, journal, sealed })('workspace-1', day, 'retention', 'retention');
        },
        async [Symbol.asyncDispose]() {
          temp[Symbol.dispose]();
          await database[Symbol.asyncDispose]();
        },
      };
    }
    type Started = Awaited<ReturnType<typeof start>>;
    const reasons = async ({ check }: Started) =>
      (await check()).shown.map(({ log, table, reason }) => `${log} ${table} ${reason}`);

    it('[AUD-03][NEW-03] finds every row as it was recorded, with calls cut off and under way, and after an erasure', async () => {
      await using kit = await start();
      const good = { expired: 0, waiting: 1, faults: 0, shown: [] };
      expect(await kit.check()).toEqual({ calls: 36, events: 2, ...good });
      await kit.db
        .updateTable('audit_events')
        .set({ target: null, detail: null, salt: null })
        .where('workspace_id', '=', 'workspace-1')
        .execute();
      expect(await kit.check()).toEqual({ calls: 36, events: 2, ...good });
      await kit.record();
      // The call that was under way is known to have been cut off now.
      expect(await kit.check()).toMatchObject({ events: 4, faults: 0, waiting: 1 });
    });

    it('[AUD-03][NEW-03] names rows that were changed, moved, deleted, or made up', async () => {
      await using kit = await start();
      const { db } = kit;
      const rows = await db.selectFrom('mcp_tool_calls').selectAll().orderBy('epoch').orderBy('seq').execute();
      const cutOff = rows.find(({ outcome }) => outcome === 'unknown')!;
      const [first, second, third] = rows.filter(({ outcome }) => outcome === 'ok');
      const set = (id: string, values: object) =>
        db.updateTable('mcp_tool_calls').set(values).where('id', '=', id).execute();
      const back = async (): Promise<void> => {
        await db.deleteFrom('mcp_tool_calls').execute();
        await db.insertInto('mcp_tool_calls').values(rows).execute();
        expect((await kit.check()).faults).toBe(0);
      };
      const attempts: [() => Promise<unknown>, string[]][] = [
        [() => set(first!.id, { tool_name: 'other' }), ['workspace-1 mcp_tool_calls the row was changed: tool_name']],
        [() => set(first!.id, { member_id: null }), ['workspace-1 mcp_tool_calls the row was changed: member_id']],
        [() => set(cutOff.id, { outcome: 'ok' }), ['workspace-1 mcp_tool_calls the row was changed: outcome']],
        [
          () => db.deleteFrom('mcp_tool_calls').where('id', '=', second!.id).execute(),
          ['workspace-2 mcp_tool_calls the row is missing'],
        ],
        [
          () => set(third!.id, { workspace_id: 'workspace-2' }),
          [
            'workspace-1 mcp_tool_calls the row was changed: workspace_id',
            'workspace-2 mcp_tool_calls no record tells of this row',
          ],
        ],
        [() => set(third!.id, { seq: 900 }), ['workspace-1 mcp_tool_calls the row was changed: seq']],
        [
          () =>
            db
              .insertInto('mcp_tool_calls')
              .values({ ...first!, id: 'made-up', seq: 0 })
              .execute(),
          ['workspace-1 mcp_tool_calls no record tells of this row'],
        ],
        [
          () =>
            db
              .insertInto('mcp_tool_calls')
              .values({ ...first!, id: 'made-up', seq: 9_999, created_at: isoTime(startOfTests - 3 * dayMs) })
              .execute(),
          ['workspace-1 mcp_tool_calls no record tells of this row'],
        ],
      ];
      for (const [attempt, expected] of attempts) {
        await attempt();
        expect(await reasons(kit)).toEqual(expected);
        await back();
      }
    });

    it('[AUD-05][NEW-03] names events that were changed or deleted', async () => {
      await using kit = await start();
      const events = await kit.db.selectFrom('audit_events').selectAll().execute();
      for (const values of [{ actor: 'user:x' }, { action: 'rules.delete' }, { created_at: isoTime(0) }])
        for (const { id, workspace_id } of events) {
          await kit.db.updateTable('audit_events').set(values).where('id', '=', id).execute();
          const column = Object.keys(values)[0]!;
          expect(await reasons(kit)).toEqual([
            `${workspace_id ?? 'instance'} audit_events the row was changed: ${column}`,
          ]);
          await kit.db.deleteFrom('audit_events').where('id', '=', id).execute();
          expect(await reasons(kit)).toEqual([`${workspace_id ?? 'instance'} audit_events the row is missing`]);
          await kit.db
            .insertInto('audit_events')
            .values(events.find((event) => event.id === id)!)
            .execute();
        }
      for (const values of [{ detail: '{}' }, { detail: 'no JSON' }, { salt: null }])
        for (const event of events) {
          await kit.db.updateTable('audit_events').set(values).where('id', '=', event.id).execute();
          expect(await reasons(kit)).toHaveLength(1);
          await kit.db.updateTable('audit_events').set(event).where('id', '=', event.id).execute();
        }
      expect((await kit.check()).faults).toBe(0);
    });

    it('[AUD-03] takes what is past its term for that, and what is not for deleted', async () => {
      await using kit = await start();
      kit.pass(89 * dayMs);
      await kit.db.deleteFrom('mcp_tool_calls').execute();
      expect((await kit.check()).faults).toBe(36);
      kit.pass(dayMs);
      expect(await kit.check()).toMatchObject({ calls: 0, events: 2, expired: 37, faults: 0 });
      await kit.record();
      await kit.purge('2027-01-01');
      expect(verifyFolder(kit.folder.proofDir, nodeId, keysOf(kit.folder)).logs.some(({ purged }) => purged > 0)).toBe(
        true,
      );
      expect(await kit.check()).toMatchObject({ faults: 0 });
    });
  });
}
