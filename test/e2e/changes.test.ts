import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, until, type Product } from '../harness.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';
import { startSilentUpstream } from '../upstreams/silent.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let upstream: EchoUpstream;

beforeAll(async () => {
  product = stack.use(await startProduct());
  upstream = stack.use(await startEchoUpstream({ tools: ['echo'], delayMs: 700 }));
  await product.addServer({ slug: 'echo', url: upstream.url });
});
afterAll(() => stack.disposeAsync());

const params = () => ({ workspace: product.workspace, server: 'echo' });

/** Begin a call and wait until the upstream has it. */
async function inFlight(): Promise<{ answer: ReturnType<Product['call']> }> {
  const before = upstream.calls().length;
  const answer = product.call('echo');
  await until('the call is under way', () => Promise.resolve(upstream.calls().length > before));
  return { answer };
}

describe('a change elsewhere', () => {
  it('[GW-09] leaves calls in flight alone: another server, address, token, rule of another server', async () => {
    const { answer } = await inFlight();
    await using other = await startEchoUpstream({ tools: ['other'] });
    await product.addServer({ slug: 'other', url: other.url });
    await product.client.network.allow({ body: { target: '127.0.0.1:9' } });
    await product.client.tokens.issue({ params: { workspace: product.workspace }, body: { label: 'new' } });
    await product.client.network.revoke({ params: { target: '127.0.0.1:9' } });
    await product.client.servers.remove({ params: { workspace: product.workspace, server: 'other' } });
    expect((await answer).message.result?.['content']).toHaveLength(1);
  });

  it('[GW-09] keeps the lists of several servers added in a row', async () => {
    const others = await Promise.all(Array.from({ length: 5 }, (_, i) => startEchoUpstream({ tools: [`row_${i}`] })));
    for (const [i, other] of others.entries()) await product.addServer({ slug: `row-${i}`, url: other.url });
    expect(await product.toolNames()).toEqual(['echo', 'row_0', 'row_1', 'row_2', 'row_3', 'row_4']);
    for (const [i, other] of others.entries()) {
      await product.client.servers.remove({ params: { workspace: product.workspace, server: `row-${i}` } });
      await other[Symbol.asyncDispose]();
    }
  });
});

describe('a change of the server itself', () => {
  it('[GW-09] leaves its calls in flight alone when only its name or limits change, and holds for the next ones', async () => {
    const { answer } = await inFlight();
    const update = (body: object): Promise<unknown> => product.client.servers.update({ params: params(), body });
    await update({ name: 'Echo again', limits: { concurrency: 1 } });
    expect((await answer).message.result?.['content']).toHaveLength(1);
    const before = upstream.calls().length;
    const both = [product.call('echo'), product.call('echo')];
    await until('one is under way', () => Promise.resolve(upstream.calls().length > before));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(upstream.calls().length - before).toBe(1);
    for (const one of both) expect((await one).message.error).toBeUndefined();
    await update({ limits: { concurrency: 32, deadlineMs: 300 } });
    await until('the deadline holds', async () => (await product.call('echo')).message.error?.code === 504);
    await update({ limits: { deadlineMs: 30_000 } });
    await until('and is lifted', async () => (await product.call('echo')).message.error === undefined);
  });

  it('[TOK-07] ends its calls in flight within a second when it is disabled', async () => {
    upstream.set({ delayMs: 5_000 });
    const { answer } = await inFlight();
    await product.client.servers.update({ params: params(), body: { enabled: false } });
    const started = performance.now();
    const { message } = await answer;
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(message.error?.code).toBe(503);
    upstream.set({ delayMs: 0 });
    await product.client.servers.update({ params: params(), body: { enabled: true } });
    await until('the server is back', async () => (await product.call('echo')).message.error === undefined);
  });

  it('[TOK-07] refuses calls within a second when its address is closed, and sends nothing there', async () => {
    const target = new URL(upstream.url).host;
    await product.client.network.revoke({ params: { target } });
    await until('the address is closed', async () => (await product.call('echo')).message.error !== undefined, 1_000);
    const before = upstream.calls().length;
    const { message } = await product.call('echo');
    expect(message.error?.code).toBe(502);
    expect(upstream.calls().length).toBe(before);
    expect((await product.calls()).at(-1)).toMatchObject({ error_code: 'address_refused', dispatched: 0 });
    await product.client.network.allow({ body: { target } });
    await until('the address is open', async () => (await product.call('echo')).message.error === undefined);
  });
});

describe('an address nobody opened', () => {
  it.each(['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1', '127.1', '0.0.0.0'])(
    'is never dialled: %s',
    async (host) => {
      await using canary = await startSilentUpstream();
      const created = await product.client.servers.create({
        params: { workspace: product.workspace },
        body: { name: 'Inside', slug: 'inside', url: `http://${host}:${canary.port}/mcp` },
      });
      expect(created.warnings.map((warning) => warning.code)).toContain('address_not_open');
      const { message } = await product.rpc({ jsonrpc: '2.0', id: 1, method: 'tools/list' }, { server: 'inside' });
      expect(message.result).toBeUndefined();
      expect(canary.connections()).toBe(0);
      await product.client.servers.remove({ params: { workspace: product.workspace, server: 'inside' } });
    },
  );
});

describe('lists', () => {
  it('[GW-03] come from memory: many callers cause one reading of a server', async () => {
    await using fresh = await startEchoUpstream({ tools: ['fresh'] });
    await product.addServer({ slug: 'fresh', url: fresh.url });
    const answers = await Promise.all(Array.from({ length: 30 }, () => product.toolNames({ server: 'fresh' })));
    expect(answers.every((names) => names.join() === 'fresh')).toBe(true);
    const methods = fresh.seen.map((request) => request.method);
    for (const method of ['server/discover', 'initialize', 'tools/list']) {
      expect(
        methods.filter((name) => name === method),
        method,
      ).toHaveLength(1);
    }
    await product.client.servers.remove({ params: { workspace: product.workspace, server: 'fresh' } });
  });

  it('[GW-15] and calls cost little beside the upstream', async () => {
    const own: number[] = [];
    for (let i = 0; i < 60; i++) {
      const { headers } = await product.call('echo');
      own.push(Number(/gateway;dur=([\d.]+)/.exec(String(headers['server-timing']))![1]));
    }
    expect(own.toSorted((a, b) => a - b)[30]!).toBeLessThan(5);
  });
});
