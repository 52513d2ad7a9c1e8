import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callRows, journalLines } from '../books.ts';
import { bootstrapData, spawnProduct, until, type ProductData, type SpawnedProduct } from '../harness.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';
import { mountSmallDisk, noSmallDisk, type SmallDisk } from './small-disk.ts';
import { verifyFolder } from './proof.ts';
import { metric, readiness, secondWorkspace } from './watch.ts';

const stack = new AsyncDisposableStack();
let data: ProductData;
let disk: SmallDisk;
let product: SpawnedProduct;
let upstream: EchoUpstream;
/** A workspace that requires proof; the first one does not. */
let strict: { workspace: string; token: string };

describe.skipIf(noSmallDisk !== undefined)(`a data folder on a full disk (${noSmallDisk ?? 'a small one'})`, () => {
  beforeAll(async () => {
    using made = await bootstrapData();
    const dir = mkdtempSync(join(tmpdir(), 'mcpnest-small-'));
    stack.defer(() => rmSync(dir, { recursive: true, force: true }));
    disk = stack.use(mountSmallDisk(dir, '6m'));
    cpSync(made.dir, dir, { recursive: true });
    data = { ...made, dir, [Symbol.dispose]: () => undefined };
    product = await spawnProduct({ data });
    stack.defer(() => product.kill());
    upstream = stack.use(await startEchoUpstream());
    await product.addServer({ slug: 'echo', url: upstream.url });
    strict = await secondWorkspace(product, { slug: 'echo', url: upstream.url });
  });
  afterAll(() => stack.disposeAsync());

  const callStrict = () => product.call('echo', {}, strict);
  const change = () => product.client.tokens.issue({ params: { workspace: data.workspace }, body: { label: 'x' } });

  it('[AUD-04][NFR-02] stops strict calls, counts available ones, refuses changes with a remedy, says so, and recovers by itself', async () => {
    expect((await product.call('echo')).status).toBe(200);
    expect((await callStrict()).status).toBe(200);
    disk.fill();

    // The last page of the journal's file may still have room for some records.
    await until('the journal is full', async () => (await callStrict()).status === 503, 10_000);
    const seen = upstream.calls().length;
    const started = performance.now();
    const refused = await callStrict();
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(refused).toMatchObject({
      status: 503,
      message: { error: { message: expect.stringMatching(/audit/i) as string } },
    });
    expect(upstream.calls().length).toBe(seen);

    let uncounted = 0;
    for (let i = 0; i < 20; i++) {
      expect((await product.call('echo')).status).toBe(200);
      uncounted++;
    }
    expect(upstream.calls().length).toBe(seen + uncounted);

    await expect(change()).rejects.toMatchObject({
      problem: { status: 503, code: 'unavailable', detail: expect.stringContaining('Make room') as string },
    });
    const { items } = await product.client.servers.list({ params: { workspace: data.workspace } });
    expect(items).toHaveLength(1);

    expect(await readiness(product)).toEqual({ status: 503, reasons: ['journal'] });
    expect(await metric(product, 'mcpnest_journal_ok')).toBe(0);
    expect(await metric(product, 'mcpnest_journal_gaps_total')).toBeGreaterThanOrEqual(uncounted);
    expect(product.output()).toContain('ENOSPC');

    disk.free();
    await until('strict calls are served again', async () => (await callStrict()).status === 200, 10_000);
    expect(await readiness(product)).toEqual({ status: 200, reasons: [] });
    await change();
    const rows = await callRows(data.dir);
    const gaps = journalLines(data.dir).filter((line) => line.kind === 'gap');
    const lostCalls = Number(gaps.at(-1)!['lostCalls']);
    expect(lostCalls).toBeGreaterThanOrEqual(uncounted);
    expect(gaps.at(-1)).toMatchObject({ reason: 'ENOSPC', mac: expect.any(String) as string });
    // What reached the upstream is in a row or in the count, and nothing else is.
    expect(rows.filter((row) => row.dispatched === 1).length + lostCalls).toBe(upstream.calls().length);
    expect(verifyFolder(data.dir)).toMatchObject({ firstBad: undefined });
  }, 60_000);

  it('[NFR-02] refuses to start there and names the remedy, and starts when there is room', async () => {
    await product[Symbol.asyncDispose]();
    disk.fill();
    await expect(spawnProduct({ data })).rejects.toThrow(/make room|Make room/);
    disk.free();
    product = await spawnProduct({ data });
    expect((await callStrict()).status).toBe(200);
    expect(verifyFolder(data.dir)).toMatchObject({ firstBad: undefined });
  }, 60_000);

  it('[NFR-02] refuses to start on a disk that is read-only and names the remedy, and starts when it can be written', async () => {
    await product[Symbol.asyncDispose]();
    disk.setReadOnly(true);
    await expect(spawnProduct({ data })).rejects.toThrow(/cannot be written.*MCPNEST_DATA_DIR/);
    disk.setReadOnly(false);
    product = await spawnProduct({ data });
    expect((await callStrict()).status).toBe(200);
    expect(await readiness(product)).toEqual({ status: 200, reasons: [] });
  }, 60_000);
});
