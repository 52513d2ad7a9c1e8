import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, timeCalls, type Product } from '../harness.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let upstream: EchoUpstream;

beforeAll(async () => {
  product = stack.use(await startProduct());
  upstream = stack.use(await startEchoUpstream({ tools: ['echo', 'other'] }));
  await product.addServer({ slug: 'echo', url: upstream.url });
});
afterAll(() => stack.disposeAsync());

const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' };

describe('limits', () => {
  it('[GW-14] stop strangers at 200 requests a minute per address and slug, and hurt nobody who has a token', async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 215; i++) statuses.push((await product.rpc(list, { token: null })).status);
    expect(statuses.slice(0, 200).every((status) => status === 401)).toBe(true);
    const last = await product.rpc(list, { token: `mng_${'0'.repeat(48)}` });
    expect(last.status).toBe(429);
    expect(Number(last.headers['retry-after'])).toBeGreaterThan(0);
    expect((await product.rpc(list, { token: null, workspace: 'elsewhere' })).status).toBe(401);
    expect((await product.rpc(list)).status).toBe(200);
  });

  const perMinute = 3;
  it('[REG-06] stop one tool at its budget, and say when to come again', async () => {
    const params = { workspace: product.workspace, server: 'echo' };
    await product.client.servers.update({ params, body: { limits: { toolPerMinute: perMinute } } });
    await expect.poll(async () => (await product.client.servers.show({ params })).limits.toolPerMinute).toBe(perMinute);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const before = upstream.calls().length;
    const answers = [];
    for (let i = 0; i < perMinute + 2; i++) answers.push(await product.call('echo'));
    expect(answers.slice(0, perMinute).every(({ message }) => message.error === undefined)).toBe(true);
    for (const { status, message, headers } of answers.slice(perMinute)) {
      expect(status).toBe(200);
      expect(message.error?.code).toBe(429);
      expect(message.error?.data?.['retryAfterMs']).toBeGreaterThan(0);
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    }
    expect(upstream.calls().length - before).toBe(perMinute);
    expect((await product.call('other')).message.error).toBeUndefined();
    await product.client.servers.update({ params, body: { limits: { toolPerMinute: null } } });
    const rows = (await product.calls()).filter((row) => row.outcome === 'throttled');
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.every((row) => row.status === 429 && row.dispatched === 0)).toBe(true);
  });

  it('[REG-06] stop one token at its budget, which guessing names uses up, too', async () => {
    const params = { workspace: product.workspace };
    const settings = (principalPerMinute: number | null) =>
      product.client.workspaces.update({ params, body: { settings: { limits: { principalPerMinute } } } });
    const { secret } = await product.client.tokens.issue({ params, body: { label: 'guesser' } });
    await settings(perMinute);
    await expect.poll(async () => (await product.rpc(list, { token: secret })).status).toBe(200);
    const codes = [];
    for (const name of ['a', 'b', 'other', 'other', 'c']) {
      codes.push((await product.call(name, {}, { token: secret })).message.error?.code);
    }
    expect(codes).toEqual([-32602, -32602, undefined, 429, 429]);
    // Also by what the protocol refuses.
    const other = (await product.client.tokens.issue({ params, body: { label: 'prober' } })).secret;
    await expect.poll(async () => (await product.rpc(list, { token: other })).status).toBe(200);
    const probes = [];
    for (let i = 0; i < perMinute + 1; i++) {
      const options = { token: other, headers: { 'mcp-name': 'another' } };
      probes.push((await product.modern('tools/call', { name: 'other' }, options)).message.error?.code);
    }
    expect(probes).toEqual([-32020, -32020, -32020, 429]);
    await settings(null);
  });

  it('[GW-14] stop a workspace at its budget', async () => {
    const params = { workspace: product.workspace };
    await product.client.workspaces.update({
      params,
      body: { settings: { limits: { workspacePerMinute: perMinute } } },
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const codes = [];
    for (let i = 0; i < perMinute + 1; i++) codes.push((await product.call('other')).message.error?.code);
    expect(codes).toEqual([undefined, undefined, undefined, 429]);
    await product.client.workspaces.update({ params, body: { settings: { limits: { workspacePerMinute: null } } } });
  });

  it('[REG-04] cap the calls in flight to one server, and let the rest of the gateway be', async () => {
    await using slow = await startEchoUpstream({ tools: ['slow'], delayMs: 3_000 });
    await product.addServer({ slug: 'slow', url: slow.url, limits: { concurrency: 2 } });
    const alone = await timeCalls(product, 'other');
    const abort = new AbortController();
    const running = Array.from({ length: 6 }, () =>
      product.call('slow', {}, { server: 'slow', signal: abort.signal }).catch(() => undefined),
    );
    await expect.poll(() => slow.calls().length).toBe(2);
    expect(await timeCalls(product, 'other')).toBeLessThan(1_000 + 8 * alone);
    const answers = await Promise.all(running);
    expect(answers.filter((answer) => answer?.message.error === undefined).length).toBeGreaterThanOrEqual(2);
    for (const answer of answers) if (answer?.message.error !== undefined) expect(answer.message.error.code).toBe(503);
    await product.client.servers.remove({ params: { workspace: product.workspace, server: 'slow' } });
  }, 20_000);
});
