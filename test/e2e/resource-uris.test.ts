import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, type Product } from '../harness.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';
import { message, offering, text, type Offer } from '../upstreams/offering.ts';

const stack = new AsyncDisposableStack();
let product: Product;
const upstreams = new Map<string, EchoUpstream>();

const shared = 'file:///shared.txt';
const appUri = 'ui://app/main.html';
const template = 'db://{table}/{row}';
const app = { name: 'App', uri: appUri, mimeType: 'text/html;profile=mcp-app' };
const tool = (name: string, more: object = {}): { name: string; inputSchema: object } => ({
  name,
  inputSchema: { type: 'object' },
  ...more,
});

/** Everything both servers have alike, and one thing each has alone. */
const offer = (slug: string): Offer => ({
  prompts: [{ name: 'shared_prompt' }],
  resources: [{ uri: shared, name: 'Shared' }, app, { uri: `${slug}://own`, name: slug }],
  templates: [
    { uriTemplate: template, name: 'Rows' },
    { uriTemplate: `${slug}://{+path}`, name: 'Own' },
  ],
  prompt: () =>
    JSON.stringify({
      messages: [
        message({ type: 'resource', resource: text(shared) }),
        message({ type: 'resource_link', uri: 'db://users/7', name: 'row' }),
      ],
    }),
});

const toolResult = JSON.stringify({
  content: [
    { type: 'text', text: shared },
    { type: 'resource_link', uri: shared, name: 'link' },
    { type: 'resource', resource: text(appUri) },
    { type: 'resource_link', uri: 'https://elsewhere.example/', name: 'foreign' },
  ],
  structuredContent: { uri: shared, n: '12345678901234567890' },
  isError: false,
  // A number that no parser of JavaScript could hold.
}).replace('"12345678901234567890"', '12345678901234567890');

beforeAll(async () => {
  product = stack.use(await startProduct());
  for (const slug of ['one', 'two']) {
    const upstream = await startEchoUpstream({
      tools: [
        tool(`${slug}_tool`, { _meta: { ui: { resourceUri: appUri, visibility: ['model'] } } }),
        tool(`${slug}_flat`, { _meta: { 'ui/resourceUri': appUri } }),
      ],
      result: () => toolResult,
      ...offering(offer(slug)),
    });
    upstreams.set(slug, stack.use(upstream));
    await product.addServer({ slug, url: upstream.url });
  }
});
afterAll(() => stack.disposeAsync());

const ask = async (method: string, params: object = {}, options: Parameters<Product['rpc']>[1] = {}) =>
  product.rpc({ jsonrpc: '2.0', id: 1, method, params }, options);
const result = async (method: string, params: object = {}, server?: string) => {
  const { message: answer } = await ask(method, params, server === undefined ? {} : { server });
  expect(answer.error, `${method} ${JSON.stringify(params)}`).toBeUndefined();
  return answer.result!;
};
const urisOf = (list: unknown, key = 'uri'): string[] => (list as Record<string, string>[]).map((entry) => entry[key]!);
const last = (slug: string) => upstreams.get(slug)!.seen.at(-1)!;

