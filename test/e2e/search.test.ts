import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, until, type Product, type RpcOptions } from '../harness.ts';
import type { RpcMessage } from '../http.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';
import { startEstate } from '../upstreams/estate.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let github: EchoUpstream;

const searchTools = ['find_tools', 'describe_tools', 'call_tool'];
const issue = {
  name: 'create_issue',
  title: 'Open an issue',
  description: 'Opens an issue in a repository. Needs the right to write there.',
  inputSchema: { type: 'object', properties: { repo: { type: 'string' }, title: { type: 'string' } } },
  annotations: { readOnlyHint: false },
};

beforeAll(async () => {
  product = stack.use(await startProduct());
  github = stack.use(
    await startEchoUpstream({ era: 'both', tools: [issue, 'list_issues', 'find_tools', 'call_tool'] }),
  );
  const estate = stack.use(await startEstate());
  await product.addServer({ slug: 'github', url: github.url });
  for (let i = 0; i < 100; i++) await product.addServer({ slug: `department-${i}`, url: estate.urlOf(i) });
  await until('everything is listed', async () => (await listed()).length === 2_004);
}, 60_000);
afterAll(() => stack.disposeAsync());

/** Names of every page of `tools/list`. */
async function listed(options?: RpcOptions): Promise<string[]> {
  const names: string[] = [];
  for (let cursor: unknown; ;) {
    const params = cursor === undefined ? {} : { cursor };
    const { message } = await product.rpc({ jsonrpc: '2.0', id: 1, method: 'tools/list', params }, options);
    names.push(...(message.result!['tools'] as { name: string }[]).map(({ name }) => name));
    cursor = message.result!['nextCursor'];
    if (cursor === undefined) return names;
  }
}
const textOf = ({ result }: RpcMessage): unknown =>
  JSON.parse((result!['content'] as [{ text: string }])[0].text) as unknown;
interface Finds {
  readonly tools: readonly { readonly name: string; readonly server: string; readonly description: string }[];
  readonly more?: number;
}
const find = async (args: object, options?: RpcOptions): Promise<Finds> =>
  textOf((await product.call('find_tools', args, options)).message) as Finds;
const named = async (args: object, options?: RpcOptions): Promise<string[]> =>
  (await find(args, options)).tools.map(({ name }) => name);
const through = (name: string, args: unknown, options?: RpcOptions) =>
  product.call('call_tool', { name, arguments: args }, options);

