import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { Secret } from '../../packages/server/src/domain/secret.ts';
import { openPostgres } from '../../packages/server/src/platform/database/postgres.ts';
import { httpReceiver } from '../../packages/server/src/platform/sinks/sink.contract.ts';
import { spawnProduct, until } from '../harness.ts';
import { nodeEnvironment } from '../node.ts';
import { startPostgres } from '../servers/postgres.ts';
import { startEchoUpstream } from '../upstreams/echo.ts';

const cli = fileURLToPath(new URL('../../packages/server/src/cli.ts', import.meta.url));
const params = { workspace: 'acme' };

it('[AUD-06] of two nodes on one PostgreSQL one sends, and the other goes on when that one is killed', async () => {
  await using stack = new AsyncDisposableStack();
  const postgres = stack.use(await startPostgres());
  const upstream = stack.use(await startEchoUpstream());
  const peer = stack.use(await httpReceiver());
  const env = { DATABASE_URL: postgres.url, MCPNEST_SECRET_KEY: randomBytes(32).toString('hex') };
  const [first, second] = ['a', 'b'].map((name) => {
    const dir = mkdtempSync(join(tmpdir(), `mcpnest-sinks-${name}-`));
    stack.defer(() => rmSync(dir, { recursive: true, force: true }));
    return dir;
  }) as [string, string];
  const bootstrap = [cli, 'bootstrap', '--json', '--workspace', 'Acme'];
  const { stdout } = await promisify(execFile)(process.execPath, bootstrap, {
    env: { ...nodeEnvironment, ...env, MCPNEST_DATA_DIR: first },
  });
  const made = JSON.parse(stdout) as { apiKey: string; workspaceToken: string; workspace: string };
  const node = async (dir: string) =>
    stack.use(await spawnProduct({ data: { dir, ...made, [Symbol.dispose]: () => undefined }, env }));
  const one = await node(first);
  await one.addServer({ slug: 'echo', url: upstream.url });
  await one.client.network.allow({ body: { target: new URL(peer.url).host } });
  const body = { kind: 'http', name: 'siem', include: 'calls', from: 'now', url: peer.url, format: 'jsonl' } as const;
  const { sink } = await one.client.sinks.create({ params, body });
  const two = await node(second);
  const call = async (product: typeof one) => {
    for (let n = 0; n < 20; n++) expect((await product.call('echo', { n })).status).toBe(200);
  };
  const got = (): { id: string; node: string }[] =>
    peer.taken.flatMap((each) =>
      each.body
        .toString()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { id: string; node: string }),
    );
  await call(one);
  await call(two);
  await until('both nodes’ calls are taken', async () => got().length >= 40, 15_000);
  expect(new Set(got().map(({ id }) => id)).size).toBe(got().length);
  expect(new Set(got().map((line) => line.node)).size).toBe(2);

  const { sentBy } = await one.client.sinks.show({ params: { ...params, sink: sink.id } });
  // Whichever holds it is killed; its lease runs out and the other takes over.
  const rows = await nodesOfCalls(postgres.url);
  const holder = rows.first === sentBy ? one : two;
  const other = holder === one ? two : one;
  await holder.kill();
  await call(other);
  await until('the other has taken over', async () => new Set(got().map(({ id }) => id)).size >= 60, 45_000);
  const after = await other.client.sinks.show({ params: { ...params, sink: sink.id } });
  expect(after.sentBy).not.toBe(sentBy);
}, 120_000);

/** The node whose calls came first is the first that was started. */
async function nodesOfCalls(url: string): Promise<{ first: string }> {
  await using database = openPostgres(new Secret(url));
  const row = await database.db
    .selectFrom('mcp_tool_calls')
    .select('node')
    .orderBy('created_at')
    .limit(1)
    .executeTakeFirstOrThrow();
  return { first: row.node };
}
