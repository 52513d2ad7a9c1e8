import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { callRows, journalLines } from '../books.ts';
import { bootstrapData, spawnProduct, until, type ProductData, type SpawnedProduct } from '../harness.ts';
import { send } from '../http.ts';
import { extent, progress, randomFrom, seed } from './extent.ts';
import { startLedgerUpstream, type LedgerUpstream } from './ledger-upstream.ts';
import { verifyFolder } from './proof.ts';
import { newTrace } from './traces.ts';
import { setAuditMode } from './watch.ts';

const stack = new AsyncDisposableStack();
let data: ProductData;
let upstream: LedgerUpstream;
beforeAll(async () => {
  data = stack.use(await bootstrapData());
  upstream = stack.use(await startLedgerUpstream('both', ['read']));
});
afterAll(() => stack.disposeAsync());

const rounds = extent(5, 50);
const callers = 16;

/** Callers that go on until told to stop; traces of the calls answered, in order, and of those that were not. */
function load(product: SpawnedProduct, count: number) {
  const answered: string[] = [];
  const lost = new Set<string>();
  const agent = new Agent({ keepAlive: true });
  let going = true;
  const run = async (): Promise<void> => {
    while (going) {
      const { id, parent } = newTrace();
      const params = { name: 'read', arguments: {}, _meta: { traceparent: parent } };
      await send(product.gateway(), {
        headers: { authorization: `Bearer ${product.workspaceToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
        agent,
      }).then(
        () => answered.push(id),
        () => lost.add(id),
      );
    }
  };
  const all = Promise.all(Array.from({ length: count }, run));
  return {
    answered,
    lost,
    async stop() {
      going = false;
      await all;
      agent.destroy();
    },
  };
}

it(
  `[AUD-01][AUD-03][NFR-01] survives ${rounds} kill -9 under load: every call the upstream saw has one row, and only calls in flight are unknown (seed ${seed})`,
  async () => {
    const random = randomFrom(seed);
    const inFlight = new Set<string>();
    const readyAfter: number[] = [];
    let answered = 0;
    for (let round = 1; round <= rounds; round++) {
      const product = await spawnProduct({ data });
      readyAfter.push(product.readyAfterMs);
      if (round === 1) {
        await product.addServer({ slug: 'ledger', url: upstream.url });
        const none = { principalPerMinute: null, workspacePerMinute: null };
        await product.client.workspaces.update({
          params: { workspace: product.workspace },
          body: { settings: { limits: none } },
        });
      }
      await setAuditMode(product, round % 2 === 0 ? 'available' : 'strict');
      const running = load(product, callers);
      await until('calls are answered', async () => running.answered.length > 0, 10_000);
      await sleep(random() * 400);
      await product.kill();
      await running.stop();
      answered += running.answered.length;
      for (const trace of running.lost) inFlight.add(trace);
      // An outcome is written in the turn after its answer leaves, and each caller has one call in a turn.
      for (const trace of running.answered.slice(-2 * callers)) inFlight.add(trace);
      if (round % 10 === 0) progress(`${round} of ${rounds} kills, ${upstream.book.size} calls at the upstream`);
    }

    await using last = await spawnProduct({ data });
    readyAfter.push(last.readyAfterMs);
    // The middle one: a single start may have had to share its processor with anything.
    readyAfter.sort((a, b) => a - b);
    expect(readyAfter[Math.floor(readyAfter.length / 2)]).toBeLessThan(5_000);
    const rows = await callRows(data.dir);
    expect(new Set(rows.map((row) => row.id)).size).toBe(rows.length);
    const byTrace = Map.groupBy(rows, (row) => String(row['trace_id']));
    const dispatched = new Set(rows.filter((row) => row.dispatched === 1).map((row) => String(row['trace_id'])));
    expect(upstream.twice).toEqual([]);
    expect(upstream.book.size).toBeGreaterThanOrEqual(answered);
    expect([...upstream.book.keys()].filter((trace) => !dispatched.has(trace))).toEqual([]);
    expect([...byTrace].filter(([, mine]) => mine.length > 1)).toEqual([]);

    const unknown = rows.filter((row) => row.outcome === 'unknown');
    expect(unknown.length).toBeGreaterThan(0);
    expect(unknown.filter((row) => !inFlight.has(String(row['trace_id'])))).toEqual([]);
    expect(rows.filter((row) => row.outcome !== 'ok' && row.outcome !== 'unknown')).toEqual([]);

    for (const [epoch, records] of Map.groupBy(journalLines(data.dir), (line) => line.epoch))
      expect(
        records.map((line) => line.seq),
        `epoch ${epoch}`,
      ).toEqual(records.map((_, i) => i + 1));
    expect(verifyFolder(data.dir)).toMatchObject({ firstBad: undefined, lost: 0 });
    progress(
      `${rows.length} rows, ${unknown.length} unknown, ready after at most ${Math.round(readyAfter.at(-1)!)} ms`,
    );
  },
  extent(120_000, 400_000),
);