describe('URIs that two servers share', () => {
  it('[edge 66][edge 69] are marked in lists, and what is shared with nobody stays as it is', async () => {
    expect(urisOf((await result('resources/list'))['resources'])).toEqual([
      `mcpnest-one+${shared}`,
      'ui://mcpnest-one/app/main.html',
      'one://own',
      `mcpnest-two+${shared}`,
      'ui://mcpnest-two/app/main.html',
      'two://own',
    ]);
    expect(urisOf((await result('resources/templates/list'))['resourceTemplates'], 'uriTemplate')).toEqual([
      `mcpnest-one+${template}`,
      'one://{+path}',
      `mcpnest-two+${template}`,
      'two://{+path}',
    ]);
    expect(urisOf((await result('resources/list', {}, 'two'))['resources'])).toEqual([shared, appUri, 'two://own']);
  });

  it('[edge 66] lead to the server of their mark, under its own URI, and come back marked', async () => {
    for (const slug of ['one', 'two']) {
      for (const [exposed, own] of [
        [`mcpnest-${slug}+${shared}`, shared],
        [`ui://mcpnest-${slug}/app/main.html`, appUri],
        [`mcpnest-${slug}+db://users/7`, 'db://users/7'],
        [`${slug}://own`, `${slug}://own`],
        [`${slug}://any/thing`, `${slug}://any/thing`],
      ]) {
        const read = await result('resources/read', { uri: exposed });
        expect(last(slug).params['uri']).toBe(own);
        expect(urisOf(read['contents'])).toEqual([exposed]);
        // What is inside a content is the server's own and stays.
        expect(urisOf(read['contents'], 'text')).toEqual([`content of ${own}`]);
      }
    }
  });

  it('[edge 66] are not found without their mark, at a server that has no such thing, or at none', async () => {
    const before = [...upstreams.values()].map(({ seen }) => seen.length);
    for (const uri of [shared, 'db://users/7', appUri, 'mcpnest-one+other://x', `mcpnest-three+${shared}`, 'x', '']) {
      const { error } = (await ask('resources/read', { uri })).message;
      expect(error, uri).toEqual({ code: -32002, message: 'Resource not found', data: { uri } });
    }
    expect([...upstreams.values()].map(({ seen }) => seen.length)).toEqual(before);
  });

  it('[edge 66] are marked in results of tools and in messages of prompts, and nowhere else there', async () => {
    const { text: whole } = await ask('tools/call', { name: 'one_tool', arguments: {} });
    const expected = toolResult
      .replace(`"uri":"${shared}","name":"link"`, `"uri":"mcpnest-one+${shared}","name":"link"`)
      .replace(`"uri":"${appUri}"`, '"uri":"ui://mcpnest-one/app/main.html"');
    expect(whole).toBe(`{"jsonrpc":"2.0","id":1,"result":${expected}}`);
    const prompt = await result('prompts/get', { name: 'two__shared_prompt' });
    expect(JSON.stringify(prompt['messages'])).toContain(`"uri":"mcpnest-two+${shared}"`);
    expect(JSON.stringify(prompt['messages'])).toContain('"uri":"mcpnest-two+db://users/7"');
    expect(JSON.stringify(prompt['messages'])).toContain(`content of ${shared}`);
  });

  it('[edge 69] are marked where a tool names its user interface, in both forms', async () => {
    const tools = (await result('tools/list'))['tools'] as { name: string; _meta: Record<string, unknown> }[];
    expect(tools.map(({ name, _meta }) => [name, _meta])).toEqual([
      ['one_tool', { ui: { resourceUri: 'ui://mcpnest-one/app/main.html', visibility: ['model'] } }],
      ['one_flat', { 'ui/resourceUri': 'ui://mcpnest-one/app/main.html' }],
      ['two_tool', { ui: { resourceUri: 'ui://mcpnest-two/app/main.html', visibility: ['model'] } }],
      ['two_flat', { 'ui/resourceUri': 'ui://mcpnest-two/app/main.html' }],
    ]);
    const own = (await result('tools/list', {}, 'one'))['tools'] as { _meta: object }[];
    expect(own[1]!._meta).toEqual({ 'ui/resourceUri': appUri });
  });

  it('[edge 66] are marked in every one of two members of the same name, whichever a reader takes', async () => {
    const one = upstreams.get('one')!;
    one.set({ result: () => `{"content":[{"type":"resource_link","uri":"${shared}","uri":"${shared}","name":"x"}]}` });
    const { text: whole } = await ask('tools/call', { name: 'one_tool', arguments: {} });
    one.set({ result: () => toolResult });
    expect(whole.split(`"uri":"mcpnest-one+${shared}"`)).toHaveLength(3);
  });

  it('[edge 66] are marked in the error that says they are not there any more', async () => {
    const one = upstreams.get('one')!;
    one.set(offering({ ...offer('one'), read: () => ({ code: -32002, message: 'gone', data: { uri: shared } }) }));
    const { message: legacy } = await ask('resources/read', { uri: `mcpnest-one+${shared}` });
    expect(legacy.error).toEqual({ code: -32002, message: 'gone', data: { uri: `mcpnest-one+${shared}` } });
    const { message: modern } = await product.modern('resources/read', { uri: `mcpnest-one+${shared}` });
    expect(modern.error).toEqual({ code: -32602, message: 'gone', data: { uri: `mcpnest-one+${shared}` } });
    one.set(offering(offer('one')));
  });

  it('[edge 67] are mapped back where an argument of theirs is completed', async () => {
    const argument = { name: 'row', value: '7' };
    await result('completion/complete', { ref: { type: 'ref/resource', uri: `mcpnest-two+${template}` }, argument });
    expect(last('two').params['ref']).toEqual({ type: 'ref/resource', uri: template });
    await result('completion/complete', { ref: { type: 'ref/prompt', name: 'one__shared_prompt' }, argument });
    expect(last('one').params['ref']).toEqual({ type: 'ref/prompt', name: 'shared_prompt' });
    const refused = await ask('completion/complete', { ref: { type: 'ref/resource', uri: template }, argument });
    expect(refused.message.error).toMatchObject({ code: -32002, data: { uri: template } });
    const twice = '{"type":"ref/prompt","name":"one__shared_prompt","Name":"two__shared_prompt"}';
    const body = `{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":${twice},"argument":{"name":"row","value":""}}}`;
    expect((await product.rpc(body)).message.error?.code).toBe(-32600);
  });

  it('[edge 66] mean nothing at the URL of one server, which is asked for any URI as it stands', async () => {
    for (const uri of [shared, appUri, 'never://listed', `mcpnest-two+${shared}`]) {
      const read = await result('resources/read', { uri }, 'one');
      expect(last('one').params['uri']).toBe(uri);
      expect(urisOf(read['contents'])).toEqual([uri]);
    }
    const called = await ask('tools/call', { name: 'one_tool', arguments: {} }, { server: 'one' });
    expect(called.text).toContain(`"uri":"${shared}","name":"link"`);
  });
});

