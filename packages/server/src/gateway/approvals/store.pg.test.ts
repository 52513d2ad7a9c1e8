import { afterAll, beforeAll } from 'vitest';
import { startPostgres } from '../../../../../test/servers/postgres.ts';
import { Secret } from '../../domain/secret.ts';
import type { OpenDatabase } from '../../platform/database/database.ts';
import { migrate } from '../../platform/database/migrate.ts';
import { openPostgres } from '../../platform/database/postgres.ts';
import { describeApprovalStore } from './store.contract.ts';

const stack = new AsyncDisposableStack();
let databases: OpenDatabase[];
beforeAll(async () => {
  const postgres = stack.use(await startPostgres());
  databases = [1, 2].map(() => stack.use(openPostgres(new Secret(postgres.url))));
  await migrate(databases[0]!, { now: () => 0, monotonic: () => 0 });
  const workspace = { id: 'w', slug: 'w', name: 'w', settings: '{}', created_at: '', updated_at: '' };
  await databases[0]!.db.insertInto('gateway_workspaces').values(workspace).execute();
});
afterAll(() => stack.disposeAsync());

describeApprovalStore('PostgreSQL with two pools', () => databases.map(({ db }) => db));
