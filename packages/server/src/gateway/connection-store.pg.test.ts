import { sql } from 'kysely';
import { afterAll } from 'vitest';
import { startPostgres } from '../../../../test/servers/postgres.ts';
import { Secret } from '../domain/secret.ts';
import { openPostgres } from '../platform/database/postgres.ts';
import { describeConnectionStore } from './connection-store.contract.ts';

const cluster = await startPostgres();
afterAll(() => cluster[Symbol.asyncDispose]());
let databases = 0;

describeConnectionStore('PostgreSQL', async () => {
  const name = `t${++databases}`;
  await using admin = openPostgres(new Secret(cluster.url));
  await sql.raw(`create database ${name}`).execute(admin.db);
  return openPostgres(new Secret(cluster.url.replace(/postgres$/, name)));
});
