import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Secret } from '../../packages/server/src/domain/secret.ts';
import { openPostgres } from '../../packages/server/src/platform/database/postgres.ts';
import { startProduct, type Product } from '../harness.ts';
import { send } from '../http.ts';
import { nodeEnvironment } from '../node.ts';
import { startPostgres, type Postgres } from '../servers/postgres.ts';
import { startEchoUpstream } from '../upstreams/echo.ts';

const cli = fileURLToPath(new URL('../../packages/server/src/cli.ts', import.meta.url));
const stack = new AsyncDisposableStack();
let product: Product;
let postgres: Postgres;

beforeAll(async () => {
  postgres = stack.use(await startPostgres());
  const dir = mkdtempSync(join(tmpdir(), 'mcpnest-pg-'));
  stack.defer(() => rmSync(dir, { recursive: true }));
  const env = { DATABASE_URL: postgres.url };
  const bootstrap = [cli, 'bootstrap', '--json', '--workspace', 'Acme'];
  const { stdout } = await promisify(execFile)(process.execPath, bootstrap, {
    env: { ...nodeEnvironment, ...env, MCPNEST_DATA_DIR: dir },
  });
  const made = JSON.parse(stdout) as { apiKey: string; workspaceToken: string; workspace: string };
  product = stack.use(await startProduct({ data: { dir, ...made, [Symbol.dispose]: () => {} }, env }));
});
afterAll(() => stack.disposeAsync());

it('serves the same product: workspace, server, call, row', async () => {
  await using upstream = await startEchoUpstream();
  await product.addServer({ slug: 'echo', url: upstream.url });
  expect(await product.toolNames()).toEqual(['echo']);
  expect((await product.call('echo', { n: 1 })).status).toBe(200);
  expect((await product.call('nothing')).message.error?.code).toBe(-32602);

  await using database = openPostgres(new Secret(postgres.url));
  const rows = () =>
    database.db.selectFrom('mcp_tool_calls').select(['tool_name', 'outcome', 'status']).orderBy('seq').execute();
  await expect.poll(async () => (await rows()).length, { timeout: 5_000 }).toBeGreaterThan(0);
  expect((await rows())[0]).toEqual({ tool_name: 'echo', outcome: 'ok', status: 200 });
});

it('goes on serving calls while the database is away, says so, and writes the rows afterwards', async () => {
  await using upstream = await startEchoUpstream();
  await product.addServer({ slug: 'away', url: upstream.url });
  expect((await product.call('echo', {}, { server: 'away' })).status).toBe(200);

  await postgres.administer('alter database postgres with allow_connections false');
  await postgres.administer("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'postgres'");
  await expect
    .poll(async () => (await send(`${product.url}/metrics`, { method: 'GET' })).text, { timeout: 5_000 })
    .toContain('mcpnest_database_ok 0');
  expect((await send(`${product.url}/readyz`, { method: 'GET' })).status).toBe(200);
  for (let n = 0; n < 3; n++) expect((await product.call('echo', { n }, { server: 'away' })).status).toBe(200);

  await postgres.administer('alter database postgres with allow_connections true');
  await using read = openPostgres(new Secret(postgres.url));
  const count = () =>
    read.db
      .selectFrom('mcp_tool_calls')
      .select((row) => row.fn.countAll<number>().as('n'))
      .where('server_slug', '=', 'away')
      .where('outcome', '=', 'ok')
      .executeTakeFirstOrThrow();
  await expect.poll(async () => (await count()).n, { timeout: 15_000 }).toBe(4);
  await expect
    .poll(async () => (await send(`${product.url}/readyz`, { method: 'GET' })).status, { timeout: 5_000 })
    .toBe(200);
});
