import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, until, type Product } from '../harness.ts';
import type { RpcMessage } from '../http.ts';
import { startEchoUpstream, type EchoUpstream, type SeenRequest } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let upstream: EchoUpstream;
let params: { workspace: string };
let tokens: { ada: string; adaToo: string; bo: string };

const requestId = 'mcpnest.dev/request-id';
const repeatKey = 'mcpnest.dev/repeat';

beforeAll(async () => {
  product = stack.use(await startProduct());
  params = { workspace: product.workspace };
  upstream = stack.use(await startEchoUpstream({ era: 'both', tools: ['look', 'change', 'large'] }));
  await product.addServer({ slug: 'box', url: upstream.url });
  const person = async (name: string) =>
    (await product.client.members.add({ params, body: { email: `${name}@example.com` } })).id;
  const [ada, bo] = [await person('ada'), await person('bo')];
  const token = async (memberId: string) =>
    (await product.client.tokens.issue({ params, body: { label: 't', kind: 'member', memberId } })).secret;
  tokens = { ada: await token(ada), adaToo: await token(ada), bo: await token(bo) };
  await product.client.serverTools.classify({
    params: { ...params, server: 'box' },
    body: { classes: [{ tool: 'look', class: 'read' }] },
  });
  await until('the tokens work', async () => (await product.toolNames({ token: tokens.bo })).length === 3);
});
afterAll(() => stack.disposeAsync());

interface Asked {
  readonly tool?: string;
  readonly args?: unknown;
  readonly id?: unknown;
  readonly token?: string;
  readonly signal?: AbortSignal;
}

async function call({ tool = 'change', args = { a: 1 }, id, token = tokens.ada, signal }: Asked): Promise<RpcMessage> {
  const _meta = id === undefined ? undefined : { [requestId]: id };
  const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: args, _meta } };
  return (await product.rpc(body, signal === undefined ? { token } : { token, signal })).message;
}

const markOf = (message: RpcMessage): { first: string; at: string } | undefined =>
  (message.result?.['_meta'] as Record<string, { first: string; at: string }> | undefined)?.[repeatKey];
/** How many calls reached the server meanwhile. */
async function dispatched(work: () => Promise<unknown>): Promise<number> {
  const before = upstream.calls().length;
  await work();
  return upstream.calls().length - before;
}

let made = 0;
const fresh = (): string => `request-${++made}`;

