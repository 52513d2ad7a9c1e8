import { systemClock } from './clock.ts';
import { migrate } from './database/migrate.ts';
import { openSqlite } from './database/sqlite.ts';
import { describeInstallation } from './installation.contract.ts';

describeInstallation('on SQLite', async () => {
  const database = openSqlite(':memory:');
  await migrate(database, systemClock);
  return database;
});