describe('a workspace of 101 servers', () => {
  type AnyClient = Pick<ClientV1, 'listTools' | 'callTool'> | Pick<ClientV2, 'listTools' | 'callTool'>;
  async function useSearch(client: AnyClient): Promise<void> {
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(searchTools);
    const said = async (name: string, args: Record<string, unknown>): Promise<unknown> => {
      const { content } = await client.callTool({ name, arguments: args });
      return JSON.parse((content as [{ text: string }])[0].text) as unknown;
    };
    const { tools: found } = (await said('find_tools', { query: 'open an issue in a repository', limit: 3 })) as Finds;
    expect(found[0]).toMatchObject({ name: 'create_issue', server: 'github' });
    expect(found[0]!.description).toBe('Opens an issue in a repository.');
    expect(await said('describe_tools', { names: ['create_issue', 'no_such'] })).toEqual({
      tools: [issue],
      unknown: ['no_such'],
    });
    const args = { name: 'create_issue', arguments: { repo: 'a/b', title: 'Broken' } };
    const called = await client.callTool({ name: 'call_tool', arguments: args });
    expect(called.content).toEqual([{ type: 'text', text: 'called create_issue' }]);
    // A tool of another server, and the tool by its own name.
    const [other] = ((await said('find_tools', { query: 'archive campaign department 43' })) as Finds).tools;
    expect(other!.server).toBe('department-43');
    const reached = await client.callTool({ name: 'call_tool', arguments: { name: other!.name } });
    expect(reached.content).toEqual([{ type: 'text', text: `called ${other!.name}` }]);
    expect((await client.callTool({ name: other!.name })).content).toEqual(reached.content);
  }
  const url = () => new URL(`${product.gateway()}?tools=search`);
  const requestInit = () => ({ headers: { authorization: `Bearer ${product.workspaceToken}` } });

  it('[NEW-09][REG-11] is found and called by SDK v1', async () => {
    const client = new ClientV1({ name: 'sdk-v1', version: '1' });
    await client.connect(new TransportV1(url(), { requestInit: requestInit() }));
    expect(client.getInstructions()).toContain('find_tools');
    await useSearch(client);
    await client.close();
  });

  it.each(['legacy', 'auto', '2026-07-28'] as const)('[NEW-09] is found and called by SDK v2 (%s)', async (mode) => {
    const versionNegotiation = { mode: mode === '2026-07-28' ? { pin: mode } : mode };
    const client = new ClientV2({ name: 'sdk-v2', version: '1' }, { versionNegotiation });
    await client.connect(new TransportV2(url(), { requestInit: requestInit() }));
    await useSearch(client);
    await client.close();
  });

  it('[NEW-09] is searched within bounds: limit, server, empty query, time', async () => {
    const all = await find({ query: '', limit: 50 });
    expect(all.tools).toHaveLength(50);
    expect(all.more).toBe(2_004 - 50);
    expect(all.tools.map(({ name }) => name)).toEqual((await listed()).slice(0, 50));
    const own = await find({ query: 'list', server: 'department-7', limit: 50 });
    expect(own.tools.every(({ server }) => server === 'department-7')).toBe(true);
    expect(await named({ query: 'list', server: 'nobody' })).toEqual([]);
    expect((await find({ query: 'invoice' })).tools).toHaveLength(10);
    const times: number[] = [];
    for (let i = 0; i < 15; i++) {
      const started = performance.now();
      await find({ query: 'export the contracts of some department', limit: 10 });
      times.push(performance.now() - started);
    }
    // With the request itself and everything that is around it.
    expect(Math.min(...times)).toBeLessThan(25);
  });

  it('[NEW-09] tells a model what to do better, and gives no row to looking', async () => {
    const before = (await product.calls()).length;
    for (const [tool, args] of [
      ['find_tools', {}],
      ['find_tools', { query: 'x'.repeat(501) }],
      ['find_tools', { query: 7 }],
      ['find_tools', { query: '', limit: 51 }],
      ['find_tools', { query: '', limit: 'many' }],
      ['find_tools', { query: '', server: null }],
      ['describe_tools', { names: [] }],
      ['describe_tools', { names: Array.from({ length: 21 }, (_, i) => `n${i}`) }],
      ['describe_tools', { names: ['a', 1] }],
      ['describe_tools', { names: 'a' }],
      ['describe_tools', []],
    ] as const) {
      const { status, message } = await product.call(tool, args);
      expect([status, message.result?.['isError']], JSON.stringify(args)).toEqual([200, true]);
    }
    expect((await product.calls()).length).toBe(before);
  });
});

