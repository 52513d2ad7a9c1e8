import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootstrapData, startProduct, type Product } from '../harness.ts';
import { startConformanceUpstream } from '../upstreams/conformance.ts';
import { startEchoUpstream, type EchoOptions, type EchoUpstream } from '../upstreams/echo.ts';
import { startEverything } from '../upstreams/everything.ts';
import { offering } from '../upstreams/offering.ts';

const stack = new AsyncDisposableStack();
let product: Product;

beforeAll(async () => {
  product = stack.use(await startProduct());
  const everything = stack.use(await startEverything());
  const fixture = stack.use(await startConformanceUpstream());
  await product.addServer({ slug: 'everything', url: everything.url });
  await product.addServer({ slug: 'fixture', url: fixture.url });
}, 30_000);
afterAll(() => stack.disposeAsync());

const ask = (method: string, params: object = {}, options: Parameters<Product['rpc']>[1] = {}) =>
  product.rpc({ jsonrpc: '2.0', id: 1, method, params }, options);

/** A product of its own with one upstream under the slug `one`. */
async function alone(options: EchoOptions): Promise<{ product: Product; upstream: EchoUpstream } & AsyncDisposable> {
  const own = new AsyncDisposableStack();
  const running = own.use(await startProduct());
  const upstream = own.use(await startEchoUpstream(options));
  await running.addServer({ slug: 'one', url: upstream.url });
  return { product: running, upstream, [Symbol.asyncDispose]: () => own.disposeAsync() };
}

type Used =
  | 'complete'
  | 'getPrompt'
  | 'getServerCapabilities'
  | 'listPrompts'
  | 'listResources'
  | 'listResourceTemplates'
  | 'readResource';
type AnyClient = Pick<ClientV1, Used> | Pick<ClientV2, Used>;

/** What every client must find behind the two real servers. */
async function usesEverything(client: AnyClient): Promise<void> {
  const capabilities = client.getServerCapabilities();
  expect(Object.keys(capabilities ?? {}).sort()).toEqual(['completions', 'logging', 'prompts', 'resources', 'tools']);
  const { prompts } = await client.listPrompts();
  expect(prompts.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['simple-prompt', 'test_simple_prompt', 'test_prompt_with_arguments']),
  );
  const prompt = await client.getPrompt({
    name: 'test_prompt_with_arguments',
    arguments: { arg1: 'one', arg2: 'two' },
  });
  expect(prompt.messages).toEqual([
    { role: 'user', content: { type: 'text', text: "Prompt with arguments: arg1='one', arg2='two'" } },
  ]);
  const { resources } = await client.listResources();
  expect(resources.map(({ uri }) => uri)).toContain('test://static-text');
  expect(resources.length).toBeGreaterThan(3);
  const { resourceTemplates } = await client.listResourceTemplates();
  expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual(
    expect.arrayContaining(['test://template/{id}/data', 'demo://resource/dynamic/text/{resourceId}']),
  );
  const listed = await client.readResource({ uri: resources[0]!.uri });
  expect(listed.contents[0]?.uri).toBe(resources[0]!.uri);
  const expanded = await client.readResource({ uri: 'test://template/7/data' });
  expect(JSON.stringify(expanded.contents)).toContain('Data for ID: 7');
  const dynamic = await client.readResource({ uri: 'demo://resource/dynamic/text/3' });
  expect(JSON.stringify(dynamic.contents)).toContain('Resource 3');
  await expect(client.readResource({ uri: 'test://nowhere' })).rejects.toThrow(/not found/i);
  await expect(client.getPrompt({ name: 'no_such_prompt' })).rejects.toThrow(/Unknown prompt/);
  const completed = await client.complete({
    ref: { type: 'ref/prompt', name: 'completable-prompt' },
    argument: { name: 'department', value: 'E' },
  });
  expect(completed.completion.values).toContain('Engineering');
  const byTemplate = await client.complete({
    ref: { type: 'ref/resource', uri: 'demo://resource/dynamic/text/{resourceId}' },
    argument: { name: 'resourceId', value: '5' },
  });
  expect(byTemplate.completion.values).toEqual(['5']);
}

