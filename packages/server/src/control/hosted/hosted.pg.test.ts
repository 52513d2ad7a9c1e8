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
const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());
const open = async (): Promise<OpenDatabase> => openPostgres(new Secret(stack.use(await startPostgres()).url));

describeHostedLimits(async () => startKit(await open()));

async function openEmpty(): Promise<OpenDatabase> {
  const database = await open();
  await migrate(database, systemClock);
  return database;
}

describeLease('a lease on PostgreSQL', openEmpty);
describeInstallation('on PostgreSQL', openEmpty);