describe('a repeated write', () => {
  it('[NEW-12] gets the first result, marked, and has a row of its own', async () => {
    const id = fresh();
    const first = await call({ id });
    let again!: RpcMessage;
    expect(await dispatched(async () => (again = await call({ id })))).toBe(0);
    expect(markOf(first)).toBeUndefined();
    const rows = (await product.calls()).slice(-2);
    expect(rows).toMatchObject([
      { outcome: 'ok', error_code: null, dispatched: 1 },
      { outcome: 'ok', error_code: 'repeat', dispatched: 0, status: 200, tool_name: 'change' },
    ]);
    expect(markOf(again)).toMatchObject({ first: rows[0]!.id });
    expect(again.result?.['structuredContent']).toEqual(first.result?.['structuredContent']);
    expect(again.result?.['content']).toEqual(first.result?.['content']);
  });

  it('[NEW-12] is the same whatever the order and spacing of its arguments, and by any token of the person', async () => {
    const id = fresh();
    const text = (args: string) =>
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"change","arguments":${args},"_meta":{"${requestId}":"${id}"}}}`;
    await product.rpc(text('{"b":[1,2],"a":"x"}'), { token: tokens.ada });
    const again = await product.rpc(text('{ "a" : "\\u0078",  "b":[ 1, 2 ] }'), { token: tokens.adaToo });
    expect(markOf(again.message)).toBeDefined();
  });

  it('[NEW-12] is none for other arguments, another request, another tool, or somebody else', async () => {
    const id = fresh();
    await call({ id });
    const others = [{ id, args: { a: 2 } }, { id: fresh() }, { id, tool: 'large' }, { id, token: tokens.bo }, {}];
    expect(
      await dispatched(async () => {
        for (const other of others) expect(markOf(await call(other))).toBeUndefined();
      }),
    ).toBe(others.length);
  });

  it('[NEW-12] is none in another workspace, whatever else is the same', async () => {
    await product.client.workspaces.create({ body: { name: 'Other', slug: 'other' } });
    const there = { workspace: 'other' };
    const { secret: token } = await product.client.tokens.issue({ params: there, body: { label: 't' } });
    await product.addServer({ slug: 'box', url: upstream.url, workspace: 'other', token });
    const id = fresh();
    const asked = { name: 'change', arguments: { a: 1 }, _meta: { [requestId]: id } };
    const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: asked };
    const both = [{ token: product.workspaceToken }, { token, ...there }];
    expect(
      await dispatched(async () => {
        for (const at of both) expect(markOf((await product.rpc(body, at)).message)).toBeUndefined();
      }),
    ).toBe(2);
  });

  it('[NEW-12] is let through where tools only read, and where the guard is off', async () => {
    const id = fresh();
    expect(await dispatched(() => Promise.all([call({ tool: 'look', id }), call({ tool: 'look', id })]))).toBe(2);
    const at = { ...params, server: 'box' };
    await product.client.servers.update({ params: at, body: { replayGuard: { mode: 'off' } } });
    await sleep(150);
    expect(await dispatched(async () => [await call({ id }), await call({ id })])).toBe(2);
    await product.client.servers.update({ params: at, body: { replayGuard: { mode: 'request-id' } } });
    await sleep(150);
  });

  it('[NEW-12] is also one without a request id where the owner says so, for a tool or the server', async () => {
    const at = { ...params, server: 'box' };
    const twice = (tool: string) => dispatched(async () => [await call({ tool }), await call({ tool })]);
    expect(await twice('change')).toBe(2);
    const tools = [{ tool: 'change', mode: 'always' as const }];
    await product.client.servers.update({ params: at, body: { replayGuard: { tools } } });
    await sleep(150);
    expect([await twice('change'), await twice('large')]).toEqual([1, 2]);
    await product.client.servers.update({ params: at, body: { replayGuard: { tools: [], mode: 'always' } } });
    await sleep(150);
    // Of `change` the first call is known from before.
    expect([await twice('change'), await twice('large')]).toEqual([0, 1]);
    await product.client.servers.update({ params: at, body: { replayGuard: { mode: 'request-id' } } });
    await sleep(150);
  });

  it('[NEW-12] refuses a request id that is none', async () => {
    for (const id of [7, '', 'x'.repeat(129), { a: 1 }])
      expect((await call({ id })).error).toMatchObject({ code: -32602 });
    expect((await call({ id: 'x'.repeat(128) })).error).toBeUndefined();
  });

  it('[NEW-12] of 50 racers one is sent, and all have its answer', async () => {
    upstream.set({ delayMs: 300 });
    const id = fresh();
    let answers: RpcMessage[] = [];
    const sent = await dispatched(async () => {
      answers = await Promise.all(
        Array.from({ length: 50 }, (_, i) => call({ id, token: i % 2 === 0 ? tokens.ada : tokens.adaToo })),
      );
    });
    upstream.set({ delayMs: 0 });
    expect(sent).toBe(1);
    expect(answers.every(({ result }) => result !== undefined)).toBe(true);
    expect(answers.filter((answer) => markOf(answer) === undefined)).toHaveLength(1);
    expect(new Set(answers.map(markOf).map((mark) => mark?.first)).size).toBe(2);
    const rows = (await product.calls()).slice(-50);
    expect(rows.filter(({ error_code: code }) => code === 'repeat')).toHaveLength(49);
  });

  it('[NEW-12] is marked in every generation, and by a real client', async () => {
    const id = fresh();
    const modern = () =>
      product.modern(
        'tools/call',
        { name: 'change', arguments: { m: 1 } },
        { token: tokens.ada, meta: { [requestId]: id } },
      );
    await modern();
    const again = (await modern()).message;
    expect(markOf(again)).toBeDefined();
    expect(again.result?.['resultType']).toBe('complete');
    const client = new Client({ name: 'sdk', version: '1' });
    const requestInit = { headers: { authorization: `Bearer ${tokens.ada}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(product.gateway()), { requestInit }));
    const asked = { name: 'change', arguments: { sdk: 1 }, _meta: { [requestId]: fresh() } };
    const first = await client.callTool(asked);
    const second = await client.callTool(asked);
    expect(first._meta?.[repeatKey]).toBeUndefined();
    expect(second._meta?.[repeatKey]).toMatchObject({ first: expect.any(String) as string });
    expect(second.structuredContent).toEqual(first.structuredContent);
    await client.close();
  });
});

