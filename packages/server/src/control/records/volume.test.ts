import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ByteStream } from '@mcpnest/contract/operation';
import { CompiledQuery, sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openSqlite } from '../../platform/database/sqlite.ts';
import { startKit, type Kit } from '../kit.contract.ts';
import { planCalls } from './call-terms.ts';
import { countSeed, seedCalls } from './seed.contract.ts';
import { describePlans, pageStatements } from './plans.contract.ts';

/**
 * Many rows. By default enough for a query plan to be told; with MCPNEST_TEST_ROWS=10000000 as many as a company has,
 * and every question is timed:
 * `MCPNEST_TEST_ROWS=10000000 npm test -- volume`.
 */
const rows = Number(process.env.MCPNEST_TEST_ROWS ?? 200_000);
const measured = process.env.MCPNEST_TEST_ROWS !== undefined;
const days = 90;
const lastDay = '2026-11-20';
const params = { workspace: 'acme' };
const folder = mkdtempSync(join(tmpdir(), 'mcpnest-volume-'));
let kit: Kit;
let members: string[];

beforeAll(async () => {
  kit = await startKit(openSqlite(join(folder, 'volume.db')));
  const { owner, database } = kit;
  const { db } = database;
  const { workspace } = await kit.snapshot('acme');
  const tokens = [];
  members = [];
  for (let index = 0; index < 40; index++) {
    const member = await owner.members.add({ params, body: { email: `person${index}@example.com` } });
    members.push(member.id);
    const body = { kind: 'member', memberId: member.id, label: `laptop ${index}` } as const;
    tokens.push({ id: (await owner.tokens.issue({ params, body })).token.id, memberId: member.id, kind: 'member' });
  }
  const team = await owner.teams.create({ params, body: { name: 'big' } });
  for (const member of members.slice(0, 30))
    await owner.teams.addMember({ params: { ...params, team: team.slug, member } });
  for (let index = 0; index < 30; index++)
    await owner.servers.create({ params, body: { name: `s${index}`, url: `https://s${index}.example.com/mcp` } });
  await sql.raw('pragma synchronous = off').execute(db);
  // Ten million entries are sorted once faster than they are put in their places one by one.
  const { rows: indexes } = await sql<{ name: string; sql: string }>`
    select name, sql from sqlite_master where tbl_name = 'mcp_tool_calls' and type = 'index' and sql is not null`.execute(
    db,
  );
  for (const { name } of indexes) await sql.raw(`drop index ${name}`).execute(db);
  const seed = { workspaceId: workspace.id, rows, days, lastDay, servers: 30, toolsPerServer: 10, tokens };
  await seedCalls(db, seed);
  for (const index of indexes) await sql.raw(index.sql).execute(db);
  await countSeed(db);
}, 3_600_000);
afterAll(async () => {
  await kit[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

describePlans('SQLite', async (filter, order) => {
  const { db } = kit.database;
  const plan = await planCalls(db, (await kit.snapshot('acme')).workspace.id, {
    ...filter,
    ...(filter.memberId === undefined ? {} : { memberId: members[0]! }),
  });
  const lines = [];
  for (const { sql: text, parameters } of await pageStatements(db, plan, order, `${lastDay}T12:00:00.000Z`)) {
    const explained = CompiledQuery.raw(`explain query plan ${text}`, [...parameters]);
    lines.push(...(await db.executeQuery<{ detail: string }>(explained)).rows.map(({ detail }) => detail));
  }
  return lines;
});

const questions: readonly (readonly [string, () => Promise<unknown>])[] = [
  ['newest calls', () => list({})],
  ['oldest calls', () => list({ order: 'oldest' })],
  ['of a member', () => list({ memberId: members[0]! })],
  ['of a member who calls little', () => list({ memberId: members[39]! })],
  ['of a team of 30', () => list({ team: 'big' })],
  ['of a server', () => list({ server: 's3' })],
  ['of a tool', () => list({ tool: 's3_tool_2' })],
  ['of tools by prefix', () => list({ toolPrefix: 's3_' })],
  ['failed', () => list({ failed: 'true' })],
  ['by error code', () => list({ errorCode: 'reset' })],
  ['by rule', () => list({ rule: 'not-listed' })],
  ['by trace id', () => list({ traceId: '4bf92f3577b34da6a3ce929d00100000' })],
  [
    'by client and server, failed, a month',
    () =>
      list({
        client: 'cursor',
        server: 's3',
        failed: 'true',
        from: '2026-10-01T00:00:00Z',
        to: '2026-11-01T00:00:00Z',
      }),
  ],
  ['what nothing matches', () => list({ client: 'nobody' })],
  ['facets, exact: outcome, server, tool, all time', () => facets({ by: 'outcome,server,tool' })],
  ['facets, exact: member, all time', () => facets({ by: 'member' })],
  ['facets from rows: rule, client', () => facets({ by: 'rule,client' })],
  ['stats by server, all time', () => kit.owner.statistics.stats({ params, query: {} })],
  [
    'stats by tool, 30 days',
    () => kit.owner.statistics.stats({ params, query: { by: 'tool', from: '2026-10-22T00:00:00Z' } }),
  ],
  ['usage by member and month, all time', () => kit.owner.statistics.usage({ params, query: {} })],
  ['usage by team and day, all time', () => kit.owner.statistics.usage({ params, query: { by: 'team', per: 'day' } })],
  [
    'series of hours, 31 days',
    () => kit.owner.statistics.series({ params, query: { from: monthBefore, to: lastDayStart } }),
  ],
  [
    'series of days of a tool, all time',
    () =>
      kit.owner.statistics.series({
        params,
        query: { per: 'day', from: '2026-08-01T00:00:00Z', to: lastDayStart, server: 's3', tool: 's3_tool_2' },
      }),
  ],
  ['heat, all time', () => kit.owner.statistics.heat({ params, query: { from: '2026-08-01T00:00:00Z' } })],
  [
    'dependencies, a month',
    () => kit.owner.statistics.dependencies({ params, query: { from: monthBefore, to: lastDayStart } }),
  ],
  ['overview', () => kit.owner.statistics.overview({ params, query: {} })],
  ['inventory', () => kit.owner.statistics.inventory({ params, query: {} })],
  ['timeline of a member', () => kit.owner.timelines.member({ params: { ...params, member: members[0]! }, query: {} })],
  ['timeline of a server', () => kit.owner.timelines.server({ params: { ...params, server: 's3' }, query: {} })],
  [
    'timeline of a tool',
    () => kit.owner.timelines.server({ params: { ...params, server: 's3' }, query: { tool: 's3_tool_2' } }),
  ],
  [
    'export of a time without calls',
    async () => read(await kit.owner.handover.export({ params, query: { from: far } })),
  ],
  [
    'evidence of a month',
    async () => read(await kit.owner.handover.evidence({ params, query: { from: monthBefore, to: lastDayStart } })),
  ],
];
const far = '2099-01-01T00:00:00Z';
const lastDayStart = `${lastDay}T00:00:00.000Z`;
const monthBefore = new Date(Date.parse(lastDayStart) - 30 * 86_400_000).toISOString();
const read = async ({ body }: ByteStream) => {
  for await (const _ of body);
};
const list = (query: object) => kit.owner.calls.list({ params, query });
const facets = (query: object) => kit.owner.calls.facets({ params, query });

it(
  '[REG-12] answers every question over all rows, and holds up nobody for long meanwhile',
  { timeout: 3_600_000 },
  async () => {
    const figures = [];
    for (const [question, ask] of questions) {
      let longest = 0;
      let last = performance.now();
      const pulse = setInterval(() => {
        longest = Math.max(longest, performance.now() - last);
        last = performance.now();
      }, 1);
      const times = [];
      for (let run = 0; run < (measured ? 3 : 1); run++) {
        const start = performance.now();
        await ask();
        times.push(performance.now() - start);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
      clearInterval(pulse);
      const first = times[0]!;
      const median = times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
      figures.push({
        question,
        'first ms': Math.round(first),
        'median ms': Math.round(median),
        'longest pause ms': Math.round(longest),
      });
    }
    if (measured) console.table(figures);
    expect(figures).toHaveLength(questions.length);
    const total = await kit.owner.calls.facets({ params, query: { by: 'outcome' } });
    const calls = total.items[0]!.items.reduce((sum, item) => sum + item.calls, 0);
    expect([total.items[0]!.complete, calls >= rows]).toEqual([true, true]);
  },
);
