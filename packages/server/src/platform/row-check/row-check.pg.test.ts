import { sql } from 'kysely';
import { afterAll } from 'vitest';
import { startPostgres } from '../../../../../test/servers/postgres.ts';
import { Secret } from '../../domain/secret.ts';
import { systemClock } from '../clock.ts';
import { migrate } from '../database/migrate.ts';
import { openPostgres } from '../database/postgres.ts';
import { describeRowCheck } from './row-check.contract.ts';

const cluster = await startPostgres();
afterAll(() => cluster[Symbol.asyncDispose]());
let databases = 0;

describeRowCheck('PostgreSQL', async () => {
  const name = `t${++databases}`;
  await using admin = openPostgres(new Secret(cluster.url));
  await sql.raw(`create database ${name}`).execute(admin.db);
  const database = openPostgres(new Secret(cluster.url.replace(/postgres$/, name)));
  await migrate(database, systemClock);
  return database;
});