describe('prompts, resources and completion of real servers', () => {
  it('[GW-02] are used by SDK v1 as those of a single server', async () => {
    const client = new ClientV1({ name: 'sdk-v1', version: '1' });
    const requestInit = { headers: { authorization: `Bearer ${product.workspaceToken}` } };
    await client.connect(new TransportV1(new URL(product.gateway()), { requestInit }));
    await usesEverything(client);
    await client.close();
  });

  it.each(['legacy', '2026-07-28'] as const)('[GW-02] are used by SDK v2 likewise (%s)', async (mode) => {
    const versionNegotiation = { mode: mode === '2026-07-28' ? { pin: mode } : mode };
    const client = new ClientV2({ name: 'sdk-v2', version: '1' }, { versionNegotiation });
    const requestInit = { headers: { authorization: `Bearer ${product.workspaceToken}` } };
    await client.connect(new TransportV2(new URL(product.gateway()), { requestInit }));
    await usesEverything(client);
    await client.close();
  });

  it('[edge 66] says of a resource that is not there what the generation of the caller knows', async () => {
    const uri = 'nothing://there';
    expect((await ask('resources/read', { uri })).message.error).toEqual({
      code: -32002,
      message: 'Resource not found',
      data: { uri },
    });
    expect((await product.modern('resources/read', { uri })).message.error).toEqual({
      code: -32602,
      message: 'Resource not found',
      data: { uri },
    });
  });

  it('[edge 59] gives modern answers what such answers must say, also where the server is of the older kind', async () => {
    for (const method of ['prompts/list', 'resources/list', 'resources/templates/list']) {
      const { message } = await product.modern(method);
      expect(message.result, method).toMatchObject({ resultType: 'complete', ttlMs: 5_000, cacheScope: 'private' });
    }
    await using one = await alone({
      tools: [],
      ...offering({ resources: [{ uri: 'a://b', name: 'b' }], read: () => '{"contents":[]}' }),
    });
    const read = await one.product.modern('resources/read', { uri: 'a://b' });
    expect(read.message.result).toEqual({ resultType: 'complete', contents: [], ttlMs: 5_000, cacheScope: 'private' });
    const shared = '{"contents":[],"ttlMs":700,"cacheScope":"public"}';
    one.upstream.set(offering({ resources: [{ uri: 'a://b', name: 'b' }], read: () => shared }));
    const other = await one.product.modern('resources/read', { uri: 'a://b' });
    expect(other.message.result).toMatchObject({ ttlMs: 700, cacheScope: 'private' });
    one.upstream.set(offering({ read: () => ({ code: -32002, message: 'gone', data: { uri: 'a://b' } }) }));
    const gone = await one.product.modern('resources/read', { uri: 'a://b' });
    expect(gone.message.error).toEqual({ code: -32602, message: 'gone', data: { uri: 'a://b' } });
  });
});

