import { setTimeout as sleep } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../packages/server/src/domain/secret.ts';
import type { OpenDatabase } from '../../packages/server/src/platform/database/database.ts';
import { openPostgres } from '../../packages/server/src/platform/database/postgres.ts';
import { holdApproval } from '../../packages/server/src/platform/database/row-lock.contract.ts';
import { spawnProduct, until, type SpawnedProduct } from '../harness.ts';
import type { RpcMessage } from '../http.ts';
import { nodeEnvironment } from '../node.ts';
import { startPostgres } from '../servers/postgres.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';

/** What comes while a gateway waits for the database to use an approval up. */
const cli = fileURLToPath(new URL('../../packages/server/src/cli.ts', import.meta.url));
const stack = new AsyncDisposableStack();
let database: OpenDatabase;
let product: SpawnedProduct;
let upstream: EchoUpstream;
let params: { workspace: string };

beforeAll(async () => {
  const postgres = stack.use(await startPostgres());
  database = stack.use(openPostgres(new Secret(postgres.url)));
  const dir = mkdtempSync(join(tmpdir(), 'mcpnest-late-'));
  stack.defer(() => rmSync(dir, { recursive: true }));
  const env = { DATABASE_URL: postgres.url, MCPNEST_SECRET_KEY: randomBytes(32).toString('hex') };
  const { stdout } = await promisify(execFile)(process.execPath, [cli, 'bootstrap', '--json', '--workspace', 'Acme'], {
    env: { ...nodeEnvironment, ...env, MCPNEST_DATA_DIR: dir },
  });
  const made = JSON.parse(stdout) as { apiKey: string; workspaceToken: string; workspace: string };
  product = stack.use(await spawnProduct({ data: { dir, ...made, [Symbol.dispose]: () => {} }, env }));
  params = { workspace: product.workspace };
  upstream = stack.use(await startEchoUpstream({ tools: ['drop', 'look'] }));
  await product.addServer({ slug: 'github', url: upstream.url });
  await needApproval();
}, 60_000);
afterAll(() => stack.disposeAsync());

async function needApproval(): Promise<void> {
  const settings = [{ target: 'drop', approval: 'required' as const }];
  await product.client.approvalSettings.update({ params: { ...params, server: 'github' }, body: { settings } });
  await until('approval is needed', async () => (await call(0)).error?.code === 428);
}
const call = async (n: number, tool = 'drop', signal?: AbortSignal): Promise<RpcMessage> => {
  const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: { n } } };
  return (await product.rpc(body, signal === undefined ? {} : { signal })).message;
};
const sent = (n: number, tool = 'drop'): number =>
  upstream
    .calls()
    .filter(({ params: its }) => its['name'] === tool && JSON.stringify(its['arguments']) === `{"n":${n}}`).length;
const stateOf = async (approval: string) =>
  (await product.client.approvals.get({ params: { ...params, approval } })).state;

/** An approved call, begun while its approval cannot be used up. */
async function held(n: number, signal?: AbortSignal) {
  const approval = (await call(n)).error!.data!['approvalId'] as string;
  await product.client.approvals.approve({ params: { ...params, approval }, body: {} });
  const row = await holdApproval(database.db, approval);
  const answer = call(n, 'drop', signal);
  answer.catch(() => undefined);
  await until('the gateway waits', () => row.waitedFor());
  return { approval, answer, release: () => row.release() };
}

describe('an approved call, while the database is slow', () => {
  it('[NEW-04] is not sent into a failure drill that began meanwhile, and keeps its approval', async () => {
    const one = await held(1);
    const server = { ...params, server: 'github' };
    await product.client.drills.start({ params: server, body: {} });
    await until('the drill is known', async () => (await call(1, 'look')).error?.code === 502);
    await one.release();
    expect((await one.answer).error).toMatchObject({
      code: 502,
      message: expect.stringContaining('failure drill') as string,
    });
    expect([sent(1), await stateOf(one.approval)]).toEqual([0, 'approved']);
    await product.client.drills.stop({ params: server });
    await until('the drill is over', async () => (await call(1, 'look')).error === undefined);
    expect((await call(1)).result).toBeDefined();
    expect(sent(1)).toBe(1);
  });

  it('[NEW-04] is not sent to another address than was approved', async () => {
    await using other = await startEchoUpstream({ tools: ['drop', 'look'] });
    const one = await held(2);
    await product.client.network.allow({ body: { target: new URL(other.url).host } });
    const server = { ...params, server: 'github' };
    const before = await product.client.servers.show({ params: server });
    await product.client.servers.update({ params: server, body: { url: other.url } });
    const seen = () => other.calls().filter(({ params: its }) => its['name'] === 'look').length;
    await until('the new address is known', async () => (await call(2, 'look'), seen() > 0));
    await one.release();
    expect((await one.answer).error?.code).toBe(503);
    expect([sent(2), other.calls().filter(({ params: its }) => its['name'] === 'drop').length]).toEqual([0, 0]);
    expect(await stateOf(one.approval)).toBe('approved');
    await product.client.servers.rollback({ params: server, body: { revision: before.revision } });
    await until('the old address is known', async () => (await call(3, 'look'), sent(3, 'look') > 0));
  });

  it('[NEW-04] is refused by a rule that came meanwhile, and the row names that rule and its snapshot', async () => {
    const one = await held(4);
    const body = { effect: 'deny', subject: 'everybody', object: 'github:*', absolute: true } as const;
    const { id } = await product.client.rules.create({ params, body });
    await until('the rule is known', async () => (await call(4, 'look')).error?.code === -32003);
    await one.release();
    expect((await one.answer).error?.code).toBe(-32003);
    expect([sent(4), await stateOf(one.approval)]).toEqual([0, 'approved']);
    const rows = async () =>
      (await product.client.calls.list({ params, query: {} })).items.filter(({ rule }) => rule === `rule:${id}`);
    await until('its row is there', async () => (await rows()).some(({ approvalId }) => approvalId === one.approval));
    expect(new Set((await rows()).map(({ policyVersion }) => policyVersion)).size).toBe(1);
    await product.client.rules.remove({ params: { ...params, rule: id } });
    await until('it is gone', async () => (await call(4, 'look')).error === undefined);
  });

  it('[NEW-04] keeps its approval where its client has gone meanwhile', async () => {
    const gone = new AbortController();
    const one = await held(5, gone.signal);
    gone.abort();
    await one.answer.catch(() => undefined);
    // The gateway hears of it by the end of the connection, which must not race with the database's answer.
    await sleep(250);
    await one.release();
    await until('it is given back', async () => (await stateOf(one.approval)) === 'approved');
    expect(sent(5)).toBe(0);
    expect((await call(5)).result).toBeDefined();
    expect([sent(5), await stateOf(one.approval)]).toEqual([1, 'used']);
  });

  it('[NEW-04] is not sent to a server that was removed, though another has its name and address now', async () => {
    const one = await held(7);
    await product.client.servers.remove({ params: { ...params, server: 'github' } });
    await product.addServer({ slug: 'github', url: upstream.url });
    await until('the new one is known', async () => (await call(7, 'look')).error === undefined);
    await one.release();
    expect((await one.answer).error?.code).toBe(503);
    expect(sent(7)).toBe(0);
    await needApproval();
  });
});

it('[NEW-04] an approval is not used up by a call that finds its server away', async () => {
  const approval = (await call(6)).error!.data!['approvalId'] as string;
  await product.client.approvals.approve({ params: { ...params, approval }, body: {} });
  await upstream[Symbol.asyncDispose]();
  expect((await call(6)).error?.code).toBe(502);
  expect(await stateOf(approval)).toBe('approved');
});
