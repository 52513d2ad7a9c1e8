import { systemClock } from '../clock.ts';
import { migrate } from '../database/migrate.ts';
import { openSqlite } from '../database/sqlite.ts';
import { describeRowCheck } from './row-check.contract.ts';

describeRowCheck('SQLite', async () => {
  const database = openSqlite(':memory:');
  await migrate(database, systemClock);
  return database;
});
