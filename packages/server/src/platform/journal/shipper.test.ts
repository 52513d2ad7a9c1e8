import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { migrate } from '../database/migrate.ts';
import { openSqlite } from '../database/sqlite.ts';
import { createLog } from '../log.ts';
import { call, ending, options, proofWork, tempFolder } from './fixture.ts';
import { openJournal, type Journal } from './journal.ts';
import { startShipper } from './shipper.ts';

async function record(journal: Journal, calls: number): Promise<void> {
  for (let i = 0; i < calls; i++) {
    const one = call();
    journal.outcome(await journal.intent(one, 'available'), ending(one.callId));
  }
}

describe('shipper', () => {
  it('[AUD-04] copies calls on its own thread, waits while the table is missing, and loses nothing', async () => {
    using folder = tempFolder();
    const file = join(folder.dir, 'mcpnest.db');
    const dir = join(folder.dir, 'journal');
    await using journal = await openJournal(options(dir));
    const start = () =>
      startShipper({
        dir,
        nodeId: 'node-1',
        journal,
        target: { kind: 'sqlite', file },
        proof: proofWork(folder.dir),
        log: createLog('silent'),
      });
    await record(journal, 100);

    await using database = openSqlite(file);
    const count = async (): Promise<number> => {
      const { rows } = await database.db
        .selectFrom('mcp_tool_calls')
        .select((row) => row.fn.countAll<number>().as('rows'))
        .executeTakeFirstOrThrow();
      return rows;
    };
    {
      await using shipper = start();
      await expect.poll(() => shipper.health.ok, { timeout: 5_000 }).toBe(false);
      expect(shipper.health.reason).toContain('no such table');
      await record(journal, 100);
      await migrate(database, systemClock);
      await shipper.drained();
      expect(await count()).toBe(200);
      expect(shipper.health).toEqual({ ok: true, reason: undefined, damage: undefined });
      // Woken by the write alone.
      await record(journal, 50);
      await expect.poll(count, { timeout: 3_000 }).toBe(250);
      await record(journal, 50);
      // The outcomes of the last group are written with the next turn of the event loop.
      await journal.flush();
    }
    // A stop takes along what is there.
    expect(await count()).toBe(300);
    await using again = start();
    await record(journal, 1);
    await again.drained();
    await sleep(50);
    expect(await count()).toBe(301);
  });

  it('refuses a database in memory, which another thread cannot reach', async () => {
    using folder = tempFolder();
    await using journal = await openJournal(options(folder.dir));
    const target = { kind: 'sqlite', file: ':memory:' } as const;
    expect(() =>
      startShipper({
        dir: folder.dir,
        nodeId: 'node-1',
        journal,
        target,
        proof: proofWork(folder.dir),
        log: createLog('silent'),
      }),
    ).toThrow(/use a file/);
  });
});
