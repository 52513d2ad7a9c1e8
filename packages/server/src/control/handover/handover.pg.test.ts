import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exportFormats } from '@mcpnest/contract/schemas/handover';
import { startPostgres } from '../../../../../test/servers/postgres.ts';
import { unzip } from '../../../../../test/unzip.ts';
import { Secret } from '../../domain/secret.ts';
import { isoTime } from '../../platform/clock.ts';
import { openPostgres } from '../../platform/database/postgres.ts';
import { freeCall } from '../../platform/retention/holds.ts';
import { noteMissed, tellMissed } from '../../platform/sinks/missed.ts';
import { startKit, type Kit } from '../kit.contract.ts';
import { addCalls } from './call-rows.contract.ts';

let postgres: Awaited<ReturnType<typeof startPostgres>>;
let kit: Kit;
let workspaceId: string;
const params = { workspace: 'acme' };
const start = Date.UTC(2026, 10, 21, 12);

beforeAll(async () => {
  postgres = await startPostgres();
  kit = await startKit(openPostgres(new Secret(postgres.url)));
  workspaceId = (await kit.snapshot('acme')).workspace.id;
  await addCalls(kit.database.db, { workspaceId, count: 300, node: 'a', from: start, everyMs: 10 });
});
afterAll(async () => {
  await kit?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

it('[AUD-06] the same is exported from PostgreSQL, in the same order', async () => {
  const { body } = await kit.owner.handover.export({ params, query: { include: 'calls' } });
  const lines = (await text(body))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { endSeq: number });
  expect(lines.map((line) => line.endSeq)).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
  for (const format of exportFormats) {
    const exported = await text((await kit.owner.handover.exportAll({ query: { format } })).body);
    expect([format, exported.length > 100_000]).toEqual([format, true]);
  }
});

it('[AUD-09] an evidence pack is made from PostgreSQL', async () => {
  await kit.owner.members.add({ params, body: { email: 'cy@example.com' } });
  kit.advance(86_400_000);
  const query = { from: isoTime(start - 1), to: isoTime(start + 60_000) };
  const parts: Uint8Array[] = [];
  for await (const part of (await kit.owner.handover.evidence({ params, query })).body) parts.push(part);
  const files = unzip(Buffer.concat(parts));
  expect(files.get('completeness/calls-by-node.csv')).toMatch(/\r\na,1,300,1,300,/);
  expect(files.get('completeness/outcomes.csv')).toContain(',300\r\n');
  expect(files.get('people/joined-and-left.csv')).toContain('cy@example.com');
});

it('[AUD-06] what a sink missed is counted and told once, however many tell it', async () => {
  const body = {
    kind: 'http',
    name: 'siem',
    include: 'calls',
    from: 'beginning',
    url: 'https://x.example.com',
    format: 'jsonl',
  } as const;
  const { sink } = await kit.owner.sinks.create({ params, body });
  expect(sink.lag).toMatchObject({ rows: 300, more: false });
  await noteMissed(kit.database.db, workspaceId, isoTime(start + 1_000), freeCall({ workspaceId, now: start }));
  await Promise.all([1, 2, 3].map(() => tellMissed(kit.database.db, sink.id, start)));
  const { items } = await kit.owner.auditEvents.list({ params, query: { action: 'sinks.missed' } });
  expect(items).toMatchObject([{ detail: { rows: 100 } }]);
});