describe('a request for a prompt or a resource', () => {
  it('[edge 10] reaches its server with every byte that need not change, and the answer comes back so', async () => {
    const read =
      '{"contents":[{"uri":"n://1","text":"x","n":12345678901234567890,"f":1.10,"e":1E400}],"_meta":{"a":1}}';
    await using one = await alone({
      ...offering({
        prompts: [{ name: 'p', arguments: [{ name: 'n' }] }],
        resources: [{ uri: 'n://1', name: 'n' }],
        read: () => read,
        prompt: ({ body }) => `{"messages":[],"asked":${body}}`,
      }),
    });
    const { text } = await one.product.rpc(
      '{"jsonrpc":"2.0","id":7,"method":"resources/read","params":{"uri":"n://1"}}',
    );
    expect(text).toBe(`{"jsonrpc":"2.0","id":7,"result":${read}}`);
    const got = await one.product.rpc(
      '{"jsonrpc":"2.0","id":"q","method":"prompts/get","params":{"arguments":{"n":9007199254740993},"name":"p","x":1.0}}',
    );
    expect(got.text).toContain('"params":{"arguments":{"n":9007199254740993},"name":"p","x":1.0}');
  });

  it('[edge 19] carries the name the server itself uses, in body and header', async () => {
    await using one = await alone({ era: 'modern', ...offering({ prompts: [{ name: 'größe' }] }) });
    const listed = await one.product.modern('prompts/list');
    const [{ name }] = listed.message.result!['prompts'] as [{ name: string }];
    expect(name).toMatch(/^gr__e_[0-9a-f]{10}$/);
    const got = await one.product.modern('prompts/get', { name });
    expect(JSON.stringify(got.message.result)).toContain('größe');
    const seen = one.upstream.seen.at(-1)!;
    expect(seen.params).toMatchObject({ name: 'größe' });
    expect(seen.headers['mcp-name']).toBe(`=?base64?${Buffer.from('größe').toString('base64')}?=`);
    const wrong = await one.product.modern('prompts/get', { name }, { headers: { 'mcp-name': 'other' } });
    expect(wrong.message.error?.code).toBe(-32020);
  });

  it('[AUD-01][AUD-07] has a row with its method, and a refused one, too', async () => {
    await using one = await alone({
      ...offering({
        prompts: [{ name: 'p', arguments: [{ name: 'city' }] }],
        resources: [{ uri: 'db://tables?all=1', name: 't' }],
        templates: [{ uriTemplate: 'db://{table}/{row}', name: 'r' }],
      }),
    });
    const secret = 'canary-value-77aa';
    const rpc = (method: string, params: object, server?: string) =>
      one.product.rpc({ jsonrpc: '2.0', id: 1, method, params }, server === undefined ? {} : { server });
    await rpc('prompts/get', { name: 'p', arguments: { city: secret } });
    await rpc('resources/read', { uri: 'db://tables?all=1' });
    await rpc('resources/read', { uri: `db://users/${secret}` });
    await rpc('resources/read', { uri: `vault:${secret}` }, 'one');
    await rpc('resources/read', { uri: `vault:${secret}` });
    await rpc('completion/complete', {
      ref: { type: 'ref/prompt', name: 'p' },
      argument: { name: 'city', value: secret },
    });
    await rpc('completion/complete', {
      ref: { type: 'ref/resource', uri: 'db://{table}/{row}' },
      argument: { name: 'row', value: secret },
    });
    await rpc('prompts/get', { name: 7 });
    await one.product.modern('resources/read', { uri: `x:${secret}` }, { headers: { 'mcp-name': 'x:other' } });
    const rows = (await one.product.calls()).map((row) => [row['method'], row.tool_name, row.status, row.args_shape]);
    expect(rows).toEqual([
      ['prompts/get', 'p', 200, '{"city":"s17-64"}'],
      ['resources/read', 'db://tables?all=1', 200, '{}'],
      ['resources/read', 'db://{table}/{row}', 200, '{}'],
      ['resources/read', 'vault:', 200, '{}'],
      ['resources/read', 'vault:', 404, null],
      ['completion/complete', 'p', 200, '{"name":"s1-16","?":1}'],
      ['completion/complete', 'db://{table}/{row}', 200, '{"name":"s1-16","?":1}'],
      ['prompts/get', '', 400, null],
      ['resources/read', 'x:', 400, null],
    ]);
    const raw = await one.product.calls();
    expect(JSON.stringify(raw)).not.toContain(secret);
    expect(raw.slice(0, 4).every((row) => /^[0-9a-f]{64}$/.test(row.args_mac ?? ''))).toBe(true);
    expect(raw.slice(4).every((row) => row.args_mac === null)).toBe(true);
    const records = await one.product.client.calls.list({
      params: { workspace: one.product.workspace },
      query: { method: 'resources/read', limit: 50 },
    });
    expect(records.items.map(({ method }) => method)).toEqual(Array(5).fill('resources/read'));
  });
});

