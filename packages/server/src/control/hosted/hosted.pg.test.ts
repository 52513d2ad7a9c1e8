import { afterAll } from 'vitest';
import { startPostgres } from '../../../../../test/servers/postgres.ts';
import { Secret } from '../../domain/secret.ts';
import { systemClock } from '../../platform/clock.ts';
import type { OpenDatabase } from '../../platform/database/database.ts';
import { migrate } from '../../platform/database/migrate.ts';
import { openPostgres } from '../../platform/database/postgres.ts';
import { describeInstallation } from '../../platform/installation.contract.ts';
import { describeLease } from '../../platform/lease.contract.ts';
import { startKit } from '../kit.contract.ts';
import { describeHostedLimits } from './limits.contract.ts';

/** On PostgreSQL changes really run at the same time. */
let postgres: Awaited<ReturnType<typeof startPostgres>> | undefined;
const others: NonNullable<typeof postgres>[] = [];
afterAll(async () => {
  await postgres?.[Symbol.asyncDispose]();
  for (const other of others) await other[Symbol.asyncDispose]();
});

describeHostedLimits(async () => startKit(openPostgres(new Secret((postgres = await startPostgres()).url))));

async function openEmpty(): Promise<OpenDatabase> {
  const server = await startPostgres();
  others.push(server);
  const database = openPostgres(new Secret(server.url));
  await migrate(database, systemClock);
  return database;
}

describeLease('a lease on PostgreSQL', openEmpty);
describeInstallation('on PostgreSQL', openEmpty);
