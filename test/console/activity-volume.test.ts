import { afterAll, beforeAll, expect, it } from 'vitest';
import { countSeed, seedCalls } from '../../packages/server/src/control/records/seed.contract.ts';
import { openParts } from '../harness.ts';
import { startConsoleBench } from './harness.ts';
import type { ConsoleBench } from './harness.ts';

/** Rows on record; all of them can be scrolled to. */
const rows = 100_000;
/** Rows that are read into the page here; `MCPNEST_TEST_ROWS=100000` reads them all. */
const read = Math.min(rows, Number(process.env['MCPNEST_TEST_ROWS'] ?? 10_000));

const stack = new AsyncDisposableStack();
let bench: ConsoleBench;

beforeAll(async () => {
  bench = stack.use(await startConsoleBench());
  const { product } = bench;
  await using parts = await openParts(product.dataDir);
  const { db } = parts.database;
  const workspace = await db
    .selectFrom('gateway_workspaces')
    .select('id')
    .where('slug', '=', product.workspace)
    .executeTakeFirstOrThrow();
  const tokens = await db.selectFrom('gateway_tokens').select('id').execute();
  const lastDay = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  // The seed picks among several; one token may stand for two.
  const callers = [...tokens, ...tokens].map(({ id }) => ({ id, memberId: null, kind: 'workspace' }));
  const spread = { days: 5, lastDay, servers: 30, toolsPerServer: 10 };
  await seedCalls(db, { workspaceId: workspace.id, rows, tokens: callers, ...spread });
  await countSeed(db);
});
afterAll(() => stack.disposeAsync());

it(`scrolls through ${read} of ${rows} calls without a frame that stutters`, async () => {
  await using opened = await bench.open();
  const { page, visit, faults } = opened;
  await visit(`/workspaces/${bench.product.workspace}/activity`);
  const grid = page.getByRole('grid', { name: 'Calls' });
  await grid.getByRole('row').nth(1).waitFor();
  await page.getByRole('group', { name: 'Server' }).getByRole('button').first().waitFor();
  // Read on as far as wanted by staying at the end.
  await page.waitForFunction(
    (wanted) => {
      const element = document.querySelector('[role="grid"]')!;
      element.scrollTop = element.scrollHeight;
      return Number(element.getAttribute('aria-rowcount')) - 1 >= wanted;
    },
    read,
    { timeout: 240_000, polling: 'raf' },
  );
  const { frames, longest, late, drawn } = await page.evaluate(async () => {
    const element = document.querySelector('[role="grid"]')!;
    const times: number[] = [];
    let drawnRows = 0;
    element.scrollTop = 0;
    // Some 25,000 pixels a second, as a wheel that is spun.
    const step = 400;
    let last = await new Promise<number>(requestAnimationFrame);
    for (let frame = 0; frame < 100; frame++) {
      element.scrollTop += step;
      const now = await new Promise<number>(requestAnimationFrame);
      times.push(now - last);
      last = now;
      drawnRows = Math.max(drawnRows, element.querySelectorAll('[data-index]').length);
    }
    times.sort((a, b) => a - b);
    return {
      frames: times[50],
      longest: times.at(-1)!,
      late: times.filter((time) => time > 100).length,
      drawn: drawnRows,
    };
  });
  process.stdout.write(
    `    ${read} rows: median frame ${frames.toFixed(1)} ms, longest ${longest.toFixed(1)} ms, ${late} over 100 ms\n`,
  );
  // Only what is in sight exists, however many rows there are; the limits leave room for a busy machine.
  expect(drawn).toBeLessThan(60);
  expect(frames).toBeLessThan(50);
  expect(late).toBeLessThanOrEqual(10);
  expect(faults).toEqual([]);
}, 300_000);
