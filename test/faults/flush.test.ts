import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { callRows, journalLines } from '../books.ts';
import { bootstrapData, spawnProduct, until, type ProductData, type SpawnedProduct } from '../harness.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';
import { verifyFolder } from './proof.ts';
import { metric, readiness, secondWorkspace } from './watch.ts';

const stack = new AsyncDisposableStack();
let data: ProductData;
let product: SpawnedProduct;
let upstream: EchoUpstream;
let strict: { workspace: string; token: string };
/** What the disk is to do at each flush. */
let disk: (order: '' | 'hold' | `fail ${string}` | `slow ${number}`) => void;

beforeAll(async () => {
  data = stack.use(await bootstrapData());
  const folder = mkdtempSync(join(tmpdir(), 'mcpnest-flush-'));
  stack.defer(() => rmSync(folder, { recursive: true }));
  const orders = join(folder, 'orders');
  disk = (order) => writeFileSync(orders, order);
  disk('');
  const preload = fileURLToPath(new URL('./preload/flush.ts', import.meta.url));
  product = stack.use(
    await spawnProduct({ data, env: { NODE_OPTIONS: `--import=${preload}`, MCPNEST_TEST_FLUSH: orders } }),
  );
  upstream = stack.use(await startEchoUpstream());
  await product.addServer({ slug: 'echo', url: upstream.url });
  strict = await secondWorkspace(product, { slug: 'echo', url: upstream.url });
  expect((await product.call('echo')).status).toBe(200);
});
afterAll(() => stack.disposeAsync());

const callStrict = () => product.call('echo', {}, strict);

/** Milliseconds a call takes that must succeed. */
async function timed(work: () => Promise<{ status: number }>): Promise<number> {
  const started = performance.now();
  expect((await work()).status).toBe(200);
  return performance.now() - started;
}

it('[AUD-04][NFR-02] a slow flush makes strict calls wait for it, holds up no other, and loses nothing', async () => {
  disk('slow 400');
  const [proven, ...others] = await Promise.all([
    timed(callStrict),
    ...Array.from({ length: 10 }, () => timed(() => product.call('echo'))),
  ]);
  expect(proven).toBeGreaterThan(350);
  expect(Math.max(...others)).toBeLessThan(350);
  await until('the slow flush shows', async () => (await metric(product, 'mcpnest_journal_flush_seconds')) > 0.35);
  expect(await readiness(product)).toEqual({ status: 200, reasons: [] });
  disk('');
  expect(await timed(callStrict)).toBeLessThan(1_000);
});

it('[AUD-04][NFR-02] a flush that does not end refuses strict calls within seconds, records the others, and says so', async () => {
  disk('hold');
  const seen = upstream.calls().length;
  const started = performance.now();
  expect((await callStrict()).status).toBe(503);
  expect(performance.now() - started).toBeLessThan(4_000);
  const again = performance.now();
  expect((await callStrict()).status).toBe(503);
  expect(performance.now() - again).toBeLessThan(1_000);
  expect(upstream.calls().length).toBe(seen);
  expect((await product.call('echo')).status).toBe(200);
  expect(await readiness(product)).toEqual({ status: 503, reasons: ['journal'] });
  expect(await metric(product, 'mcpnest_journal_ok')).toBe(0);
  expect(product.output()).toContain('a flush to disk does not end');
  disk('');
  await until('strict calls are served again', async () => (await callStrict()).status === 200, 10_000);
  expect(await readiness(product)).toEqual({ status: 200, reasons: [] });
  expect(await metric(product, 'mcpnest_journal_gaps_total')).toBe(0);
  const rows = await callRows(data.dir);
  expect(rows.filter((row) => row.outcome === 'refused')).toHaveLength(1);
  expect(rows.filter((row) => row.dispatched === 1)).toHaveLength(upstream.calls().length);
}, 60_000);

it('[AUD-04][NFR-02] a failing flush refuses strict calls, counts the others, says so, and the segment is never believed again', async () => {
  expect((await callStrict()).status).toBe(200);
  disk('fail EIO');
  const started = performance.now();
  const seen = upstream.calls().length;
  const refused = await callStrict();
  expect(refused.status).toBe(503);
  expect(performance.now() - started).toBeLessThan(1_000);
  expect(upstream.calls().length).toBe(seen);
  for (let i = 0; i < 10; i++) expect((await product.call('echo')).status).toBe(200);
  expect(upstream.calls().length).toBe(seen + 10);
  expect(await readiness(product)).toEqual({ status: 503, reasons: ['journal'] });
  expect(await metric(product, 'mcpnest_journal_ok')).toBe(0);

  disk('');
  await until('strict calls are served again', async () => (await callStrict()).status === 200, 10_000);
  expect(await readiness(product)).toEqual({ status: 200, reasons: [] });
  const rows = await callRows(data.dir);
  const gaps = journalLines(data.dir).filter((line) => line.kind === 'gap');
  expect(gaps.some((gap) => gap['sealed'] !== null)).toBe(true);
  const lostCalls = Number(gaps.at(-1)!['lostCalls']);
  expect(rows.filter((row) => row.dispatched === 1).length + lostCalls).toBe(upstream.calls().length);
  expect(verifyFolder(data.dir)).toMatchObject({ firstBad: undefined, lost: lostCalls });
}, 60_000);
