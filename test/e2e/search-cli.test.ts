import { PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Io } from '../../packages/server/src/cli/io.ts';
import { run } from '../../packages/server/src/cli/run.ts';
import { bootstrapData, startProduct, until, type Product, type ProductData } from '../harness.ts';
import { startEchoUpstream } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let data: ProductData;
let product: Product;

beforeAll(async () => {
  data = stack.use(await bootstrapData());
  product = stack.use(await startProduct({ data }));
  const upstream = stack.use(await startEchoUpstream({ tools: ['list', '\u001b[2Jdrop'] }));
  await product.addServer({ slug: 'github', url: upstream.url });
  await until('it is listed', async () => (await product.toolNames()).length === 2);
});
afterAll(() => stack.disposeAsync());

async function mcpnest(args: string): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const io: Io = {
    environment: { MCPNEST_DATA_DIR: data.dir },
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    readInput: async () => '',
    interactive: false,
    ask: () => Promise.reject(new Error('nobody is asked')),
    askSecret: () => Promise.reject(new Error('nobody is asked')),
    streams: () => ({ input: Readable.from([]), output: new PassThrough(), signal: AbortSignal.abort() }),
  };
  return { code: await run(args.split(' '), io), out, err };
}

it('[NEW-09] the command line weighs the list and switches it', async () => {
  const weight = await mcpnest('tools weight');
  expect(weight).toMatchObject({ code: 0, err: '' });
  expect(weight.out).toMatch(/all: +2 tools, \d+ bytes, about \d+ tokens/);
  expect(weight.out).toContain('List all: the whole list');
  expect(weight.out).not.toContain('\u001b');
  const json = JSON.parse((await mcpnest('tools weight --json')).out) as { all: { tools: number }; shown: string };
  expect(json).toMatchObject({ all: { tools: 2 }, shown: 'all' });
  expect((await mcpnest('tools weight --team nobody')).code).toBe(4);

  const search = await mcpnest('workspace update --tool-list search');
  expect(search.out).toMatch(/tools\/list: +search/);
  await until('it is searched', async () => (await product.toolNames()).length === 3);
  expect((await mcpnest('tools weight')).out).toMatch(/tools\/list: +search/);
  const auto = await mcpnest('workspace update --tool-list auto --auto-above-tokens 30000');
  expect(auto.out).toContain('search above 30000 tokens, otherwise all');
  await until('it is short', async () => (await product.toolNames()).length === 2);
  expect((await mcpnest('workspace update --tool-list few')).code).toBe(2);
});
