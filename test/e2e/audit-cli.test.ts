import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Io } from '../../packages/server/src/cli/io.ts';
import { run } from '../../packages/server/src/cli/run.ts';
import { journalLines } from '../books.ts';
import { bootstrapData, spawnProduct, until, type ProductData, type SpawnedProduct } from '../harness.ts';
import { startEchoUpstream } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let data: ProductData;
let product: SpawnedProduct;

beforeAll(async () => {
  data = stack.use(await bootstrapData());
  product = stack.use(await spawnProduct({ data }));
  const upstream = stack.use(await startEchoUpstream({ tools: ['list', 'drop'] }));
  await product.addServer({ slug: 'github', url: upstream.url });
  const params = { workspace: product.workspace, server: 'github' };
  await product.client.servers.setCredential({ params, body: { bearer: 'CANARY-secret' } });
  await until('it is listed', async () => (await product.toolNames()).length === 2);
}, 30_000);
afterAll(() => stack.disposeAsync());

async function mcpnest(args: string): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const io: Io = {
    environment: { MCPNEST_DATA_DIR: data.dir },
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    readInput: async () => '',
    interactive: false,
    ask: () => Promise.reject(new Error('nobody is asked')),
    askSecret: () => Promise.reject(new Error('nobody is asked')),
    streams: () => ({ input: Readable.from([]), output: new PassThrough(), signal: AbortSignal.abort() }),
  };
  return { code: await run(args.split(' '), io), out, err };
}
const done = async (args: string): Promise<string> => {
  const { code, out } = await mcpnest(args);
  expect([args, code]).toEqual([args, 0]);
  return out;
};

function change(sql: string): void {
  const database = new DatabaseSync(join(data.dir, 'mcpnest.db'));
  try {
    database.exec('pragma busy_timeout = 5000');
    database.exec(sql);
  } finally {
    database.close();
  }
}

const chained = () => journalLines(data.dir).filter(({ kind }) => kind === 'event');

it('[AUD-07][AUD-09] explains a call, and fails where the policy of then was tampered with', async () => {
  await product.call('drop', {});
  await product.call('missing', {});
  await product.calls();
  const { items } = await product.client.calls.list({ params: { workspace: product.workspace } });
  const [missing, drop] = items;
  const said = await done(`audit explain ${drop!.id}`);
  expect(said).toMatch(/verdict: +same\n/);
  expect(said).toMatch(/because: +Workspace tokens pass every allow list\.\n/);
  expect(said).toContain(drop!.policyDigest!);
  expect(await done(`audit explain ${missing!.id}`)).toMatch(/verdict: +not-decided\n/);
  expect((await mcpnest('audit explain 0199d2b4-7c1e-7a53-9f04-3a1f6f0f8a11')).code).toBe(4);

  const asOf = await done('audit access --as-of 2999-01-01');
  expect(asOf).toMatch(/workspace token +github +drop +write +allowed/);
  expect((await mcpnest('audit access --from 2001-01-01')).code).toBe(4);
  expect((await mcpnest('audit access --as-of yesterday')).code).toBe(2);
  expect((await mcpnest('audit access --as-of 2026-01-01 --from 2026-01-01')).code).toBe(2);

  change(`update policy_versions set digest = '${'0'.repeat(64)}' where version = ${drop!.policyVersion};
    update policy_bodies set digest = '${'0'.repeat(64)}' where digest = '${drop!.policyDigest}'`);
  const tampered = await mcpnest(`audit explain ${drop!.id}`);
  expect([tampered.code, tampered.out]).toEqual([1, expect.stringMatching(/verdict: +unproven\n/)]);
});

it('[AUD-05] an event of the command line is in the chain within two seconds, and a changed row is shown', async () => {
  await done('member add cy@example.com');
  await until(
    'it is in the chain',
    async () => (await done('audit events --action members.add')).includes('intact'),
    2_500,
  );
  expect(JSON.stringify(chained())).not.toMatch(/cy@example|CANARY/);
  expect(chained().some(({ action }) => action === 'members.add')).toBe(true);
  change(`update audit_events set target = 'member:other' where action = 'members.add'`);
  expect(await done('audit events --action members.add')).toContain('changed');
});

it('[AUD-05] the use of a credential is counted, by its id', async () => {
  const counted = (): { target: string; workspace_id: string; count: number }[] => {
    const database = new DatabaseSync(join(data.dir, 'mcpnest.db'), { readOnly: true });
    try {
      const sql = `select target, workspace_id, count from event_counts where actor = 'gateway' and action = 'credentials.use'
        union all select target, workspace_id, 1 from audit_events where actor = 'gateway' and action = 'credentials.use'`;
      return database.prepare(sql).all() as never;
    } finally {
      database.close();
    }
  };
  await until('it is counted', async () => counted().length > 0);
  const uses = counted();
  expect(uses).toHaveLength(1);
  expect(uses[0]!.target).toMatch(/^server:[0-9a-f-]{36}\/credential:\S+$/);
  expect(JSON.stringify(uses)).not.toContain('CANARY');
});

it('[AUD-04][AUD-05] has each event once, however often the server is killed', async () => {
  for (let i = 0; i < 3; i++) {
    const adding = (async () => {
      for (let made = 0; made < 8; made++) await mcpnest(`team add T${i}x${made}`);
    })();
    await product.kill();
    await adding;
    product = stack.use(await spawnProduct({ data }));
  }
  const waiting = async () => (await done('audit events --limit 200 --json')).includes('"waiting"');
  await until('all are in the chain', async () => !(await waiting()), 5_000);
  const events = JSON.parse(await done('audit events --limit 200 --json')) as { items: { id: string }[] };
  const ids = chained().map(({ eventId }) => eventId);
  expect(events.items.filter(({ id }) => !ids.includes(id))).toEqual([]);
  expect(new Set(ids).size).toBe(events.items.length);
}, 60_000);