describe('what a token is narrowed to', () => {
  it('[TOK-06] decides prompts and resources in lists and requests alike', async () => {
    await using one = await alone({
      tools: ['read', 'write'],
      capabilities: { completions: {} },
      ...offering({
        prompts: [{ name: 'p' }],
        resources: [{ uri: 'r://1', name: 'r' }],
        templates: [{ uriTemplate: 'r://t/{x}', name: 't' }],
      }),
    });
    const hiddenUpstream = await startEchoUpstream({
      tools: ['other'],
      capabilities: { completions: {} },
      ...offering({ prompts: [{ name: 'q' }] }),
    });
    await using _ = hiddenUpstream;
    await one.product.addServer({ slug: 'two', url: hiddenUpstream.url });
    const issue = async (scope: string[]): Promise<string> => {
      const params = { workspace: one.product.workspace };
      const { secret } = await one.product.client.tokens.issue({ params, body: { label: scope[0]!, scope } });
      await expect
        .poll(async () => (await one.product.rpc({ jsonrpc: '2.0', id: 1, method: 'ping' }, { token: secret })).status)
        .toBe(200);
      return secret;
    };
    const rpc = async (token: string, method: string, params: object = {}) =>
      (await one.product.rpc({ jsonrpc: '2.0', id: 1, method, params }, { token })).message;
    const narrow = await issue(['one:read']);
    expect((await rpc(narrow, 'tools/list')).result!['tools']).toHaveLength(1);
    expect((await rpc(narrow, 'prompts/list')).result!['prompts']).toEqual([]);
    expect((await rpc(narrow, 'resources/list')).result!['resources']).toEqual([]);
    expect((await rpc(narrow, 'resources/templates/list')).result!['resourceTemplates']).toEqual([]);
    for (const [method, params] of [
      ['prompts/get', { name: 'p' }],
      ['resources/read', { uri: 'r://1' }],
      ['resources/read', { uri: 'r://t/1' }],
      ['completion/complete', { ref: { type: 'ref/prompt', name: 'p' }, argument: { name: 'a', value: '' } }],
    ] as const) {
      expect((await rpc(narrow, method, params)).error, method).toMatchObject({
        code: -32003,
        data: { reason: 'The token is limited to some tools of this server.' },
      });
    }
    const other = await issue(['two']);
    const hidden = (await rpc(other, 'prompts/get', { name: 'p' })).error;
    const unknown = (await rpc(other, 'prompts/get', { name: 'nope' })).error;
    expect(JSON.stringify(hidden).replaceAll('p"', '"')).toBe(JSON.stringify(unknown).replaceAll('nope"', '"'));
    expect((await rpc(other, 'resources/read', { uri: 'r://1' })).error).toEqual({
      code: -32002,
      message: 'Resource not found',
      data: { uri: 'r://1' },
    });
    const discovered = await one.product.modern('server/discover', {}, { token: narrow });
    expect(Object.keys(discovered.message.result!['capabilities'] as object)).toEqual(['tools', 'logging']);
    const whole = await one.product.modern('server/discover', {}, { token: other });
    expect(Object.keys(whole.message.result!['capabilities'] as object)).toEqual([
      'tools',
      'logging',
      'prompts',
      'completions',
    ]);
    expect(one.upstream.seen.some(({ method }) => ['prompts/get', 'resources/read'].includes(method))).toBe(false);
  });
});

