import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import type { OpenDatabase } from '../database/database.ts';
import { migrate } from '../database/migrate.ts';
import { openSqlite } from '../database/sqlite.ts';
import { chainHash, genesis, splitLine } from './chain.ts';
import { call, denial, ending, macKey, options, tempFolder } from './fixture.ts';
import { openJournal } from './journal.ts';
import type { CallIntent } from './records.ts';
import { listSegments } from './segment.ts';
import { createShip, lastShippedEpoch } from './ship.ts';
import { verifyJournal } from './verify.ts';

async function openDatabase(): Promise<OpenDatabase> {
  const database = openSqlite(':memory:');
  await migrate(database, systemClock);
  return database;
}

const shipOf = (dir: string, { db }: OpenDatabase) => createShip({ dir, nodeId: 'node-1', db, clock: systemClock });

async function shipAll(ship: ReturnType<typeof shipOf>): Promise<void> {
  while ((await ship.step()).more);
}

const rowsOf = ({ db }: OpenDatabase) =>
  db.selectFrom('mcp_tool_calls').selectAll().orderBy('epoch').orderBy('seq').execute();

describe('shipping', () => {
  it('[AUD-01][AUD-07][AUD-08] makes one row of each call, with caller, tool, rule, shape and outcome', async () => {
    using folder = tempFolder();
    await using database = await openDatabase();
    await using journal = await openJournal(options(folder.dir));
    const approvalId = '0199d2b4-7c1e-7a53-9f04-3a1f6f0f8a11';
    const one = call({ wouldDeny: 'not-listed', approvalId });
    journal.outcome(
      await journal.intent(one, 'available'),
      ending(one.callId, { outcome: 'tool_error', errorCode: 'tool_error' }),
    );
    await journal.flush();
    await shipAll(shipOf(folder.dir, database));
    expect(await rowsOf(database)).toEqual([
      {
        id: one.callId,
        workspace_id: 'workspace-1',
        member_id: 'member-1',
        token_id: 'token-1',
        principal_kind: 'member',
        server_id: 'server-1',
        server_slug: 'github',
        method: 'tools/call',
        tool_name: 'create_issue',
        status: 200,
        outcome: 'tool_error',
        error_code: 'tool_error',
        latency_ms: 12,
        upstream_ms: 10,
        created_at: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/) as string,
        dispatched: 1,
        rule: 'member',
        would_deny: 'not-listed',
        approval_id: approvalId,
        policy_version: 3,
        policy_digest: 'b'.repeat(64),
        policy_age_ms: 40,
        tool_class: 'write',
        auth_method: 'gateway_token',
        definition_hash: 'd'.repeat(64),
        args_shape: '{"title":"s1-16"}',
        args_mac: 'a'.repeat(64),
        era: 'modern',
        protocol_version: '2026-07-28',
        client_name: 'claude-code',
        bytes_in: 142,
        bytes_out: 300,
        trace_id: null,
        node: 'node-1',
        epoch: 1,
        seq: 2,
        end_epoch: 1,
        end_seq: 3,
        repeat_count: 1,
      },
    ]);
  });

  it('[AUD-01] makes rows of denials; a burst is one row that says how many', async () => {
    using folder = tempFolder();
    await using database = await openDatabase();
    await using journal = await openJournal(options(folder.dir));
    for (let i = 0; i < 30; i++) journal.denied(denial());
    await journal.flush();
    await shipAll(shipOf(folder.dir, database));
    const rows = await rowsOf(database);
    expect(rows).toHaveLength(11);
    expect(rows.reduce((sum, row) => sum + row.repeat_count, 0)).toBe(30);
    expect(rows[0]).toMatchObject({ outcome: 'denied', status: 403, error_code: 'denied_by_policy', dispatched: 0 });
    expect(rows.every((row) => row.end_epoch === row.epoch && row.end_seq === row.seq)).toBe(true);
  });

  it('[AUD-06] gives each row the position of the record that closed it, in the order rows come', async () => {
    using folder = tempFolder();
    await using database = await openDatabase();
    await using journal = await openJournal(options(folder.dir));
    const [slow, fast, cut] = [call(), call(), call()];
    const first = await journal.intent(slow, 'available');
    const second = await journal.intent(fast, 'available');
    await journal.intent(cut, 'available');
    journal.outcome(second, ending(fast.callId));
    journal.outcome(first, ending(slow.callId));
    await journal.flush();
    await using _next = await openJournal(options(folder.dir));
    await shipAll(shipOf(folder.dir, database));
    const rows = await database.db
      .selectFrom('mcp_tool_calls')
      .select(['id', 'end_epoch', 'end_seq'])
      .orderBy('end_epoch')
      .orderBy('end_seq')
      .execute();
    expect(rows).toEqual([
      { id: fast.callId, end_epoch: 1, end_seq: 5 },
      { id: slow.callId, end_epoch: 1, end_seq: 6 },
      { id: cut.callId, end_epoch: 2, end_seq: 1 },
    ]);
  });

  it('[AUD-08] makes the row of a call when its outcome is known, and of one a crash cut off at the next start', async () => {
    using folder = tempFolder();
    await using database = await openDatabase();
    const [cut, long] = [call(), call()];
    await using journal = await openJournal(options(folder.dir));
    await journal.intent(cut, 'available');
    const receipt = await journal.intent(long, 'available');
    const ship = shipOf(folder.dir, database);
    await shipAll(ship);
    expect(await rowsOf(database)).toEqual([]);

    journal.outcome(receipt, ending(long.callId));
    await journal.flush();
    await shipAll(ship);
    expect((await rowsOf(database)).map(({ id }) => id)).toEqual([long.callId]);

    await using _next = await openJournal(options(folder.dir));
    await shipAll(shipOf(folder.dir, database));
    const rows = await rowsOf(database);
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatchObject({
      id: cut.callId,
      outcome: 'unknown',
      status: 504,
      error_code: 'upstream_timeout',
      dispatched: 1,
      end_epoch: 2,
      end_seq: 1,
    });
  });

  it('[AUD-04] writes every row exactly once, whatever fails and restarts in between', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('begin', 'begin', 'end', 'end', 'deny', 'ship', 'restart', 'fail', 'crash'), {
          minLength: 20,
          maxLength: 60,
        }),
        async (steps) => {
          using folder = tempFolder();
          await using database = await openDatabase();
          const expected = new Map<string, string>();
          let open: { one: CallIntent; receipt: Awaited<ReturnType<typeof journal.intent>> }[] = [];
          let journal = await openJournal(options(folder.dir, { segmentBytes: 3_000 }));
          let ship = shipOf(folder.dir, database);
          for (const step of steps) {
            if (step === 'begin') {
              const one = call();
              open.push({ one, receipt: await journal.intent(one, 'available') });
            } else if (step === 'end' && open.length > 0) {
              const { one, receipt } = open.splice(open.length >> 1, 1)[0]!;
              journal.outcome(receipt, ending(one.callId));
              expected.set(one.callId, 'ok');
            } else if (step === 'deny') {
              const one = denial({ tokenId: `token-${expected.size}` });
              journal.denied(one);
              expected.set(one.callId, 'denied');
            } else if (step === 'ship') await ship.step();
            else if (step === 'restart') ship = shipOf(folder.dir, database);
            else if (step === 'fail') {
              await database.db.schema.alterTable('journal_cursors').renameTo('away').execute();
              await ship.step().catch(() => {});
              await database.db.schema.alterTable('away').renameTo('journal_cursors').execute();
            } else if (step === 'crash') {
              await journal[Symbol.asyncDispose]();
              for (const { one } of open) expected.set(one.callId, 'unknown');
              open = [];
              journal = await openJournal(options(folder.dir, { segmentBytes: 3_000 }));
            }
          }
          await journal[Symbol.asyncDispose]();
          await shipAll(ship);
          const rows = await rowsOf(database);
          expect(new Map(rows.map(({ id, outcome }) => [id, outcome]))).toEqual(expected);
          expect(rows).toHaveLength(expected.size);
        },
      ),
      { numRuns: 25 },
    );
  }, 60_000);

  it('takes what a step cannot hold in the next one', async () => {
    using folder = tempFolder();
    await using database = await openDatabase();
    await using journal = await openJournal(options(folder.dir, { segmentBytes: 100_000 }));
    for (let i = 0; i < 2_300; i++) {
      const one = call();
      journal.outcome(await journal.intent(one, 'available'), ending(one.callId));
    }
    await journal.flush();
    const ship = shipOf(folder.dir, database);
    const steps = [await ship.step(), await ship.step(), await ship.step()];
    expect(steps.map(({ more }) => more)).toEqual([true, true, false]);
    expect(steps[2]!.position).toEqual(journal.position);
    expect(await rowsOf(database)).toHaveLength(2_300);
    expect(await lastShippedEpoch(database.db, 'node-1')).toBe(1);
    expect(await lastShippedEpoch(database.db, 'node-2')).toBe(0);
  });

  it('waits for a record that is only half written', async () => {
    using folder = tempFolder();
    await using database = await openDatabase();
    const one = call();
    await using journal = await openJournal(options(folder.dir));
    journal.outcome(await journal.intent(one, 'available'), ending(one.callId));
    await journal.flush();
    const path = join(folder.dir, listSegments(folder.dir)[0]!);
    const whole = readFileSync(path);
    writeFileSync(path, whole.subarray(0, -20));
    const ship = shipOf(folder.dir, database);
    expect(await ship.step()).toMatchObject({ more: false, damage: undefined });
    expect(await rowsOf(database)).toHaveLength(0);
    appendFileSync(path, whole.subarray(-20));
    expect(await ship.step()).toMatchObject({ more: false, damage: undefined });
    expect(await rowsOf(database)).toHaveLength(1);
  });

  it('leaves out a damaged record, says which, and goes on', async () => {
    using folder = tempFolder();
    await using database = await openDatabase();
    await using journal = await openJournal(options(folder.dir));
    const calls = [call(), call(), call()];
    for (const one of calls) {
      await journal.intent(one, 'available');
      journal.outcome({ node: 'node-1', epoch: 1, seq: 0, gap: false }, ending(one.callId));
      await journal.flush();
    }
    const path = join(folder.dir, listSegments(folder.dir)[0]!);
    writeFileSync(
      path,
      readFileSync(path, 'latin1').replace(`"intent","callId":"${calls[1]!.callId}"`, '"intent","callId":"forged"'),
    );
    const { damage } = await shipOf(folder.dir, database).step();
    expect(damage).toMatchObject({ line: 4, seq: 4 });
    expect((await rowsOf(database)).map(({ id }) => id)).toEqual([calls[0]!.callId, calls[2]!.callId]);
  });
});

