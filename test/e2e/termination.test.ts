import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callRows } from '../books.ts';
import { bootstrapData, spawnProduct, type ProductData } from '../harness.ts';
import { send } from '../http.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let data: ProductData;
let upstream: EchoUpstream;

beforeAll(async () => {
  data = stack.use(await bootstrapData());
  upstream = stack.use(await startEchoUpstream({ delayMs: 5 }));
  await using product = await spawnProduct({ data });
  await product.addServer({ slug: 'echo', url: upstream.url });
});
afterAll(() => stack.disposeAsync());

describe('SIGTERM', () => {
  it('stops being ready at once, lets calls in flight end, flushes, and exits with 0', async () => {
    upstream.set({ delayMs: 1_500 });
    const product = await spawnProduct({ data });
    const open = product.call('echo', { slow: true });
    await sleep(300);
    const exited = new Promise<number | null>((resolve) => product.child.once('exit', (code) => resolve(code)));
    product.child.kill('SIGTERM');
    await sleep(200);
    const ready = await send(`${product.url}/readyz`, { method: 'GET' }).then(
      ({ status }) => status,
      () => 'refused',
    );
    expect([503, 'refused']).toContain(ready);
    const answer = await open;
    expect(answer.message.error).toBeUndefined();
    expect(await exited).toBe(0);
    upstream.set({ delayMs: 0 });
    const again = await spawnProduct({ data });
    const rows = await callRows(data.dir);
    expect(rows.at(-1)).toMatchObject({ outcome: 'ok', dispatched: 1 });
    await again[Symbol.asyncDispose]();
  }, 30_000);
});

describe('a second process on the same data folder', () => {
  it('is refused, and the first goes on', async () => {
    const first = await spawnProduct({ data });
    await expect(spawnProduct({ data })).rejects.toThrow(/ended before it was ready/);
    expect((await first.call('echo')).status).toBe(200);
    await first[Symbol.asyncDispose]();
  }, 30_000);
});
