import { linkSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callRows, journalLines } from '../books.ts';
import { bootstrapData, spawnProduct, until, type ProductData, type SpawnedProduct } from '../harness.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';
import { verifyFolder } from './proof.ts';
import { metric, readiness } from './watch.ts';

const stack = new AsyncDisposableStack();
let upstream: EchoUpstream;
let data: ProductData;
let file: string;
let product: SpawnedProduct;

beforeAll(async () => {
  upstream = stack.use(await startEchoUpstream());
  data = stack.use(await bootstrapData());
  file = join(data.dir, 'mcpnest.db');
  product = await spawnProduct({ data });
  stack.defer(() => product.kill());
  await product.addServer({ slug: 'echo', url: upstream.url });
});
afterAll(() => stack.disposeAsync());

const params = () => ({ workspace: data.workspace });
let labels = 0;
/** A change of the control plane. @returns the label by which it can be found again */
async function change(): Promise<string> {
  const label = `change-${++labels}`;
  await product.client.tokens.issue({ params: params(), body: { label } });
  return label;
}
const holds = async (label: string): Promise<boolean> =>
  (await product.client.tokens.list({ params: params() })).items.some((token) => token.label === label);

/** Calls are served and recorded; changes and `readyz` say what is the matter. */
async function isNoticed(remedy: RegExp): Promise<void> {
  await expect(change()).rejects.toMatchObject({
    problem: { status: 503, code: 'unavailable', detail: expect.stringMatching(remedy) as string },
  });
  expect(await readiness(product)).toMatchObject({
    status: 503,
    reasons: [expect.stringMatching(/^database file .*restart$/) as string],
  });
  expect(await metric(product, 'mcpnest_database_ok')).toBe(0);
  const before = journalLines(data.dir).filter((line) => line.kind === 'intent').length;
  expect((await product.call('echo')).status).toBe(200);
  await until(
    'the call is in the journal',
    async () => journalLines(data.dir).filter((line) => line.kind === 'intent').length > before,
  );
}

/** Everything is served, and every call that was ever made has its row. */
async function isWell(): Promise<void> {
  expect((await product.call('echo')).status).toBe(200);
  expect(await readiness(product)).toEqual({ status: 200, reasons: [] });
  const rows = await callRows(data.dir);
  expect(rows.filter((row) => row.dispatched === 1)).toHaveLength(upstream.calls().length);
  expect(verifyFolder(data.dir)).toMatchObject({ firstBad: undefined, lost: 0 });
}

describe('under a running server', () => {
  it('[AUD-04][NFR-02] a deleted database file is noticed; put back, everything goes on', async () => {
    const label = await change();
    linkSync(file, `${file}.kept`);
    rmSync(file);
    await isNoticed(/Put it back/);
    renameSync(`${file}.kept`, file);
    await until('it is ready again', async () => (await readiness(product)).status === 200);
    expect(await holds(label)).toBe(true);
    await isWell();
  });

  it.each(['wal', 'shm'])(
    '[AUD-04][NFR-02] a deleted -%s file is noticed; after a restart nothing is missing',
    async (kind) => {
      const label = await change();
      rmSync(`${file}-${kind}`);
      await isNoticed(/Restart MCPNest/);
      await product[Symbol.asyncDispose]();
      product = await spawnProduct({ data });
      expect(await holds(label)).toBe(true);
      await isWell();
    },
  );
});

describe('while it is stopped', () => {
  it('[NFR-02] refuses to start without its database file, and starts when it is back', async () => {
    await product[Symbol.asyncDispose]();
    renameSync(file, `${file}.kept`);
    await expect(spawnProduct({ data })).rejects.toThrow(/mcpnest\.db is gone.*Restore it from a backup/);
    await expect(spawnProduct({ data })).rejects.toThrow(/mcpnest\.db is gone/);
    renameSync(`${file}.kept`, file);
    product = await spawnProduct({ data });
    await isWell();
  });

  it.each(['shm', 'wal'])(
    '[AUD-04][NFR-02] starts without its -%s file after kill -9, and the journal fills in every call',
    async (kind) => {
      const label = await change();
      expect((await product.call('echo')).status).toBe(200);
      await product.kill();
      rmSync(`${file}-${kind}`);
      product = await spawnProduct({ data });
      // The log holds what was committed last; the calls of it are in the journal, too, changes of settings are not.
      if (kind === 'shm') expect(await holds(label)).toBe(true);
      await isWell();
    },
  );
});
