import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callRows, readRows } from '../books.ts';
import { bootstrapData, spawnProduct, until, type ProductData, type SpawnedProduct } from '../harness.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';
import { long } from './extent.ts';
import { verifyFolder } from './proof.ts';
import { readiness } from './watch.ts';

const dayMs = 86_400_000;
const daysKept = 100;
const rowsPerDay = 5;
const preload = fileURLToPath(new URL('./preload/clock.ts', import.meta.url));

const stack = new AsyncDisposableStack();
let data: ProductData;
let upstream: EchoUpstream;
/** Expires in an hour of true time. */
let brief: string;
let folder: string;
let setClock: (offsetMs: number) => void;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mcpnest-clock-'));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  setClock = (offset) => writeFileSync(join(folder, 'offset'), String(Math.round(offset)));
  setClock(0);
  upstream = stack.use(await startEchoUpstream());
  data = stack.use(await bootstrapData());
  await using product = await spawnProduct({ data });
  await product.addServer({ slug: 'echo', url: upstream.url });
  const params = { workspace: product.workspace };
  // Rows older than the default, and nothing due to go on the day they were made.
  await product.client.workspaces.update({ params, body: { settings: { retentionDays: 365 } } });
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  brief = (await product.client.tokens.issue({ params, body: { label: 'brief', expiresAt } })).secret;
  expect((await product.call('echo')).status).toBe(200);
  await product.calls();
});
afterAll(() => stack.disposeAsync());

/** A copy of the data folder with a row for every few hours of the last hundred days. */
function withPast(): ProductData {
  const dir = mkdtempSync(join(folder, 'data-'));
  cpSync(data.dir, dir, { recursive: true });
  using database = new DatabaseSync(join(dir, 'mcpnest.db'));
  const [row] = readRows(dir);
  const columns = Object.keys(row!);
  const insert = database.prepare(
    `insert into mcp_tool_calls (${columns.join()}) values (${columns.map(() => '?').join()})`,
  );
  for (let i = 1; i <= daysKept * rowsPerDay; i++) {
    const created_at = new Date(Date.now() - (i * dayMs) / rowsPerDay).toISOString();
    const past = { ...row!, id: `past-${i}`, created_at, node: 'past', epoch: 1, seq: i };
    insert.run(...columns.map((column) => past[column as 'id']));
  }
  return { ...data, dir, [Symbol.dispose]: () => undefined };
}

const start = (dir: ProductData): Promise<SpawnedProduct> =>
  spawnProduct({
    data: dir,
    env: {
      NODE_OPTIONS: `--import=${preload}`,
      MCPNEST_TEST_CLOCK: join(folder, 'offset'),
      MCPNEST_LOG_LEVEL: 'info',
    },
  });

const year2099 = Date.UTC(2099, 0, 15) - Date.now();
const past = (dir: string): number => readRows(dir).filter((row) => row.id.startsWith('past-')).length;
const everything = daysKept * rowsPerDay;
const atMostTwoDays = everything - 2 * rowsPerDay - 1;
const retentionRan = /rows past their retention were deleted|no rows were deleted/;

describe('a server that is started with the clock', () => {
  it.each([
    ...(long ? [{ said: 'a day ahead', offset: dayMs, expired: true }] : []),
    { said: 'a day behind', offset: -dayMs, expired: false },
    { said: 'in 2099', offset: year2099, expired: true },
  ])(
    '[AUD-03][NFR-03] $said serves and records, keeps its rows, and refuses what is past its end',
    async ({ offset, expired }) => {
      const dir = withPast();
      setClock(offset);
      {
        await using product = await start(dir);
        expect((await product.call('echo')).status).toBe(200);
        expect((await product.call('echo', {}, { token: brief })).status).toBe(expired ? 401 : 200);
        expect(await readiness(product)).toEqual({ status: 200, reasons: [] });
        const rows = await callRows(dir.dir);
        const told = new Date(Date.now() + offset).toISOString().slice(0, 10);
        expect(rows.some((row) => String(row['created_at']).startsWith(told))).toBe(true);
        if (offset > dayMs || offset < 0)
          await until('retention has had its turn', async () => retentionRan.test(product.output()), 10_000);
      }
      expect(past(dir.dir)).toBeGreaterThanOrEqual(atMostTwoDays);
      // Another start on the same day takes no more, nor does one with the clock put right.
      const left = past(dir.dir);
      setClock(0);
      {
        await using product = await start(dir);
        expect((await product.call('echo', {}, { token: brief })).status).toBe(200);
        expect(await readiness(product)).toEqual({ status: 200, reasons: [] });
        await callRows(dir.dir);
        await sleep(300);
      }
      expect(past(dir.dir)).toBe(left);
      expect(verifyFolder(dir.dir)).toMatchObject({ firstBad: undefined, lost: 0 });
    },
    40_000,
  );
});

describe('a clock that is set while the server runs', () => {
  it('[AUD-03][NFR-03] loses no call and no row, and ends no process', async () => {
    const dir = withPast();
    setClock(0);
    await using product = await start(dir);
    const seen = upstream.calls().length - 1;
    for (const offset of [dayMs, -dayMs, year2099, 0]) {
      setClock(offset);
      await sleep(120);
      for (let i = 0; i < 5; i++) expect((await product.call('echo')).status).toBe(200);
      const late = offset > 0;
      expect((await product.call('echo', {}, { token: brief })).status, `${offset}`).toBe(late ? 401 : 200);
      expect(await readiness(product)).toEqual({ status: 200, reasons: [] });
    }
    const rows = (await callRows(dir.dir)).filter((row) => !row.id.startsWith('past-') && row.dispatched === 1);
    expect(rows).toHaveLength(upstream.calls().length - seen);
    expect(past(dir.dir)).toBe(everything);
    expect(product.child.exitCode).toBeNull();
    expect(verifyFolder(dir.dir)).toMatchObject({ firstBad: undefined, lost: 0 });
  }, 90_000);
});