describe('a server and the kinds of list it has', () => {
  it('is asked for nothing but tools by a workspace that uses tools alone', async () => {
    await using one = await alone({});
    await one.product.call('echo');
    await one.product.toolNames();
    expect(one.upstream.seen.map(({ method }) => method).filter((method) => method.endsWith('/list'))).toEqual([
      'tools/list',
    ]);
  });

  it('[edge 62] lacks a kind when it says so, which is no failure, and is not asked again and again', async () => {
    await using one = await alone({});
    const { message } = await one.product.rpc({ jsonrpc: '2.0', id: 1, method: 'prompts/list' });
    expect(message.result).toEqual({ prompts: [] });
    const discovered = await one.product.modern('server/discover');
    expect(discovered.message.result!['capabilities']).toEqual({ tools: { listChanged: true }, logging: {} });
    for (let i = 0; i < 5; i++) await one.product.rpc({ jsonrpc: '2.0', id: 1, method: 'prompts/list' });
    expect(one.upstream.seen.filter(({ method }) => method === 'prompts/list')).toHaveLength(1);
  });

  it('[edge 56] keeps its tools when it fails at the others, and is named where they are missing', async () => {
    const failing = (): { code: number; message: string } => ({ code: -32603, message: 'broken' });
    await using one = await alone({
      answers: { 'prompts/list': failing, 'resources/list': failing, 'resources/templates/list': failing },
    });
    await using good = await startEchoUpstream({ tools: ['fine'], ...offering({ prompts: [{ name: 'p' }] }) });
    await one.product.addServer({ slug: 'two', url: good.url });
    const { message } = await one.product.rpc({ jsonrpc: '2.0', id: 1, method: 'prompts/list' });
    expect(message.result).toEqual({ prompts: [{ name: 'p' }], _meta: { 'mcpnest.dev/unavailable': ['one'] } });
    const own = await one.product.rpc({ jsonrpc: '2.0', id: 1, method: 'prompts/list' }, { server: 'one' });
    expect(own.message.error).toMatchObject({ code: 502 });
    const tools = await one.product.rpc({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
    expect(tools.message.result).not.toHaveProperty('_meta');
    expect((await one.product.call('echo')).message.error).toBeUndefined();
  });

  it('[GW-13] stays healthy and keeps its tools callable when its other lists are no JSON at all', async () => {
    const broken = (): string => '[';
    await using one = await alone({
      answers: { 'prompts/list': broken, 'resources/list': broken, 'resources/templates/list': broken },
    });
    expect(await one.product.toolNames()).toEqual(['echo']);
    const asked = (): number => one.upstream.seen.filter(({ method }) => /^(prompts|resources)\//.test(method)).length;
    for (let round = 1; round <= 3; round++) {
      await one.product.modern('server/discover');
      // A change of the workspace lets lists that failed be asked for at once.
      const params = { workspace: one.product.workspace };
      await one.product.client.tokens.issue({ params, body: { label: `round ${round}` } });
      await expect.poll(asked).toBeGreaterThanOrEqual(3 * (round + 1));
    }
    const body = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: { 'mcpnest.dev/health': true } } };
    const { message } = await one.product.rpc(body);
    expect(message.result!['_meta']).toMatchObject({ 'mcpnest.dev/health': { one: { state: 'healthy' } } });
    expect((await one.product.call('echo')).message.error).toBeUndefined();
  });
});

describe('after a restart', () => {
  it('[edge 56] prompts and resources are served from what was stored, names and URIs as they were', async () => {
    using data = await bootstrapData();
    const shared = { ...offering({ prompts: [{ name: 'p' }], resources: [{ uri: 'r://1', name: 'r' }] }) };
    const first = await startEchoUpstream({ tools: ['first'], ...shared });
    await using second = await startEchoUpstream({ tools: ['second'], ...shared });
    const listed = async (running: Product): Promise<string[]> => {
      const prompts = await running.rpc({ jsonrpc: '2.0', id: 1, method: 'prompts/list' });
      const resources = await running.rpc({ jsonrpc: '2.0', id: 1, method: 'resources/list' });
      return [
        ...(prompts.message.result!['prompts'] as { name: string }[]).map(({ name }) => name),
        ...(resources.message.result!['resources'] as { uri: string }[]).map(({ uri }) => uri),
      ];
    };
    {
      await using before = await startProduct({ data });
      await before.addServer({ slug: 'first', url: first.url });
      expect(await listed(before)).toEqual(['p', 'r://1']);
      await before.addServer({ slug: 'second', url: second.url, position: 1 });
      await expect.poll(() => listed(before)).toEqual(['second__p', 'first__p', 'mcpnest-second+r://1', 'r://1']);
    }
    await first[Symbol.asyncDispose]();
    await using after = await startProduct({ data });
    expect(await listed(after)).toEqual(['second__p', 'first__p', 'mcpnest-second+r://1', 'r://1']);
    const got = await after.rpc({ jsonrpc: '2.0', id: 1, method: 'prompts/get', params: { name: 'p' } });
    expect(got.message.error?.code, 'still the server that is away').toBe(502);
  });
});

describe('a long list', () => {
  const names = (prefix: string): string[] => Array.from({ length: 500 }, (_, i) => `${prefix}_${i}`);

  it('[edge 55] comes in pages whose cursors are good for one caller and one state of one list', async () => {
    await using one = await alone({
      tools: names('a'),
      ...offering({ prompts: names('a').map((name) => ({ name })) }),
    });
    await using two = await startEchoUpstream({
      tools: names('b'),
      ...offering({ prompts: names('b').map((name) => ({ name })) }),
    });
    await using three = await startEchoUpstream({
      tools: names('c'),
      ...offering({ prompts: names('c').map((name) => ({ name })) }),
    });
    await one.product.addServer({ slug: 'two', url: two.url });
    await one.product.addServer({ slug: 'three', url: three.url });
    const list = async (method: string, cursor?: unknown, token?: string) =>
      (
        await one.product.rpc(
          { jsonrpc: '2.0', id: 1, method, params: cursor === undefined ? {} : { cursor } },
          token === undefined ? {} : { token },
        )
      ).message;
    for (const [method, member] of [
      ['tools/list', 'tools'],
      ['prompts/list', 'prompts'],
    ] as const) {
      const first = (await list(method)).result!;
      expect(first[member]).toHaveLength(1_000);
      const cursor = first['nextCursor'] as string;
      const second = (await list(method, cursor)).result!;
      expect(second[member]).toHaveLength(500);
      expect(second).not.toHaveProperty('nextCursor');
      const all = [...(first[member] as { name: string }[]), ...(second[member] as { name: string }[])];
      expect(all.map(({ name }) => name)).toEqual([...names('a'), ...names('b'), ...names('c')]);
      const params = { workspace: one.product.workspace };
      const { secret } = await one.product.client.tokens.issue({ params, body: { label: method } });
      await expect.poll(async () => (await list('ping', undefined, secret)).error).toBeUndefined();
      const other = method === 'tools/list' ? 'prompts/list' : 'tools/list';
      const refused = [
        await list(method, cursor, secret),
        await list(other, cursor),
        await list(method, ''),
        await list(method, 7),
        await list(method, `${cursor}x`),
        await list(method, Buffer.from('1.00').toString('base64url')),
      ];
      for (const { error } of refused) expect(error?.code).toBe(-32602);
    }
    const before = (await list('tools/list')).result!['nextCursor'];
    await one.product.client.servers.remove({ params: { workspace: one.product.workspace, server: 'two' } });
    await expect.poll(async () => (await list('tools/list', before)).error?.code).toBe(-32602);
  }, 20_000);

  it('[edge 55] ends a page before it is too long', async () => {
    const tools = Array.from({ length: 40 }, (_, i) => ({
      name: `t${i}`,
      description: 'ü'.repeat(30_000),
      inputSchema: { type: 'object' },
    }));
    await using one = await alone({ tools });
    const first = (await one.product.modern('tools/list')).message.result!;
    expect((first['tools'] as unknown[]).length).toBeLessThan(40);
    expect(first).toMatchObject({ resultType: 'complete', ttlMs: 5_000 });
    const second = (await one.product.modern('tools/list', { cursor: first['nextCursor'] })).message.result!;
    expect([...(first['tools'] as object[]), ...(second['tools'] as object[])]).toEqual(tools);
  });
});
