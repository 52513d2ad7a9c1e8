import { CompiledQuery } from 'kysely';
import { afterAll, beforeAll } from 'vitest';
import { startPostgres } from '../../../../../test/servers/postgres.ts';
import { Secret } from '../../domain/secret.ts';
import { openPostgres } from '../../platform/database/postgres.ts';
import { migrate } from '../../platform/database/migrate.ts';
import { describeCounts } from '../../platform/journal/call-counts.contract.ts';
import { systemClock } from '../../platform/clock.ts';
import { startKit, type Kit } from '../kit.contract.ts';
import { planCalls } from '../records/call-terms.ts';
import { describePlans, pageStatements } from '../records/plans.contract.ts';
import { describeSearch } from '../records/search.contract.ts';
import { countSeed, seedCalls } from '../records/seed.contract.ts';
import { describeAnswers } from './answers.contract.ts';

/** What differs on PostgreSQL: its planner, its types, and the order it compares text in. */
let postgres: Awaited<ReturnType<typeof startPostgres>>;
let searched: Kit;
let answered: Kit;
let large: Kit;
let fresh = 0;

const inDatabase = async (name: string) => {
  await postgres.administer(`create database ${name}`);
  const url = new URL(postgres.url);
  url.pathname = `/${name}`;
  return openPostgres(new Secret(url.href));
};

const rows = 200_000;
const workspaceId = 'plans';
const tokens = Array.from({ length: 20 }, (_, index) => ({ id: `token-${index}`, memberId: null, kind: 'workspace' }));

beforeAll(async () => {
  postgres = await startPostgres();
  searched = await startKit(await inDatabase('searched'));
  answered = await startKit(await inDatabase('answered'));
  large = await startKit(await inDatabase('large'));
  const { db } = large.database;
  const seed = { workspaceId, rows, days: 30, lastDay: '2026-11-20', servers: 20, toolsPerServer: 10, tokens };
  await seedCalls(db, seed);
  await countSeed(db);
  await db.executeQuery(CompiledQuery.raw('analyze mcp_tool_calls'));
}, 180_000);
afterAll(async () => {
  for (const kit of [searched, answered, large]) await kit?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

describeSearch('PostgreSQL', () => searched);
describeAnswers('PostgreSQL', () => answered);
const freshDatabase = async () => {
  const database = await inDatabase(`counts${fresh++}`);
  await migrate(database, systemClock);
  return database;
};
describeCounts('PostgreSQL', freshDatabase, 4);

describePlans('PostgreSQL', async (filter, order) => {
  const { db } = large.database;
  const { memberId, ...rest } = filter;
  // Nobody has a membership here; a member is their tokens.
  const asked = memberId === undefined ? rest : { ...rest, tokenId: 'token-1' };
  const plan = await planCalls(db, workspaceId, asked);
  const lines = [];
  for (const { sql, parameters } of await pageStatements(db, plan, order, '2026-11-10T12:00:00.000Z')) {
    const explained = CompiledQuery.raw(`explain ${sql}`, [...parameters]);
    lines.push(...(await db.executeQuery<{ 'QUERY PLAN': string }>(explained)).rows.map((row) => row['QUERY PLAN']));
  }
  return lines;
});
