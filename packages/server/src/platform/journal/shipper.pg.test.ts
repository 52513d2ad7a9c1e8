import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startPostgres } from '../../../../../test/servers/postgres.ts';
import { Secret } from '../../domain/secret.ts';
import { systemClock } from '../clock.ts';
import { migrate } from '../database/migrate.ts';
import { openPostgres } from '../database/postgres.ts';
import { createLog } from '../log.ts';
import { createRetention } from '../retention/retention.ts';
import { call, denial, ending, options, proofWork, tempFolder } from './fixture.ts';
import { openJournal } from './journal.ts';
import { lastShippedEpoch } from './ship.ts';
import { startShipper } from './shipper.ts';

describe('shipping to PostgreSQL', () => {
  it('[AUD-01][AUD-03] copies calls, denials and unknown ends once, and retention deletes old rows', async () => {
    await using server = await startPostgres();
    await using database = openPostgres(new Secret(server.url));
    await migrate(database, systemClock);
    using folder = tempFolder();
    const dir = join(folder.dir, 'journal');
    {
      await using journal = await openJournal(options(dir));
      await journal.intent(call({ toolName: 'cut off\u0000', serverSlug: 'odd\u0000\ud800slug' }), 'strict');
    }
    await using journal = await openJournal(options(dir));
    const ends = [];
    for (let i = 0; i < 250; i++) {
      const one = call();
      const receipt = await journal.intent(one, 'available');
      if (i < 249) journal.outcome(receipt, ending(one.callId));
      else ends.push({ receipt, one });
    }
    for (let i = 0; i < 20; i++) journal.denied(denial());

    const target = { kind: 'postgres', url: server.url } as const;
    const start = () =>
      startShipper({ dir, nodeId: 'node-1', journal, target, proof: proofWork(folder.dir), log: createLog('silent') });
    const rows = () => database.db.selectFrom('mcp_tool_calls').selectAll().orderBy('epoch').orderBy('seq').execute();
    {
      await using shipper = start();
      await shipper.drained();
      expect(await rows()).toHaveLength(1 + 249 + 11);
    }
    for (const { receipt, one } of ends) journal.outcome(receipt, ending(one.callId));
    await using shipper = start();
    await shipper.drained();
    const all = await rows();
    expect(all).toHaveLength(1 + 250 + 11);
    expect(all[0]).toMatchObject({ outcome: 'unknown', epoch: 1, seq: 2, repeat_count: 1 });
    expect(all.reduce((sum, row) => sum + row.repeat_count, 0)).toBe(1 + 250 + 20);
    expect(await lastShippedEpoch(database.db, 'node-1')).toBe(2);

    const inAYear = { ...systemClock, now: () => systemClock.now() + 365 * 86_400_000 };
    const retention = createRetention({
      db: database.db,
      clock: inAYear,
      nodeId: 'node-1',
      stateFile: join(folder.dir, 'retention.json'),
    });
    expect(await retention.runIfDue()).toEqual({ rows: 262, held: 0 });
    expect(await rows()).toEqual([]);
  });
});
