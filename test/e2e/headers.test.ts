import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, type Product } from '../harness.ts';
import { send } from '../http.ts';
import { startEchoUpstream, type EchoUpstream, type SeenRequest } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let product: Product;

beforeAll(async () => {
  product = stack.use(await startProduct());
});
afterAll(() => stack.disposeAsync());

/** Everything a curious or careless client may send. */
const everything = {
  cookie: 'sid=client-cookie',
  'proxy-authorization': 'Basic Y2xpZW50',
  'x-api-key': 'client-key',
  'x-forwarded-for': '10.9.8.7',
  'x-real-ip': '10.9.8.7',
  forwarded: 'for=10.9.8.7',
  via: '1.1 client',
  referer: 'http://127.0.0.1/client-page',
  'user-agent': 'client-agent/1',
  'accept-language': 'de',
  'accept-encoding': 'gzip, br, zstd',
  'last-event-id': 'client-event',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  baggage: 'user=client',
  expect: undefined,
  te: 'trailers',
  'mcp-param-stray': 'client',
  'x-anything': 'client',
};

const names = (request: SeenRequest): string[] => Object.keys(request.headers).sort();

const golden: Record<'legacy' | 'modern', string[]> = {
  legacy: [
    'accept',
    'accept-encoding',
    'connection',
    'content-length',
    'content-type',
    'host',
    'mcp-protocol-version',
    'mcp-session-id',
    'user-agent',
  ],
  modern: [
    'accept',
    'accept-encoding',
    'connection',
    'content-length',
    'content-type',
    'host',
    'mcp-method',
    'mcp-name',
    'mcp-protocol-version',
    'user-agent',
  ],
};

async function callWithEverything(upstream: EchoUpstream, server: string): Promise<SeenRequest[]> {
  const before = upstream.seen.length;
  await product.call('echo', {}, { server, headers: everything });
  await product.modern('tools/call', { name: 'echo', arguments: {} }, { server, headers: everything });
  return upstream.seen.slice(before);
}

describe('what an upstream gets to see', () => {
  it.each(['legacy', 'modern'] as const)(
    '[TOK-12][edge 20][edge 34] is this list of headers and no other (%s)',
    async (era) => {
      await using upstream = await startEchoUpstream({ era, sessions: era === 'legacy' });
      await product.addServer({ slug: era, url: upstream.url });
      const calls = (await callWithEverything(upstream, era)).filter((request) => request.method === 'tools/call');
      expect(calls).toHaveLength(2);
      for (const call of calls) {
        expect(names(call).filter((name) => name !== 'connection')).toEqual(
          golden[era].filter((name) => name !== 'connection'),
        );
        expect(call.headers['user-agent']).toMatch(/^mcpnest/i);
        expect(call.headers.accept).toBe('application/json, text/event-stream');
        expect(call.headers['accept-encoding']).toBe('identity');
      }
    },
  );

  it('[TOK-12][edge 34] never has the token, cookie or session of the caller, in any request', async () => {
    await using upstream = await startEchoUpstream({ sessions: true });
    await product.addServer({ slug: 'curious', url: upstream.url });
    const opened = await product.rpc(
      {
        jsonrpc: '2.0',
        id: 0,
        method: 'initialize',
        params: {
          protocolVersion: '2025-11-25',
          capabilities: { sampling: {}, roots: {} },
          clientInfo: { name: 'client-name', version: '1' },
        },
      },
      { server: 'curious', headers: everything },
    );
    const session = String(opened.headers['mcp-session-id']);
    await product.call('echo', {}, { server: 'curious', headers: { ...everything, 'mcp-session-id': session } });
    await callWithEverything(upstream, 'curious');
    expect(upstream.seen.length).toBeGreaterThan(4);
    for (const request of upstream.seen) {
      const all = request.rawHeaders.join('\n');
      for (const secret of [
        product.workspaceToken,
        session,
        'client',
        '10.9.8.7',
        '4bf92f3577b34da6a3ce929d0e0e4736',
      ]) {
        expect(all, secret).not.toContain(secret);
      }
      expect(request.body).not.toContain(product.workspaceToken);
      expect(request.body).not.toContain('client-name');
    }
  });
});

describe('what a caller gets to see', () => {
  it('has no trace of the software and nothing of the upstream', async () => {
    await using upstream = await startEchoUpstream();
    await product.addServer({ slug: 'plain', url: upstream.url });
    const answers = [
      await product.call('echo', {}, { server: 'plain' }),
      await product.call('none', {}, { server: 'plain' }),
      await product.rpc('{', { server: 'plain' }),
      await send(product.gateway('plain'), { method: 'GET' }),
    ];
    const known = [
      'allow',
      'cache-control',
      'connection',
      'content-length',
      'content-type',
      'date',
      'keep-alive',
      'retry-after',
      'server-timing',
      'transfer-encoding',
      'www-authenticate',
      'x-content-type-options',
      'vary',
    ];
    for (const { headers } of answers) for (const name of Object.keys(headers)) expect(known).toContain(name);
  });
});
