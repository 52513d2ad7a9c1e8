import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, expect, it } from 'vitest';
import { startPostgres } from '../../../../../test/servers/postgres.ts';
import { Secret } from '../../domain/secret.ts';
import { describeDatabase } from './database.contract.ts';
import { connectionProblem } from './database.ts';
import { openPostgres } from './postgres.ts';

const cluster = await startPostgres();
afterAll(() => cluster[Symbol.asyncDispose]());
let databases = 0;

async function freshUrl(): Promise<Secret> {
  const name = `t${++databases}`;
  await using admin = openPostgres(new Secret(cluster.url));
  await sql.raw(`create database ${name}`).execute(admin.db);
  return new Secret(cluster.url.replace(/postgres$/, name));
}

describeDatabase('PostgreSQL', async () => {
  const url = await freshUrl();
  return { database: openPostgres(url), again: () => openPostgres(url) };
});

it('survives the server cutting idle connections', async () => {
  const url = await freshUrl();
  await using database = openPostgres(url);
  await using admin = openPostgres(new Secret(cluster.url));
  await sql`select 1`.execute(database.db);
  const cut = sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${`t${databases}`}`;
  expect((await cut.execute(admin.db)).rows).toHaveLength(1);
  await expect
    .poll(async () => (await sql<{ x: number }>`select 1 as x`.execute(database.db)).rows[0]!.x, { timeout: 5_000 })
    .toBe(1);
});

it('survives the server cutting a connection between two statements of a transaction', async () => {
  const url = await freshUrl();
  await using database = openPostgres(url);
  await using admin = openPostgres(new Secret(cluster.url));
  const cut = sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${`t${databases}`}`;
  const transaction = database.db.transaction().execute(async (tx) => {
    await sql`select 1`.execute(tx);
    expect((await cut.execute(admin.db)).rows).toHaveLength(1);
    await sleep(100);
    await sql`select 1`.execute(tx);
  });
  await expect(transaction).rejects.toThrow();
  expect((await sql<{ x: number }>`select 1 as x`.execute(database.db)).rows).toEqual([{ x: 1 }]);
});

it('says what is wrong when it cannot be used', async () => {
  const complaint = async (url: string): Promise<string | undefined> => {
    await using database = openPostgres(new Secret(url));
    return await sql`select 1`.execute(database.db).then(() => undefined, connectionProblem);
  };
  expect(await complaint(cluster.url)).toBeUndefined();
  expect(await complaint(cluster.url.replace(/postgres$/, 'nowhere'))).toContain('no database of that name');
  expect(await complaint(cluster.url.replace('mcpnest@', 'stranger@'))).toContain('does not let this user in');
  expect(await complaint('postgres://mcpnest@127.0.0.1:1/postgres')).toContain('nothing answers at its address');
});
