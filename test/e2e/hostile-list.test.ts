import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, type Product } from '../harness.ts';
import type { Sent } from '../http.ts';
import { startEchoUpstream, type EchoOptions } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let product: Product;

beforeAll(async () => {
  product = stack.use(await startProduct());
  const healthy = stack.use(await startEchoUpstream({ tools: ['healthy'] }));
  await product.addServer({ slug: 'healthy', url: healthy.url });
  expect(await product.toolNames()).toEqual(['healthy']);
});
afterAll(() => stack.disposeAsync());

const tool = (name: unknown, more: Record<string, unknown> = {}): string =>
  JSON.stringify({ name, inputSchema: { type: 'object' }, ...more });
const page = (tools: readonly string[], cursor?: string): string =>
  `{"tools":[${tools.join(',')}]${cursor === undefined ? '' : `,"nextCursor":${JSON.stringify(cursor)}`}}`;

/** List the tools of an upstream that lists so; the healthy server must go on. */
async function listed(options: EchoOptions): Promise<{ names: string[]; answer: Sent; pages: number }> {
  await using upstream = await startEchoUpstream(options);
  await product.addServer({ slug: 'odd', url: upstream.url });
  const answer = await product.rpc({ jsonrpc: '2.0', id: 1, method: 'tools/list' }, { server: 'odd' });
  const names = ((answer.message.result?.['tools'] ?? []) as { name: string }[]).map(({ name }) => name);
  expect((await product.call('healthy')).message.error).toBeUndefined();
  const pages = upstream.seen.filter((request) => request.method === 'tools/list').length;
  await product.client.servers.remove({ params: { workspace: product.workspace, server: 'odd' } });
  return { names, answer, pages };
}

describe('a list that is not as it should be', () => {
  it('keeps what is usable and leaves out what has no name, a double name or no form', async () => {
    const tools = [
      tool('good'),
      tool(7),
      tool(null),
      tool(''),
      '{}',
      'null',
      '[]',
      '"text"',
      tool('good', { description: 'again' }),
      tool('last'),
    ];
    const { names } = await listed({ list: () => page(tools) });
    expect(names).toEqual(['good', 'last']);
  });

  it('[edge 20] leaves out a tool whose header annotations are invalid (2026-07-28, "Custom Headers")', async () => {
    const annotated = (annotation: unknown, type = 'string'): Record<string, unknown> => ({
      inputSchema: { type: 'object', properties: { a: { type, 'x-mcp-header': annotation } } },
    });
    const twice = {
      inputSchema: {
        type: 'object',
        properties: { a: { type: 'string', 'x-mcp-header': 'X' }, b: { type: 'string', 'x-mcp-header': 'x' } },
      },
    };
    const tools = [
      tool('fine', annotated('Region')),
      tool('spaced', annotated('A B')),
      tool('injected', annotated('A\r\nAuthorization')),
      tool('empty', annotated('')),
      tool('numbered', annotated(7)),
      tool('listed', annotated('Region', 'array')),
      tool('twice', twice),
    ];
    const { names } = await listed({ list: () => page(tools) });
    expect(names).toEqual(['fine']);
  });

  it('[edge 55] is read to an end when its cursor never ends or repeats', async () => {
    let n = 0;
    const endless = await listed({ list: () => page([tool(`endless_${n++}`)], `c${n}`) });
    expect(endless.pages).toBeLessThanOrEqual(60);
    expect(endless.names.length).toBeLessThanOrEqual(60);
    const repeated = await listed({ list: () => page([tool('same')], 'same') });
    expect(repeated.names).toEqual(['same']);
    expect(repeated.pages).toBeLessThanOrEqual(3);
  });

  it('is asked for page by page with the cursor it gave, whatever is in it', async () => {
    for (const cursor of ['Seite-第二\u{1F642}', 'x\u0122,\u0122y\u0122:\u0122z', '"\\\u0001']) {
      const seen: unknown[] = [];
      const list = (asked: unknown): string => {
        seen.push(asked);
        return asked === undefined ? page([tool('one')], cursor) : page([tool('two')]);
      };
      const { names } = await listed({ list });
      expect(names).toEqual(['one', 'two']);
      expect(new Set(seen)).toEqual(new Set([undefined, cursor]));
    }
  });

  it('[edge 65] is bounded in number and in size of each definition', async () => {
    const many = await listed({ tools: Array.from({ length: 3_000 }, (_, i) => `many_${i}`) });
    expect(many.names.length).toBeGreaterThan(0);
    expect(many.names.length).toBeLessThanOrEqual(1_000);
    const large = await listed({
      list: () => page([tool('large', { description: 'x'.repeat(500_000) }), tool('small')]),
    });
    expect(large.names).toEqual(['small']);
  });

  it.each([
    ['no tools', '{}'],
    ['tools that are an object', '{"tools":{}}'],
    ['tools that are null', '{"tools":null}'],
    ['a list where a result should be', '[]'],
    ['a word where a result should be', '"tools"'],
    ['null', 'null'],
  ])('is an error when it is %s', async (_, result) => {
    const { answer } = await listed({ list: () => result });
    expect(answer.message.result).toBeUndefined();
    expect(answer.message.error?.code).toBe(502);
  });

  it('takes no harm from names of the language itself', async () => {
    const { names } = await listed({
      list: () => page(['__proto__', 'constructor', 'toString', 'hasOwnProperty'].map((name) => tool(name))),
    });
    expect(names).toEqual(['__proto__', 'constructor', 'toString', 'hasOwnProperty']);
    expect(({} as { name?: unknown }).name).toBeUndefined();
  });

  it('[GW-03] that is empty is an empty list and no error', async () => {
    const { answer, names } = await listed({ list: () => page([]) });
    expect(answer.message.error).toBeUndefined();
    expect(names).toEqual([]);
  });

  it('with a pattern that takes for ever holds nobody up', async () => {
    const schema = { inputSchema: { type: 'object', properties: { a: { type: 'string', pattern: '^(a+)+$' } } } };
    await using upstream = await startEchoUpstream({ list: () => page([tool('regexp', schema)]) });
    await product.addServer({ slug: 'regexp', url: upstream.url });
    const started = performance.now();
    const { message } = await product.call('regexp', { a: `${'a'.repeat(40)}!` }, { server: 'regexp' });
    expect(message.error).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(500);
    await product.client.servers.remove({ params: { workspace: product.workspace, server: 'regexp' } });
  });
});
