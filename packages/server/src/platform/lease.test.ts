import { systemClock } from './clock.ts';
import { migrate } from './database/migrate.ts';
import { openSqlite } from './database/sqlite.ts';
import { describeLease } from './lease.contract.ts';

describeLease('a lease on SQLite', async () => {
  const database = openSqlite(':memory:');
  await migrate(database, systemClock);
  return database;
});
