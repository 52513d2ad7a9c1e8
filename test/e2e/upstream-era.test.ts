import { afterAll, beforeAll, expect, it } from 'vitest';
import { startProduct, type Product } from '../harness.ts';
import { startEchoUpstream, type EchoUpstream, type SeenRequest } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let product: Product;

beforeAll(async () => {
  product = stack.use(await startProduct());
});
afterAll(() => stack.disposeAsync());

const called = async (server: string): Promise<number | undefined> =>
  (await product.call('echo', {}, { server })).message.error?.code;

const generationOf = (request: SeenRequest | undefined): string =>
  request?.headers['mcp-method'] === undefined ? 'legacy' : 'modern';

const probes = (upstream: EchoUpstream): number =>
  upstream.seen.filter(({ method }) => method === 'server/discover').length;

it('[edge 32] a refusal or a failure proves nothing about the generation: it is asked for again', async () => {
  const proveNothing = async (status: number): Promise<void> => {
    const server = `answers-${status}`;
    await using upstream = await startEchoUpstream({
      era: 'both',
      intercept: (_, __, res) => {
        res.writeHead(status).end();
        return true;
      },
    });
    await product.addServer({ slug: server, url: upstream.url });
    expect(await called(server)).toBeDefined();
    const before = probes(upstream);
    upstream.set({ intercept: () => false });
    await expect.poll(() => called(server), { timeout: 10_000, interval: 250 }).toBeUndefined();
    expect(probes(upstream)).toBeGreaterThan(before);
    expect(generationOf(upstream.calls().at(-1))).toBe('modern');
  };
  await Promise.all([401, 403, 408, 429, 500, 503].map(proveNothing));
}, 20_000);

it.each([
  ['legacy', 'modern'],
  ['modern', 'legacy'],
] as const)('[edge 32] an upstream that turns from %s to %s is found out by its refusal', async (from, to) => {
  const server = `turns-${to}`;
  await using upstream = await startEchoUpstream({ era: from });
  await product.addServer({ slug: server, url: upstream.url });
  expect(await called(server)).toBeUndefined();
  expect(generationOf(upstream.calls().at(-1))).toBe(from);
  const before = probes(upstream);
  expect(await called(server)).toBeUndefined();
  expect(probes(upstream)).toBe(before);
  upstream.set({ era: to });
  const refused = await product.modern('tools/call', { name: 'echo', arguments: {} }, { server });
  // What it says of revisions is not for a caller who has agreed on one with the gateway.
  expect([refused.status, refused.message.error?.code]).toEqual([200, to === 'modern' ? 502 : -32600]);
  expect(await called(server)).toBeUndefined();
  expect(generationOf(upstream.calls().at(-1))).toBe(to);
});