describe('a URI that was handed out bare', () => {
  it('[edge 66] stays with its server when another comes to list it, and passes on when that is gone', async () => {
    await using own = await startProduct();
    const first = stack.use(await startEchoUpstream({ ...offering({ resources: [{ uri: shared, name: 's' }] }) }));
    const late = stack.use(await startEchoUpstream({ ...offering({ resources: [{ uri: shared, name: 's' }] }) }));
    const list = async (): Promise<string[]> => {
      const { message: answer } = await own.rpc({ jsonrpc: '2.0', id: 1, method: 'resources/list' });
      return urisOf(answer.result!['resources']);
    };
    const read = (uri: string) => own.rpc({ jsonrpc: '2.0', id: 1, method: 'resources/read', params: { uri } });
    await own.addServer({ slug: 'first', url: first.url });
    expect(await list()).toEqual([shared]);
    await own.addServer({ slug: 'late', url: late.url });
    await expect.poll(list).toEqual([shared, `mcpnest-late+${shared}`]);
    expect((await read(shared)).message.error).toBeUndefined();
    expect(first.seen.at(-1)?.method).toBe('resources/read');
    const fromLate = await read(`mcpnest-late+${shared}`);
    expect(urisOf(fromLate.message.result!['contents'])).toEqual([`mcpnest-late+${shared}`]);
    await own.client.servers.remove({ params: { workspace: own.workspace, server: 'first' } });
    await expect.poll(list).toEqual([shared]);
  });
});

describe('templates made to be slow', () => {
  it('[edge 66] cost a look-up little, and keep no other server from being found', async () => {
    await using own = await startProduct();
    // Only the very last expression shows that the URI does not match.
    const slow = (i: number): string => `x:${`{+v${i}}/q/`.repeat(15)}{last}q`;
    const templates = Array.from({ length: 500 }, (_, i) => ({ uriTemplate: slow(i), name: `t${i}` }));
    const hostile = stack.use(await startEchoUpstream({ ...offering({ templates }) }));
    const good = stack.use(
      await startEchoUpstream({ ...offering({ templates: [{ uriTemplate: 'x:{+path}', name: 'good' }] }) }),
    );
    await own.addServer({ slug: 'hostile', url: hostile.url });
    await own.addServer({ slug: 'good', url: good.url });
    const uri = `x:${'/q'.repeat(1_000)}`;
    const read = () => own.rpc({ jsonrpc: '2.0', id: 1, method: 'resources/read', params: { uri } });
    await read();
    const started = performance.now();
    for (let i = 0; i < 10; i++) expect((await read()).message.error).toBeUndefined();
    expect((performance.now() - started) / 10).toBeLessThan(100);
    expect(good.seen.at(-1)).toMatchObject({ method: 'resources/read', params: { uri } });
  });
});
