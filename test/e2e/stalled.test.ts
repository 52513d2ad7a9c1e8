import { afterAll, beforeAll, expect, it } from 'vitest';
import { startProduct, type Product } from '../harness.ts';
import { startAskingUpstream } from '../upstreams/asking.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';
import { startEverything } from '../upstreams/everything.ts';
import { startHostileUpstream } from '../upstreams/hostile.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let healthy: EchoUpstream;

beforeAll(async () => {
  product = stack.use(await startProduct());
  healthy = stack.use(await startEchoUpstream({ tools: ['healthy'] }));
  await product.addServer({ slug: 'healthy', url: healthy.url });
  expect(await product.toolNames()).toContain('healthy');
});
afterAll(() => stack.disposeAsync());

it('[REG-04] serves what it knows while a server that never answered is tried again and again', async () => {
  await using hostile = await startHostileUpstream();
  await product.addServer({ slug: 'silent', url: hostile.urlAlways('hang') });
  await product.rpc({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
  let slowest = 0;
  for (const until = performance.now() + 12_000; performance.now() < until;) {
    const started = performance.now();
    expect((await product.call('healthy')).message.error).toBeUndefined();
    slowest = Math.max(slowest, performance.now() - started);
  }
  expect(slowest).toBeLessThan(1_000);
}, 30_000);

it('finds a server again that was restarted and answers 400 for the session it has forgotten', async () => {
  const first = await startEverything();
  const { port } = new URL(first.url);
  await product.addServer({ slug: 'everything', url: first.url });
  const sum = { name: 'get-sum', args: { a: 1, b: 2 } };
  expect((await product.call(sum.name, sum.args, { server: 'everything' })).message.error).toBeUndefined();
  await first[Symbol.asyncDispose]();
  await using _again = await startEverything(Number(port));
  await expect
    .poll(async () => (await product.call(sum.name, sum.args, { server: 'everything' })).message.error, {
      timeout: 8_000,
    })
    .toBeUndefined();
}, 30_000);

it('[GW-05] answers what an upstream asks before it answers, also when every slot is taken', async () => {
  await using asking = await startAskingUpstream();
  await product.addServer({ slug: 'asking', url: asking.url, limits: { concurrency: 2, deadlineMs: 3_000 } });
  const answers = await Promise.all([1, 2, 3, 4].map(() => product.call('ask', {}, { server: 'asking' })));
  for (const { message } of answers) expect(message.result?.['structuredContent']).toEqual({ pong: {} });
});
