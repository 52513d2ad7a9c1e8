import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { spawnProduct, until, type SpawnedProduct } from '../harness.ts';
import { nodeEnvironment } from '../node.ts';
import { startPostgres, type Postgres } from '../servers/postgres.ts';
import { startEchoUpstream } from '../upstreams/echo.ts';

const cli = fileURLToPath(new URL('../../packages/server/src/cli.ts', import.meta.url));
const stack = new AsyncDisposableStack();
/** Two processes of one installation: the same database, the same key. */
let products: readonly SpawnedProduct[];
let postgres: Postgres;

beforeAll(async () => {
  postgres = stack.use(await startPostgres());
  const folder = (): string => {
    const dir = mkdtempSync(join(tmpdir(), 'mcpnest-pg-'));
    stack.defer(() => rmSync(dir, { recursive: true }));
    return dir;
  };
  const env = { DATABASE_URL: postgres.url, MCPNEST_SECRET_KEY: randomBytes(32).toString('hex') };
  const dirs = [folder(), folder()] as const;
  const bootstrap = [cli, 'bootstrap', '--json', '--workspace', 'Acme'];
  const own = { ...nodeEnvironment, ...env, MCPNEST_DATA_DIR: dirs[0] };
  const { stdout } = await promisify(execFile)(process.execPath, bootstrap, { env: own });
  const made = JSON.parse(stdout) as { apiKey: string; workspaceToken: string; workspace: string };
  const start = async (dir: string) =>
    stack.use(await spawnProduct({ data: { dir, ...made, [Symbol.dispose]: () => {} }, env }));
  products = [await start(dirs[0]), await start(dirs[1])];
}, 60_000);
afterAll(() => stack.disposeAsync());

it('[NEW-04] of 50 racers on one approval, over two processes, exactly one is sent, and none while the database is away', async () => {
  await using upstream = await startEchoUpstream({ tools: ['drop', 'look'] });
  const [one, other] = products as readonly [SpawnedProduct, SpawnedProduct];
  const params = { workspace: one.workspace };
  await one.addServer({ slug: 'github', url: upstream.url });
  const settings = [{ target: 'drop', approval: 'required' as const }];
  await one.client.approvalSettings.update({ params: { ...params, server: 'github' }, body: { settings } });
  const needed = async (product: SpawnedProduct) =>
    (await product.call('drop', { probe: 1 })).message.error?.code === 428;
  for (const product of products) await until('approval is needed', () => needed(product));
  const sent = () => upstream.calls().filter(({ params: its }) => JSON.stringify(its['arguments']) === '{"n":1}');
  const first = (await one.call('drop', { n: 1 })).message.error!.data!['approvalId'] as string;
  expect((await other.call('drop', { n: 1 })).message.error?.data?.['approvalId']).toBe(first);
  await other.client.approvals.approve({ params: { ...params, approval: first }, body: {} });
  const racers = Array.from({ length: 50 }, (_, i) => products[i % 2]!.call('drop', { n: 1 }));
  const answers = await Promise.all(racers);
  expect(answers.filter(({ message }) => message.result !== undefined)).toHaveLength(1);
  expect(sent()).toHaveLength(1);
  const next = answers.map(({ message }) => message.error?.data?.['approvalId']).filter((id) => id !== undefined);
  expect([next.length, new Set(next).size]).toEqual([49, 1]);

  await one.call('drop', { n: 2 });
  await postgres.administer('alter database postgres with allow_connections false');
  await postgres.administer("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'postgres'");
  const away = (await one.call('drop', { n: 1 })).message.error;
  expect(away).toMatchObject({ code: 503, data: { retryAfterMs: expect.any(Number) as number } });
  expect((await one.call('look')).message.result).toBeDefined();
  expect(sent()).toHaveLength(1);
  await postgres.administer('alter database postgres with allow_connections true');
  await until('approvals can be asked for again', () => needed(one), 10_000);
}, 30_000);
