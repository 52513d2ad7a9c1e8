import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, type Product } from '../harness.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let legacy: EchoUpstream;
let modern: EchoUpstream;

beforeAll(async () => {
  product = stack.use(await startProduct());
  legacy = stack.use(await startEchoUpstream());
  modern = stack.use(await startEchoUpstream({ era: 'modern', mode: 'sse' }));
  await product.addServer({ slug: 'legacy', url: legacy.url });
  await product.addServer({ slug: 'modern', url: modern.url });
});
afterAll(() => stack.disposeAsync());

const callText = (args: string, more = ''): string =>
  `{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":"echo","arguments":${args}${more}}}`;

describe('arguments', () => {
  const texts = [
    '{}',
    '{"n":9007199254740993}',
    '{"n":-0,"e":1E400,"f":1.10,"g":1e-7,"h":123456789012345678901234567890}',
    '{"s":"\\u0041\\ud83e\\udd8a 🦊 \\/ \\u2028","t":""}',
    '{ "spaced" :\t[ 1 , 2 ],\n"null":null }',
    '{"__proto__":1,"constructor":{}}',
  ];
  it.each(texts)('[edge 10] reach the upstream byte for byte: %s', async (args) => {
    for (const [server, upstream] of [
      ['legacy', legacy],
      ['modern', modern],
    ] as const) {
      const answer = await product.rpc(callText(args, ',"vendor":{"n":1.0}'), { server });
      expect(answer.status).toBe(200);
      expect(upstream.calls().at(-1)?.body).toContain(`"arguments":${args}`);
      expect(upstream.calls().at(-1)?.body).toContain('"vendor":{"n":1.0}');
    }
  });

  it('[edge 70] that are absent stay absent, empty ones empty, and null is refused as no object', async () => {
    await product.rpc('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}', { server: 'legacy' });
    expect(legacy.calls().at(-1)?.params).toEqual({ name: 'echo' });
    await product.rpc(callText('{}'), { server: 'legacy' });
    expect(legacy.calls().at(-1)?.params).toEqual({ name: 'echo', arguments: {} });
    const before = legacy.calls().length;
    expect((await product.rpc(callText('null'), { server: 'legacy' })).message.error?.code).toBe(-32602);
    expect(legacy.calls()).toHaveLength(before);
  });

  it('keep unknown _meta keys, without those that speak of one hop', async () => {
    const meta = '{"vendor.example/k":[1.50],"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}';
    await product.rpc(callText('{}', `,"_meta":${meta}`), { server: 'legacy' });
    expect(legacy.calls().at(-1)?.body).toContain('"vendor.example/k":[1.50]');
  });
});

describe('results', () => {
  const texts = [
    '{"content":[]}',
    '{"content":[{"type":"text","text":"\\u0041"}],"structuredContent":{"n":9007199254740993,"x":1.0}}',
    '{"content":[{"type":"hologram","data":{"deep":[null,true]}}],"unknownField":{"a":1e400},"_meta":{"vendor.example/x":0.10}}',
    '{"content":[],"structuredContent":[1,"two",null],"isError":false}',
    '{ "content" : [ ] , "structuredContent" : null }',
    '{"content":[{"type":"resource_link","uri":"x://y","icons":[{"src":"data:,"}],"annotations":{"odd":1}}],"isError":true}',
  ];
  it.each(texts)('[edge 10][edge 63][edge 64] come back byte for byte: %s', async (result) => {
    legacy.set({ result: () => result });
    const answer = await product.rpc(callText('{}'), { server: 'legacy' });
    expect(answer.text).toBe(`{"jsonrpc":"2.0","id":"x","result":${result}}`);
    const asked = await product.modern('tools/call', { name: 'echo', arguments: {} }, { server: 'legacy' });
    expect(asked.text).toContain(result.slice(1));
    legacy.set({ result: undefined as never });
  });

  it('[edge 11] that say the tool failed stay results, and the row says tool_error', async () => {
    legacy.set({ result: () => '{"content":[{"type":"text","text":"no such file"}],"isError":true}' });
    const { status, message } = await product.call('echo', {}, { server: 'legacy' });
    expect([status, message.result?.['isError']]).toEqual([200, true]);
    expect((await product.calls()).at(-1)).toMatchObject({
      outcome: 'tool_error',
      status: 200,
      error_code: 'tool_error',
      dispatched: 1,
    });
    legacy.set({ result: undefined as never });
  });
});

describe('callers with the same id at the same time', () => {
  it('each get their own answer', async () => {
    legacy.set({ delayMs: 30 });
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        product.rpc(callText(`{"i":${i}}`), { server: i % 2 === 0 ? 'legacy' : 'modern' }),
      ),
    );
    for (const [i, { message }] of answers.entries()) {
      expect(message.id).toBe('x');
      const { request } = message.result?.['structuredContent'] as { request: { params: { arguments: unknown } } };
      expect(request.params.arguments).toEqual({ i });
    }
    legacy.set({ delayMs: 0 });
  });
});

describe('the call that is audited', () => {
  it('[AUD-01][AUD-07] is the call the upstream received', async () => {
    const earlier = (await product.calls()).length;
    const received: { server: string; tool: unknown; args: string }[] = [];
    await fc.assert(
      fc.asyncProperty(argumentsOf(), fc.boolean(), async (args, useModern) => {
        const [server, upstream] = useModern ? (['modern', modern] as const) : (['legacy', legacy] as const);
        const before = upstream.calls().length;
        const answer = await product.call('echo', args, { server });
        expect(answer.message.error).toBeUndefined();
        expect(upstream.calls().length).toBe(before + 1);
        const { params } = upstream.calls().at(-1)!;
        expect(params['arguments']).toEqual(JSON.parse(JSON.stringify(args)));
        received.push({ server, tool: params['name'], args: JSON.stringify(sorted(params['arguments'])) });
      }),
      { numRuns: 60 },
    );
    const rows = (await product.calls()).slice(earlier);
    expect(rows.map((row) => [row.server_slug, row.tool_name, row.dispatched])).toEqual(
      received.map(({ server, tool }) => [server, tool, 1]),
    );
    // Equal arguments have equal digests and different ones have not: the row names what was received.
    const digests = Map.groupBy(rows.keys(), (i) => received[i]!.args);
    const distinct = [...digests.values()].map((indexes) => new Set(indexes.map((i) => rows[i]!.args_mac)));
    expect(distinct.every((macs) => macs.size === 1)).toBe(true);
    expect(new Set(distinct.map((macs) => [...macs][0])).size).toBe(digests.size);
    expect(digests.size).toBeGreaterThan(20);
  });
});

/** Arguments a client may send: any JSON members without NUL, which the gateway refuses. */
const argumentsOf = () =>
  fc
    .dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 5 })
    .filter((args) => !/\\u0000/.test(JSON.stringify(args)));

/** The same value with members in order of their names, so that equal arguments have equal text. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
