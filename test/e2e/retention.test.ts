import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { addCall, addHold } from '../../packages/server/src/platform/retention/fixture.ts';
import { bootstrapData, openParts, startProduct, until } from '../harness.ts';

const dayMs = 86_400_000;

it('[AUD-03] the product deletes what is past its term when it starts, keeps what is held, and says both', async () => {
  using data = await bootstrapData();
  const file = join(data.dir, 'mcpnest.db');
  const at = (age: number): string => new Date(Date.now() - age * dayMs).toISOString();
  {
    await using parts = await openParts(data.dir);
    const { database } = parts;
    const { id } = await database.db.selectFrom('gateway_workspaces').select('id').executeTakeFirstOrThrow();
    for (const [age, serverId] of [
      [101, 'held'],
      [100, 'other'],
      [99.5, 'other'],
      [50, 'other'],
    ] as const)
      await addCall(database, id, 0, { created_at: at(age), server_id: serverId });
    await addHold(database, id, { scope_kind: 'server', scope_id: 'held' });
  }
  await using product = await startProduct({ data });
  const params = { workspace: product.workspace };
  await until('the run', async () => (await product.client.retention.show({ params })).lastRun?.calls === 2, 8_000);
  expect(await product.client.retention.show({ params })).toMatchObject({
    ...{ days: 90, holds: 1, lastRun: { calls: 2, held: 1, holds: [expect.any(String)] } },
    clocks: [{ withheld: null }],
  });
  using database = new DatabaseSync(file, { readOnly: true });
  expect(database.prepare('select server_id from mcp_tool_calls order by created_at').all()).toEqual([
    { server_id: 'held' },
    { server_id: 'other' },
  ]);
  // The run is told once it has ended, tables and all.
  const events = async () =>
    (await product.client.auditEvents.list({ params, query: { action: 'retention.purge' } })).items;
  await until('the event of the run', async () => (await events()).length > 0, 8_000);
  expect(await events()).toMatchObject([{ actor: 'retention', detail: { calls: 2, held: 1 } }]);
});