describe('how tools are listed', () => {
  const settings = (toolList: object) =>
    product.client.workspaces.update({ params: { workspace: product.workspace }, body: { settings: { toolList } } });

  it('[NEW-09] is chosen by the workspace, by weight, and by the URL of a client', async () => {
    const count = async (options?: RpcOptions) => (await listed(options)).length;
    expect(await count({ tools: 'search' })).toBe(3);
    expect(await count({ tools: 'auto' })).toBe(3);
    await settings({ mode: 'search' });
    await expect.poll(() => product.toolNames()).toEqual(searchTools);
    expect(await count({ tools: 'all' })).toBe(2_004);
    expect(await product.toolNames({ server: 'github' })).toEqual([
      'create_issue',
      'list_issues',
      'find_tools',
      'call_tool',
    ]);
    expect(await product.toolNames({ server: 'github', tools: 'search' })).toEqual(searchTools);
    const modern = await product.modern('tools/list');
    expect((modern.message.result!['tools'] as { name: string }[]).map(({ name }) => name)).toEqual(searchTools);
    const weights = await product.client.toolWeights.show({ params: { workspace: product.workspace } });
    expect(weights).toMatchObject({ mode: 'search', shown: 'search', all: { tools: 2_004 }, search: { tools: 3 } });
    await settings({ mode: 'auto', autoAboveTokens: weights.all.tokens + 1_000 });
    await expect.poll(() => count()).toBe(2_004);
    await settings({ autoAboveTokens: weights.all.tokens - 1_000 });
    await expect.poll(() => count()).toBe(3);
    await settings({ mode: 'all' });
    await expect.poll(() => count()).toBe(2_004);
  });

  it('[NEW-09] the weight of the whole list is told in the list to who asks, and to nobody else', async () => {
    const weight = 'mcpnest.dev/weight';
    const ask = async (method: string, meta: object, options: RpcOptions = {}) => {
      const { message } = await product.rpc({ jsonrpc: '2.0', id: 1, method, params: { _meta: meta } }, options);
      return (message.result!['_meta'] as Record<string, unknown> | undefined)?.[weight];
    };
    const { all } = await product.client.toolWeights.show({ params: { workspace: product.workspace } });
    const told = await ask('tools/list', { [weight]: true }, { tools: 'search' });
    expect(told).toMatchObject({ tools: all.tools });
    // Two names are longer here by the slug of their server.
    expect((told as typeof all).bytes).toBe(all.bytes + 2 * 'github__'.length);
    expect(await ask('tools/list', { [weight]: true })).toEqual(told);
    expect(await ask('tools/list', {})).toBeUndefined();
    expect(await ask('tools/list', { [weight]: 1 })).toBeUndefined();
    expect(await ask('prompts/list', { [weight]: true })).toBeUndefined();
  });

  it('[NEW-09] a choice that is none is refused', async () => {
    for (const tools of ['few', '', 'Search', 'all&tools=search', 'search&tools=search']) {
      const { status, message } = await product.rpc({ jsonrpc: '2.0', id: 1, method: 'tools/list' }, { tools });
      expect([tools, status, message.error!.code]).toEqual([tools, 200, -32602]);
      expect(message.error!.message).toContain('all, search, auto');
    }
  });

  it('[NEW-09] the names of the search tools are nobody else’s in a workspace, and a server’s own at its URL', async () => {
    const names = await product.toolNames();
    expect(names.slice(0, 4)).toEqual(['create_issue', 'list_issues', 'github__find_tools', 'github__call_tool']);
    const said = async (...call: Parameters<Product['call']>) => {
      const { content } = (await product.call(...call)).message.result as { content: [{ text: string }] };
      return content[0].text;
    };
    expect(await said('github__find_tools')).toBe('called find_tools');
    expect(await said('call_tool', { name: 'github__call_tool' })).toBe('called call_tool');
    expect(await said('call_tool', {}, { server: 'github' })).toBe('called call_tool');
    expect(await said('call_tool', { name: 'call_tool' }, { server: 'github', tools: 'search' })).toBe(
      'called call_tool',
    );
    expect(await named({ query: 'issue' }, { server: 'github', tools: 'search' })).toEqual([
      'list_issues',
      'create_issue',
    ]);
    // Where the gateway would take a listed name for its own, it lists its own, however short the list.
    expect(await product.toolNames({ server: 'github', tools: 'auto' })).toEqual(searchTools);
    expect(await product.toolNames({ server: 'department-0', tools: 'auto' })).toHaveLength(20);
    // A search tool is no tool that can be found, and a call through a call goes nowhere.
    expect((await through('find_tools', { query: '' })).message.error!.message).toBe('Unknown tool: find_tools');
    expect((await through('call_tool', { name: 'list_issues' })).message.error!.message).toBe(
      'Unknown tool: call_tool',
    );
  });
});
