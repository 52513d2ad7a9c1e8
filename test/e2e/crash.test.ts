import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callRows, journalLines } from '../books.ts';
import { bootstrapData, spawnProduct, type ProductData, type SpawnedProduct } from '../harness.ts';
import { send } from '../http.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let data: ProductData;
let upstream: EchoUpstream;

beforeAll(async () => {
  data = stack.use(await bootstrapData());
  upstream = stack.use(await startEchoUpstream({ delayMs: 5 }));
});
afterAll(() => stack.disposeAsync());

/** A call that can be told from all others, on the wire and in the records, by its trace. */
function traced(product: SpawnedProduct, args: unknown): ReturnType<SpawnedProduct['rpc']> {
  const _meta = { traceparent: `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01` };
  return product.rpc({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: args, _meta } });
}

/** Traces of the calls the upstream saw. */
const seenTraces = (): string[] =>
  upstream.calls().flatMap(({ params }) => {
    const parent = (params['_meta'] as { traceparent?: string } | undefined)?.traceparent;
    return parent === undefined ? [] : [parent.split('-')[1]!];
  });

/** Callers that go on until told to stop; every answer and every lost connection is counted. */
function load(
  product: SpawnedProduct,
  callers: number,
): { stop(): Promise<{ sent: number; answered: number; lost: number }> } {
  const count = { sent: 0, answered: 0, lost: 0 };
  let going = true;
  const run = async (): Promise<void> => {
    while (going) {
      count.sent++;
      await traced(product, { n: count.sent }).then(
        () => count.answered++,
        () => count.lost++,
      );
    }
  };
  const all = Promise.all(Array.from({ length: callers }, run));
  return {
    async stop() {
      going = false;
      await all;
      return count;
    },
  };
}

describe('kill -9 under load', () => {
  it('[AUD-01][AUD-03] leaves the record of every call the upstream saw, and serves again within five seconds', async () => {
    const rounds = 5;
    for (let round = 0; round < rounds; round++) {
      const product = await spawnProduct({ data });
      expect(product.readyAfterMs).toBeLessThan(5_000);
      if (round === 0) await product.addServer({ slug: 'echo', url: upstream.url });
      expect((await product.call('echo')).status).toBe(200);
      const running = load(product, 8);
      await sleep(200 + Math.random() * 300);
      await product.kill();
      const { sent, answered, lost } = await running.stop();
      expect(sent).toBe(answered + lost);
      expect(answered).toBeGreaterThan(5);
    }
    await sleep(100);
    const seen = seenTraces();
    const lines = journalLines(data.dir);
    const intents = lines.filter((line) => line.kind === 'intent');
    const recorded = new Set(intents.map((line) => line['traceId']));
    expect(seen.length).toBeGreaterThan(rounds * 5);
    expect(seen.filter((trace) => !recorded.has(trace))).toEqual([]);

    const last = await spawnProduct({ data });
    expect(last.readyAfterMs).toBeLessThan(5_000);
    const rows = await callRows(data.dir);
    const ids = new Set(rows.map((row) => row.id));
    for (const { callId } of intents) expect(ids.has(callId!)).toBe(true);
    expect(new Set(rows.map((row) => row.id)).size).toBe(rows.length);
    expect(rows.filter((row) => row.outcome === 'unknown').length).toBeGreaterThan(0);
    const sentOrUnknown = rows.filter((row) => row.dispatched === 1 || row.outcome === 'unknown');
    const accounted = new Set(sentOrUnknown.map((row) => row['trace_id']));
    expect(seen.filter((trace) => !accounted.has(trace))).toEqual([]);
    const byEpoch = Map.groupBy(lines, (line) => line.epoch);
    expect(byEpoch.size).toBeGreaterThanOrEqual(rounds);
    for (const [epoch, records] of byEpoch) {
      expect(
        records.map((line) => line.seq),
        `epoch ${epoch}`,
      ).toEqual(records.map((_, i) => records[0]!.seq + i));
    }
    await last[Symbol.asyncDispose]();
  }, 90_000);
});

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
