import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import type { OpenDatabase } from '../database/database.ts';
import { call, denial, ending, options, tempFolder } from './fixture.ts';
import { openJournal } from './journal.ts';
import type { CallOutcomeKind } from './records.ts';
import { createShip } from './ship.ts';

/** Counts and rows say the same, whatever became of the shipper between. `open` gives a migrated, empty database each time. */
export function describeCounts(engine: string, open: () => Promise<OpenDatabase>, numRuns: number): void {
  describe(`counts beside the rows on ${engine}`, () => {
    const both = async ({ db }: OpenDatabase) => ({
      calls: await db.selectFrom('call_counts').selectAll().execute(),
      callers: await db.selectFrom('caller_counts').selectAll().execute(),
    });
    const sorted = (rows: readonly object[]): string[] =>
      rows.map((row) => JSON.stringify(Object.entries(row).sort())).sort();

    /** The same, counted by the statements of the migration from the rows that are there. */
    async function recounted(database: OpenDatabase) {
      const text = readFileSync(new URL('../database/migrations/0012-questions.sql', import.meta.url), 'utf8');
      const statements = text
        .replace(/^\s*--.*$/gm, '')
        .split(/;[ \t]*$/m)
        .map((statement) => statement.trim())
        .filter((statement) => statement.startsWith('insert into'));
      expect(statements).toHaveLength(2);
      await database.db.deleteFrom('call_counts').execute();
      await database.db.deleteFrom('caller_counts').execute();
      for (const statement of statements) await sql.raw(statement).execute(database.db);
      return both(database);
    }

    const ends = fc.constantFrom<readonly [CallOutcomeKind, number]>(
      ['ok', 200],
      ['tool_error', 200],
      ['transport', 502],
      ['timeout', 504],
      ['refused', 409],
    );
    const made = fc.record({
      kind: fc.constantFrom('call', 'call', 'call', 'denial', 'cut off'),
      workspaceId: fc.constantFrom('w1', 'w2'),
      tokenId: fc.constantFrom('t1', 't2', 't3'),
      serverSlug: fc.constantFrom('github', 'grafana', null),
      toolName: fc.constantFrom('read', 'write'),
      wouldDeny: fc.constantFrom(null, 'not-listed'),
      end: ends,
      latencyMs: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 2_000_000 })),
      dispatched: fc.boolean(),
    });

    it(
      '[AUD-10][VIS-03] are those of the rows, also when steps fail half-way and are repeated',
      { timeout: 120_000 },
      async () => {
        await fc.assert(
          fc.asyncProperty(
            fc.array(made, { minLength: 1, maxLength: 60 }),
            fc.infiniteStream(fc.nat(3)),
            async (all, luck) => {
              using folder = tempFolder();
              const dir = join(folder.dir, 'journal');
              await using database = await open();
              {
                await using journal = await openJournal(options(dir));
                for (const { kind, end, latencyMs, dispatched, ...named } of all) {
                  if (kind === 'denial') {
                    journal.denied(denial(named));
                    continue;
                  }
                  const one = call(named);
                  const receipt = await journal.intent(one, 'available');
                  if (kind === 'cut off') continue;
                  const [outcome, status] = end;
                  const upstreamMs = dispatched ? Math.floor(latencyMs / 2) : null;
                  journal.outcome(receipt, ending(one.callId, { outcome, status, latencyMs, dispatched, upstreamMs }));
                }
                await journal.flush();
              }
              await using _next = await openJournal(options(dir));
              const ship = () => createShip({ dir, nodeId: 'node-1', db: database.db, clock: systemClock });
              let current = ship();
              for (let steps = 0; steps < 4; steps++) {
                await current.step();
                // Killed and started again; now and then from the beginning, as after a restored cursor.
                if (luck.next().value === 0) current = ship();
                if (luck.next().value === 1) {
                  await database.db.deleteFrom('journal_cursors').execute();
                  current = ship();
                }
              }
              while ((await current.step()).more);
              const { calls, callers } = await both(database);
              const rows = await database.db.selectFrom('mcp_tool_calls').select(['repeat_count']).execute();
              const total = rows.reduce((sum, row) => sum + row.repeat_count, 0);
              expect(total).toBe(all.length);
              expect(calls.reduce((sum, row) => sum + row.calls, 0)).toBe(total);
              expect(callers.reduce((sum, row) => sum + row.calls, 0)).toBe(total);
              const again = await recounted(database);
              expect(sorted(calls)).toEqual(sorted(again.calls));
              expect(sorted(callers)).toEqual(sorted(again.callers));
            },
          ),
          { numRuns },
        );
      },
    );
  });
}
