import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { httpReceiver, type Received } from '../../packages/server/src/platform/sinks/sink.contract.ts';
import { bootstrapData, spawnProduct, timeCalls, until, type SpawnedProduct } from '../harness.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';

interface Line {
  readonly id: string;
  readonly endEpoch: number;
  readonly endSeq: number;
}

const linesOf = (taken: readonly Received[]): Line[] =>
  taken.flatMap(({ body }) =>
    body
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line),
  );
/** Records in the order in which they came first. */
const folded = (lines: readonly Line[]): Line[] => [...new Map(lines.map((line) => [line.id, line])).values()];

const stack = new AsyncDisposableStack();
let upstream: EchoUpstream;
beforeAll(async () => {
  upstream = stack.use(await startEchoUpstream());
});
afterAll(() => stack.disposeAsync());

const params = { workspace: 'acme' };
async function addSink(product: SpawnedProduct, url: string, name: string) {
  await product.client.network.allow({ body: { target: new URL(url).host } });
  const body = { kind: 'http', name, include: 'calls', from: 'beginning', url, format: 'jsonl' } as const;
  return (await product.client.sinks.create({ params, body })).sink.id;
}

describe('a sink of a running product', () => {
  it('[AUD-06] gets every call at least once and in order, also when the process is killed again and again', async () => {
    using data = await bootstrapData();
    await using peer = await httpReceiver(Array.from({ length: 3 }, () => ({ status: 503 })));
    let rows = 0;
    for (let life = 0; life < 4; life++) {
      const product = await spawnProduct({ data });
      if (life === 0) {
        await product.addServer({ slug: 'echo', url: upstream.url });
        await addSink(product, peer.url, 'siem');
      }
      const calls = Array.from({ length: 60 }, (_, n) => product.call('echo', { n }));
      await Promise.all(calls);
      if (life < 3) {
        // Somewhere between the first and the last batch of this life.
        await new Promise((resolve) => setTimeout(resolve, 400 + 300 * life));
        await product.kill();
        continue;
      }
      const all = await product.calls();
      rows = all.length;
      await until('everything is taken', async () => folded(linesOf(peer.taken)).length >= rows, 20_000);
      const expected = all.map((row) => row.id).toSorted();
      const got = folded(linesOf(peer.taken));
      expect(got.map(({ id }) => id).toSorted()).toEqual(expected);
      const places = got.map(({ endEpoch, endSeq }) => endEpoch * 1e9 + endSeq);
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      await product[Symbol.asyncDispose]();
    }
    expect(rows).toBeGreaterThanOrEqual(240);
  }, 60_000);

  it('[AUD-06] that never answers slows no call', async () => {
    await using product = await spawnProduct();
    await product.addServer({ slug: 'echo', url: upstream.url });
    await timeCalls(product, 'echo');
    const before = Math.min(await timeCalls(product, 'echo'), await timeCalls(product, 'echo'));
    const { createServer } = await import('node:net');
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const id = await addSink(product, `http://127.0.0.1:${port}`, 'silent');
    await until(
      'it is being tried',
      async () => (await product.client.sinks.show({ params: { ...params, sink: id } })).sentBy !== null,
    );
    const during = Math.min(await timeCalls(product, 'echo'), await timeCalls(product, 'echo'));
    expect(during).toBeLessThan(before * 3 + 50);
    silent.close();
  }, 30_000);
});
