import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, type Product } from '../harness.ts';
import type { Sent } from '../http.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let upstream: EchoUpstream;

beforeAll(async () => {
  product = stack.use(await startProduct());
  upstream = stack.use(await startEchoUpstream({ sessions: true }));
  await product.addServer({ slug: 'echo', url: upstream.url });
  await product.call('echo');
});
afterAll(() => stack.disposeAsync());

const modernVersion = '2026-07-28';
const modernMeta = {
  'io.modelcontextprotocol/protocolVersion': modernVersion,
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** Open a legacy session and give the headers of requests in it. */
async function openSession(): Promise<Record<string, string>> {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } };
  const { headers } = await product.rpc({ jsonrpc: '2.0', id: 0, method: 'initialize', params });
  return { 'mcp-session-id': String(headers['mcp-session-id']) };
}

describe('a batch', () => {
  const call = (id: number): object => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'echo' } });
  it.each([undefined, '2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25', modernVersion])(
    '[edge 1] is refused whole under the revision %s',
    async (version) => {
      const before = upstream.seen.length;
      const headers = { 'mcp-protocol-version': version, 'mcp-method': 'tools/call', 'mcp-name': 'echo' };
      for (const batch of [[call(1)], [call(1), call(2)], [call(1), { jsonrpc: '2.0', method: 'x' }], [7]]) {
        const { status, message } = await product.rpc(batch, { headers });
        expect([status, message.error?.code, message.id]).toEqual([400, -32600, null]);
      }
      expect(upstream.seen.length).toBe(before);
    },
  );
});

describe('a notification', () => {
  const names = ['notifications/initialized', 'notifications/cancelled', 'made/up', 'tools/call', 'tools/list', 'ping'];
  it.each(names)('[edge 2] named %s gets 202 and nothing else, and is not run', async (method) => {
    const nonce = `passed-on-${method}`;
    const notification = { jsonrpc: '2.0', method, params: { name: 'echo', arguments: { nonce } } };
    const modern = { ...notification, params: { ...notification.params, _meta: modernMeta } };
    const answers = [
      await product.rpc(notification),
      await product.rpc(notification, { headers: await openSession() }),
      await product.rpc(notification, { headers: { accept: 'application/json, text/event-stream' } }),
      await product.rpc(modern, {
        headers: { 'mcp-protocol-version': modernVersion, 'mcp-method': method, 'mcp-name': 'echo' },
      }),
    ];
    for (const { status, text, headers } of answers) {
      expect([status, text, headers['content-type']]).toEqual([202, '', undefined]);
    }
    expect(upstream.seen.some(({ body }) => body.includes(nonce))).toBe(false);
  });
});

