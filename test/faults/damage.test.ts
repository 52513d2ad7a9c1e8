import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { journalLines, readRows, type CallRow } from '../books.ts';
import { bootstrapData, spawnProduct, until, type ProductData } from '../harness.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';
import { extent, progress, randomFrom, seed } from './extent.ts';
import { verifyFolder } from './proof.ts';
import { metric, readiness } from './watch.ts';

const stack = new AsyncDisposableStack();
const env = { MCPNEST_LOG_LEVEL: 'warn' };
const random = randomFrom(seed);
let data: ProductData;
let upstream: EchoUpstream;
let journal: string;

beforeAll(async () => {
  data = stack.use(await bootstrapData());
  journal = join(data.dir, 'journal');
  upstream = stack.use(await startEchoUpstream());
  await using product = await spawnProduct({ data });
  await product.addServer({ slug: 'echo', url: upstream.url });
});
afterAll(() => stack.disposeAsync());

/** One life of the server: some calls, each with its row, and then kill -9. */
async function live(): Promise<{ damaged: number; output: string }> {
  await using product = await spawnProduct({ data, env });
  for (let i = 0; i < 3 + random() * 10; i++) expect((await product.call('echo')).status).toBe(200);
  expect(await readiness(product)).toEqual({ status: 200, reasons: [] });
  let rows: readonly CallRow[] = [];
  const seen = upstream.calls().length;
  await until('every call has its row', async () => (rows = readRows(data.dir)).length >= seen, 10_000);
  expect(rows.map((row) => row.dispatched)).toEqual(Array.from({ length: seen }, () => 1));
  expect(new Set(rows.map((row) => row.id)).size).toBe(rows.length);
  const damaged = await metric(product, 'mcpnest_journal_damaged');
  await product.kill();
  return { damaged, output: product.output() };
}

const segments = (): string[] =>
  readdirSync(journal)
    .filter((name) => name.endsWith('.jsonl'))
    .sort();

const tornTails = extent(2, 25);
it(
  `[AUD-03][NFR-02] starts after any number of bytes is cut off its journal, ${tornTails} times, and says what it repaired (seed ${seed})`,
  async () => {
    await live();
    for (let round = 1; round <= tornTails; round++) {
      const last = join(journal, segments().at(-1)!);
      const { size } = statSync(last);
      const whole = readFileSync(last, 'utf8');
      const left = Math.floor(random() * size);
      truncateSync(last, left);
      const { damaged, output } = await live();
      expect(damaged).toBe(0);
      const torn = left > 0 && whole[left - 1] !== '\n';
      expect(output.includes('a torn tail was cut off')).toBe(torn);
      const starts = journalLines(data.dir).filter((line) => line.kind === 'epoch');
      expect(starts.at(-1)!['repaired'] !== null).toBe(torn);
      expect(verifyFolder(data.dir)).toMatchObject({ firstBad: undefined, lost: 0 });
      if (round % 5 === 0) progress(`${round} of ${tornTails} torn tails`);
    }
  },
  extent(120_000, 240_000),
);

const flips = extent(2, 25);
it(
  `[AUD-03][NFR-02] starts with any bit of its journal flipped, ${flips} times; the check names the record (seed ${seed})`,
  async () => {
    await live();
    for (let round = 1; round <= flips; round++) {
      const names = segments();
      const name = names[Math.floor(random() * names.length)]!;
      const path = join(journal, name);
      const sound = readFileSync(path);
      if (sound.length === 0) continue;
      const at = Math.floor(random() * sound.length);
      const bytes = Buffer.from(sound);
      bytes[at]! ^= 1 << Math.floor(random() * 8);
      writeFileSync(path, bytes);
      const line = sound.subarray(0, at).toString('latin1').split('\n').length;
      const { firstBad } = verifyFolder(data.dir);
      expect(firstBad, `byte ${at} of ${name}`).toMatchObject({ segment: name, line });
      const { damaged, output } = await live();
      // What earlier runs wrote is read as far as the start needs it: their last segment.
      if (name === names.at(-1)) {
        expect(damaged, `byte ${at} of ${name}`).toBe(1);
        expect(output).toMatch(/a record of an earlier run is damaged|a torn tail was cut off/);
      }
      // A last record that is damaged is cut off and kept beside; all else stays as it is, for us to mend.
      if (statSync(path).size === sound.length) writeFileSync(path, sound);
      if (round % 5 === 0) progress(`${round} of ${flips} flipped bits`);
    }
  },
  extent(120_000, 240_000),
);