describe('a repeat of a call that went wrong', () => {
  it('[NEW-12] gets the error the server gave, marked', async () => {
    upstream.set({ intercept: failing(-32000) });
    const id = fresh();
    const first = (await call({ id })).error;
    upstream.set({ intercept: () => false });
    const again = (await call({ id })).error;
    expect(first).toMatchObject({ code: -32000, message: 'no' });
    expect(again).toMatchObject({ code: -32000, message: 'no', data: { [repeatKey]: { at: expect.any(String) } } });
  });

  it('[NEW-12] runs where the first was turned away before it ran', async () => {
    upstream.set({
      intercept: (request, _, res) => {
        if (request.method !== 'tools/call') return false;
        res.writeHead(429, { 'retry-after': '0' });
        res.end();
        return true;
      },
    });
    const id = fresh();
    expect((await call({ id })).error).toBeDefined();
    upstream.set({ intercept: () => false });
    await until('it runs', async () => (await call({ id })).result !== undefined);
  });

  it('[NEW-12] is told when nobody knows whether it took effect', async () => {
    upstream.set({ delayMs: 3_000 });
    const id = fresh();
    const abort = new AbortController();
    const before = upstream.calls().length;
    const gone = call({ id, signal: abort.signal }).catch(() => undefined);
    await until('it is sent', async () => upstream.calls().length > before);
    abort.abort();
    await gone;
    upstream.set({ delayMs: 0 });
    let again!: RpcMessage;
    expect(await dispatched(async () => (again = await call({ id })))).toBe(0);
    expect(again.error).toMatchObject({ code: 409, data: { repeat: { state: 'unknown' } } });
    const row = (await product.calls()).at(-1);
    expect(row).toMatchObject({ outcome: 'refused', status: 409, error_code: 'repeat', dispatched: 0 });
  });

  it('[NEW-12] is told that the first ran when its result is too large to be kept', async () => {
    const large = JSON.stringify({ content: [{ type: 'text', text: 'x'.repeat(300 * 1024) }] });
    upstream.set({ result: () => large });
    const id = fresh();
    expect((await call({ tool: 'large', id })).error).toBeUndefined();
    const again = await call({ tool: 'large', id });
    expect(again.error).toMatchObject({ code: 409, data: { repeat: { state: 'done', first: expect.any(String) } } });
  });
});

it('[NEW-12] nothing of a kept result is on disk', async () => {
  const secret = 'a-result-nobody-may-find';
  upstream.set({ result: () => JSON.stringify({ content: [{ type: 'text', text: secret }] }) });
  const id = fresh();
  await call({ id, args: { s: 1 } });
  expect(JSON.stringify(await call({ id, args: { s: 1 } }))).toContain(secret);
  await product.calls();
  for (const file of readdirSync(product.dataDir, { recursive: true, encoding: 'utf8' })) {
    const path = join(product.dataDir, file);
    if (statSync(path).isFile()) expect(readFileSync(path).includes(secret), file).toBe(false);
  }
});

const failing =
  (code: number) =>
  (request: SeenRequest, id: string, res: ServerResponse): boolean => {
    if (request.method !== 'tools/call') return false;
    res.writeHead(200, { 'content-type': 'application/json' });
    res.end(`{"jsonrpc":"2.0","id":${id},"error":{"code":${code},"message":"no"}}`);
    return true;
  };