describe('an error of the gateway', () => {
  const params = (): { workspace: string } => ({ workspace: product.workspace });
  const call = (name: string): object => ({ method: 'tools/call', params: { name, arguments: {} } });
  const narrow = async (settings: object): Promise<string> => {
    const { secret } = await product.client.tokens.issue({ params: params(), body: { label: 'n', ...settings } });
    await expect.poll(async () => (await product.call('nope', {}, { token: secret })).status).toBe(200);
    return secret;
  };
  type Ask = (id: string) => Promise<Sent>;
  const request = (id: string, body: object): object => ({ jsonrpc: '2.0', id, ...body });

  const errors: [string, number, Ask][] = [
    ['an unknown tool', -32602, (id) => product.rpc(request(id, call('none')))],
    ['an unknown method', -32601, (id) => product.rpc(request(id, { method: 'none' }))],
    ['bad parameters', -32602, (id) => product.rpc(request(id, { method: 'tools/call', params: [] }))],
    [
      'an unknown session',
      404,
      (id) => product.rpc(request(id, call('echo')), { headers: { 'mcp-session-id': 'none' } }),
    ],
    [
      'an unknown revision',
      -32022,
      (id) => product.rpc(request(id, call('echo')), { headers: { 'mcp-protocol-version': '1999-01-01' } }),
    ],
    [
      'missing _meta',
      -32602,
      (id) => product.rpc(request(id, call('echo')), { headers: { 'mcp-protocol-version': modernVersion } }),
    ],
    [
      'a denial by policy',
      -32003,
      async (id) => product.rpc(request(id, call('echo')), { token: await narrow({ scope: ['echo:other'] }) }),
    ],
    ['an upstream that is down', 502, (id) => product.rpc(request(id, call('echo')), { server: 'dead' })],
  ];
  it.each(errors)('[edge 4] about %s carries the id of the request', async (what, code, ask) => {
    await using dead = what.includes('down') ? await startEchoUpstream() : undefined;
    if (dead !== undefined) {
      await product.addServer({ slug: 'dead', url: dead.url });
      await product.call('echo', {}, { server: 'dead' });
      await dead[Symbol.asyncDispose]();
    }
    for (const id of ['seven', '7']) {
      const { message } = await ask(id);
      expect([message.error?.code, message.id]).toEqual([code, id]);
    }
  });

  it('[edge 4] about a budget carries the id of the request', async () => {
    const { secret } = await product.client.tokens.issue({ params: params(), body: { label: 'busy' } });
    const limits = (principalPerMinute: number | null) =>
      product.client.workspaces.update({ params: params(), body: { settings: { limits: { principalPerMinute } } } });
    await limits(1);
    const ask = () => product.rpc({ jsonrpc: '2.0', id: 'over', ...call('echo') }, { token: secret });
    await expect.poll(async () => (await ask()).message.error?.code).toBe(429);
    expect((await ask()).message).toMatchObject({ id: 'over', error: { code: 429 } });
    await limits(null);
  });
});

it('[edge 5] requests of one session with the same id at the same time each get their own answer', async () => {
  const headers = await openSession();
  upstream.set({ delayMs: 50 });
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) => product.call('echo', { i }, { headers }).then(({ message }) => message)),
  );
  upstream.set({ delayMs: 0 });
  for (const [i, { id, result }] of answers.entries()) {
    expect(id).toBe(1);
    expect(JSON.stringify(result?.['structuredContent'])).toContain(`"arguments":{"i":${i}}`);
  }
});

describe('an error of the upstream', () => {
  const errors = [
    '{"code":-31999,"message":"so \\u0041","data":{"n":9007199254740993,"vendor":[1.50,null]}}',
    '{"code":7,"message":""}',
    '{ "message" : "first" , "code" : -32602 , "more" : {} }',
    '{"code":-32603,"message":"x","data":"text"}',
  ];
  it.each(errors)('[edge 11] stays an error, byte for byte: %s', async (error) => {
    for (const type of ['application/json', 'text/event-stream']) {
      upstream.set({
        intercept: ({ method }, id, res) => {
          if (method !== 'tools/call') return false;
          const answer = `{"jsonrpc":"2.0","id":${id},"error":${error}}`;
          res.writeHead(200, { 'content-type': type }).end(type.includes('json') ? answer : `data: ${answer}\n\n`);
          return true;
        },
      });
      const legacy = await product.call('echo');
      const modern = await product.modern('tools/call', { name: 'echo', arguments: {} });
      for (const { status, text } of [legacy, modern]) {
        expect([status, text]).toEqual([200, `{"jsonrpc":"2.0","id":1,"error":${error}}`]);
      }
      expect((await product.calls()).at(-1)).toMatchObject({ outcome: 'rpc_error', dispatched: 1 });
    }
    upstream.set({ intercept: () => false });
  });
});

it('[edge 52] ping is answered here, with a session or without, and never passed on', async () => {
  const before = upstream.seen.length;
  const ping = { jsonrpc: '2.0', id: 'p', method: 'ping' };
  for (const headers of [{}, await openSession()]) {
    const { status, text } = await product.rpc(ping, { headers });
    expect([status, text]).toEqual([200, '{"jsonrpc":"2.0","id":"p","result":{}}']);
  }
  const modern = await product.modern('ping');
  expect([modern.status, modern.message.error?.code]).toEqual([404, -32601]);
  expect(upstream.seen.length).toBe(before);
});