describe('lines of the first journals, which name no method', () => {
  it('verify and ship as tools/call', async () => {
    using folder = tempFolder();
    await using database = await openDatabase();
    const one = call();
    await using journal = await openJournal(options(folder.dir));
    journal.outcome(await journal.intent(one, 'available'), ending(one.callId));
    journal.denied(denial());
    await journal.flush();
    await journal[Symbol.asyncDispose]();
    const segment = join(folder.dir, listSegments(folder.dir)[0]!);
    writeFileSync(segment, withoutMethods(readFileSync(segment, 'latin1')));
    expect(verifyJournal(folder.dir, macKey).firstBad).toBeUndefined();
    await shipAll(shipOf(folder.dir, database));
    expect((await rowsOf(database)).map((row) => row.method)).toEqual(['tools/call', 'tools/call']);
  });
});

/** The same records as they were written before there was more than one method, chained anew. */
function withoutMethods(lines: string): string {
  let before = genesis;
  let text = '';
  for (const line of lines.split('\n').filter((one) => one !== '')) {
    const parts = splitLine(line)!;
    const body = parts.body.replace('"method":"tools/call",', '');
    before = chainHash(parts.prev ?? before, body, parts.version);
    text += `${body},"hash":"${before}"}\n`;
  }
  expect(text).not.toContain('"method"');
  return text;
}
