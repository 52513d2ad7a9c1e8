import { afterAll, beforeAll } from 'vitest';
import { migrate } from '../../platform/database/migrate.ts';
import { openSqlite } from '../../platform/database/sqlite.ts';
import { describeApprovalStore } from './store.contract.ts';

const database = openSqlite(':memory:');
beforeAll(async () => {
  await migrate(database, { now: () => 0, monotonic: () => 0 });
  const workspace = { id: 'w', slug: 'w', name: 'w', settings: '{}', created_at: '', updated_at: '' };
  await database.db.insertInto('gateway_workspaces').values(workspace).execute();
});
afterAll(() => database[Symbol.asyncDispose]());

describeApprovalStore('SQLite', () => [database.db]);
