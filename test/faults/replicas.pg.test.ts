import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Secret } from '../../packages/server/src/domain/secret.ts';
import { openPostgres } from '../../packages/server/src/platform/database/postgres.ts';
import { spawnProduct, until, type ProductData, type SpawnedProduct } from '../harness.ts';
import { send, type Sent } from '../http.ts';
import { nodeEnvironment } from '../node.ts';
import { startPostgres, type Postgres } from '../servers/postgres.ts';
import { extent, progress } from './extent.ts';
import { startLedgerUpstream, type LedgerUpstream } from './ledger-upstream.ts';
import { startRoundRobin, type RoundRobin } from './round-robin.ts';
import { newTrace } from './traces.ts';

const cli = fileURLToPath(new URL('../../packages/server/src/cli.ts', import.meta.url));
const stack = new AsyncDisposableStack();
const calls = extent(1_000, 10_000);
const restarts = extent(2, 6);
let env: Record<string, string>;
let postgres: Postgres;
let upstream: LedgerUpstream;
let balancer: RoundRobin;
let made: { apiKey: string; workspaceToken: string; workspace: string };
let replicas: SpawnedProduct[];

const folder = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'mcpnest-replica-'));
  stack.defer(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
};
const dataIn = (dir: string): ProductData => ({ dir, ...made, [Symbol.dispose]: () => undefined });

beforeAll(async () => {
  postgres = stack.use(await startPostgres());
  upstream = stack.use(await startLedgerUpstream('both', ['read']));
  balancer = stack.use(await startRoundRobin());
  env = { DATABASE_URL: postgres.url, MCPNEST_SECRET_KEY: randomBytes(32).toString('hex') };
  const dirs = [folder(), folder()];
  const bootstrap = [cli, 'bootstrap', '--json', '--workspace', 'Acme'];
  const { stdout } = await promisify(execFile)(process.execPath, bootstrap, {
    env: { ...nodeEnvironment, ...env, MCPNEST_DATA_DIR: dirs[0]! },
  });
  made = JSON.parse(stdout) as typeof made;
  replicas = await Promise.all(dirs.map((dir) => spawnProduct({ data: dataIn(dir), env })));
  stack.defer(async () => void (await Promise.all(replicas.map((replica) => replica.kill()))));
  const [first, second] = replicas as [SpawnedProduct, SpawnedProduct];
  const limits = { perMinute: null, toolPerMinute: null };
  await first.addServer({ slug: 'ledger', url: upstream.url, limits });
  const none = { principalPerMinute: null, workspacePerMinute: null };
  await first.client.workspaces.update({ params: { workspace: made.workspace }, body: { settings: { limits: none } } });
  await until('the other one knows', async () => (await second.call('read')).message.result !== undefined, 6_000);
  balancer.serve(replicas.map(({ port }) => port));
});
afterAll(() => stack.disposeAsync());

/**
 * A call as a client makes it that keeps its connections and honours what it is told: refused with a status that says
 * to come again, it does, after the time that was named. A connection that ends without an answer is a failed call:
 * nobody may repeat what may have happened.
 */
async function insist(agent: Agent): Promise<{ answer: Sent | Error; told: number }> {
  const { id, parent } = newTrace();
  const params = { name: 'read', arguments: {}, _meta: { traceparent: parent } };
  for (let told = 0; ; told++) {
    const answer = await send(`${balancer.origin}/api/gw/${made.workspace}`, {
      headers: { authorization: `Bearer ${made.workspaceToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params }),
      agent,
    }).catch((error: Error) => error);
    if (answer instanceof Error || answer.status !== 503 || told === 10) return { answer, told };
    await sleep(Math.min(2_000, Number(answer.headers['retry-after'] ?? 1) * 1_000));
  }
}

it(
  `[AUD-01][NFR-04] none of ${calls} calls fails while two replicas are restarted in turn, ${restarts} times, and each has its row`,
  async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 16 });
    stack.defer(() => agent.destroy());
    const failed: string[] = [];
    let done = 0;
    let told = 0;
    let restarted = 0;
    const worker = async (): Promise<void> => {
      // Goes on for as long as there are restarts to come through.
      while (done < calls || restarted < restarts) {
        const { answer, told: again } = await insist(agent);
        done++;
        told += again;
        if (answer instanceof Error) failed.push(answer.message);
        else if (answer.message.result === undefined) failed.push(`${answer.status} ${answer.text.slice(0, 200)}`);
      }
    };
    const restart = async (): Promise<void> => {
      for (; restarted < restarts; restarted++) {
        await sleep(300);
        const at = restarted % 2;
        const leaving = replicas[at]!;
        await leaving[Symbol.asyncDispose]();
        expect(leaving.child.exitCode).toBe(0);
        replicas[at] = await spawnProduct({ data: dataIn(leaving.dataDir), env });
        balancer.serve(replicas.map(({ port }) => port));
        progress(`${restarted + 1} of ${restarts} restarts, ${done} calls, ${failed.length} failed`);
      }
    };
    await Promise.all([restart(), ...Array.from({ length: 16 }, worker)]);
    expect(failed).toEqual([]);
    expect(done).toBeGreaterThanOrEqual(calls);
    expect(upstream.twice).toEqual([]);
    progress(`${done} calls, ${told} times told to come again`);

    await using read = openPostgres(new Secret(postgres.url));
    const count = () =>
      read.db
        .selectFrom('mcp_tool_calls')
        .select((row) => row.fn.countAll<number>().as('n'))
        .where('trace_id', 'is not', null)
        .where('outcome', '=', 'ok')
        .executeTakeFirstOrThrow();
    await expect.poll(async () => (await count()).n, { timeout: 15_000, interval: 200 }).toBe(done);
  },
  extent(120_000, 300_000),
);
