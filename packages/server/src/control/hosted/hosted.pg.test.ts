import { afterAll } from 'vitest';
import { startPostgres } from '../../../../../test/servers/postgres.ts';
import { Secret } from '../../domain/secret.ts';
import { systemClock } from '../../platform/clock.ts';
import { migrate } from '../../platform/database/migrate.ts';
import { openPostgres } from '../../platform/database/postgres.ts';
import { describeLease } from '../../platform/lease.contract.ts';
import { startKit } from '../kit.contract.ts';
import { describeHostedLimits } from './limits.contract.ts';

/** On PostgreSQL changes really run at the same time. */
let postgres: Awaited<ReturnType<typeof startPostgres>> | undefined;
let leases: typeof postgres;
afterAll(async () => {
  await postgres?.[Symbol.asyncDispose]();
  await leases?.[Symbol.asyncDispose]();
});

describeHostedLimits(async () => startKit(openPostgres(new Secret((postgres = await startPostgres()).url))));

describeLease('a lease on PostgreSQL', async () => {
  const database = openPostgres(new Secret((leases = await startPostgres()).url));
  await migrate(database, systemClock);
  return database;
});
