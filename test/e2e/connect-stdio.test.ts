import { Client as ClientV2 } from '@modelcontextprotocol/client';
import { StdioClientTransport as TransportV2 } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { randomUUID } from 'node:crypto';
import { mkdtempDisposableSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listAndCall } from '../clients.ts';
import { bootstrapData, spawnProduct, startProduct, until, type Product } from '../harness.ts';
import type { RpcMessage } from '../http.ts';
import { connectCommand, openSession, startStdio, type StdioClient } from '../stdio-client.ts';
import { freePort } from '../upstreams/child.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';
import { startEverything } from '../upstreams/everything.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let upstream: EchoUpstream;

beforeAll(async () => {
  product = stack.use(await startProduct());
  const region = { type: 'string', 'x-mcp-header': 'Region' };
  const mirrored = { name: 'mirrored', inputSchema: { type: 'object', properties: { region } } };
  upstream = stack.use(await startEchoUpstream({ era: 'both', tools: ['ping_tool', mirrored] }));
  const slow = stack.use(await startEchoUpstream({ era: 'both', tools: ['slow_tool'], delayMs: 2_000 }));
  const everything = stack.use(await startEverything());
  await product.addServer({ slug: 'test', url: upstream.url, limits: { concurrency: 64 } });
  await product.addServer({ slug: 'slow', url: slow.url });
  await product.addServer({ slug: 'everything', url: everything.url });
}, 30_000);
afterAll(() => stack.disposeAsync());

const command = (token = product.workspaceToken): ReturnType<typeof connectCommand> =>
  connectCommand(product.gateway(), { MCPNEST_TOKEN: token });
const start = (token = product.workspaceToken): ReturnType<typeof startStdio> =>
  startStdio(['connect', '--stdio', '--url', product.gateway()], { MCPNEST_TOKEN: token });

async function connectV1(): Promise<ClientV1 & AsyncDisposable> {
  const client = new ClientV1({ name: 'sdk-v1', version: '1' });
  await client.connect(new TransportV1({ ...command(), stderr: 'pipe' }));
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
}

const modes = ['legacy', 'auto', '2026-07-28'] as const;

async function connectV2(mode: (typeof modes)[number]): Promise<ClientV2 & AsyncDisposable> {
  const versionNegotiation = { mode: mode === '2026-07-28' ? { pin: mode } : mode };
  const client = new ClientV2({ name: 'sdk-v2', version: '1' }, { versionNegotiation });
  await client.connect(new TransportV2({ ...command(), stderr: 'pipe' }));
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
}

describe('clients that can only start a program', () => {
  it('[GW-02] SDK v1 lists and calls over stdio', async () => {
    await using client = await connectV1();
    await listAndCall(client);
  });

  it.each(modes)('[GW-02] [NEW-05] SDK v2 lists and calls over stdio (%s)', async (mode) => {
    await using client = await connectV2(mode);
    await listAndCall(client);
    expect(client.getNegotiatedProtocolVersion()).toBe(mode === 'legacy' ? '2025-11-25' : '2026-07-28');
  });

  it('[edge 41] hear of progress while a call runs', async () => {
    await using client = await connectV1();
    const heard: number[] = [];
    await client.callTool({ name: 'trigger-long-running-operation', arguments: { duration: 1, steps: 4 } }, undefined, {
      onprogress: ({ progress }) => heard.push(progress),
    });
    expect(heard.length).toBeGreaterThan(1);
    expect(heard).toEqual([...heard].sort((a, b) => a - b));
  });

  it.each(['v1', '2026-07-28'] as const)('[edge 39] [edge 40] call off a call (%s)', async (kind) => {
    await using client = kind === 'v1' ? await connectV1() : await connectV2(kind);
    await client.listTools();
    const abort = new AbortController();
    const call = client.callTool({ name: 'slow_tool', arguments: {} }, ...optionsFor(kind, abort.signal));
    const failed = expect(call).rejects.toThrow(/abort/i);
    await new Promise((resolve) => setTimeout(resolve, 500));
    abort.abort(new Error('aborted by the user'));
    await failed;
    await until('the call is recorded as called off', async () => {
      const last = (await product.calls()).at(-1);
      return last?.tool_name === 'slow_tool' && last.outcome === 'cancelled';
    });
  });

  /** v1 takes a schema before the options. */
  const optionsFor = (kind: string, signal: AbortSignal): [never] =>
    (kind === 'v1' ? [undefined, { signal }] : [{ signal }]) as [never];

  it('[edge 20] mirror in headers what a tool wants mirrored, although they send none themselves', async () => {
    await using client = await connectV2('2026-07-28');
    await client.listTools();
    const { isError } = await client.callTool({ name: 'mirrored', arguments: { region: 'Zürich' } });
    expect(isError ?? false).toBe(false);
    expect(upstream.calls().at(-1)?.headers['mcp-param-region']).toBe('=?base64?WsO8cmljaA==?=');
  });
});

it('[edge 20] a tool the client knows from elsewhere is looked up when the gateway misses its headers', async () => {
  await using client = start();
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const params = { name: 'mirrored', arguments: { region: 'eu' }, _meta };
  const answer = JSON.parse(await client.ask({ id: 1, method: 'tools/call', params })) as RpcMessage;
  expect(answer.error).toBeUndefined();
  expect(upstream.calls().at(-1)?.headers['mcp-param-region']).toBe('eu');
  expect(client.lines).toHaveLength(1);
});

describe('the bytes', () => {
  it('[edge 80] gives each of 50 calls at once its own answer', async () => {
    await using client = start();
    await openSession(client);
    const nonces = Array.from({ length: 50 }, () => randomUUID());
    const answers = await Promise.all(
      nonces.map((nonce, id) =>
        client.ask({ id, method: 'tools/call', params: { name: 'ping_tool', arguments: { nonce } } }),
      ),
    );
    for (const [id, answer] of answers.entries()) {
      const { result } = JSON.parse(answer) as RpcMessage;
      const { request } = result?.['structuredContent'] as { request: { params: { arguments: { nonce: string } } } };
      expect(request.params.arguments.nonce).toBe(nonces[id]);
    }
  });

  it('does not let a slow call hold up a fast one', async () => {
    await using client = start();
    await openSession(client);
    const slow = client.ask({ id: 'slow', method: 'tools/call', params: { name: 'slow_tool', arguments: {} } });
    await client.ask({ id: 'fast', method: 'tools/call', params: { name: 'ping_tool', arguments: {} } });
    expect(client.lines.some((line) => line.includes('"slow"'))).toBe(false);
    await slow;
  });

  it('[edge 10] leaves numbers, escapes and unknown members as they are, both ways', async () => {
    await using client = start();
    await openSession(client);
    const args = '{"n":12345678901234567890,"e":1.10e+2,"s":"\\u00e9\\n","x":{"__proto__":[0.0]}}';
    const answer = client.line(({ id, method }) => id === 7 && method === undefined);
    client.write(
      `{ "jsonrpc":"2.0","id":7 ,"method":"tools/call","params":{"name":"ping_tool","arguments":${args}}}\r`,
    );
    expect(upstream.calls().at(-1)?.body).not.toContain('12345678901234567890');
    expect(await answer).toContain(args);
    expect(upstream.calls().at(-1)?.body).toContain(args);
  });

  it('[edge 1] [edge 9] [edge 73] answers what is no message, skips blank lines, and writes nothing but messages', async () => {
    await using client = start();
    client.write('this is not JSON');
    client.write('');
    client.write('[{"jsonrpc":"2.0","id":1,"method":"ping"}]');
    client.write('{"jsonrpc":"2.0","id":3,"method":"tools/list","params":{}}');
    await client.line(({ id }) => id === 3);
    const messages = client.lines.map((line) => JSON.parse(line) as RpcMessage);
    expect(messages.map(({ id, error }) => [id, error?.code])).toEqual([
      [null, -32700],
      [null, -32700],
      [3, undefined],
    ]);
  });
});

describe('what can go wrong', () => {
  it('[TOK-07] a token revoked in the middle of a session gives an error that says what to do', async () => {
    const params = { workspace: product.workspace };
    const { token, secret } = await product.client.tokens.issue({ params, body: { label: 'stdio' } });
    await until('the token works', async () => (await product.call('ping_tool', {}, { token: secret })).status === 200);
    await using client = start(secret);
    await openSession(client);
    await client.ask({ id: 1, method: 'tools/list' });
    await product.client.tokens.revoke({ params: { ...params, token: token.id } });
    let error: RpcMessage['error'];
    let id = 1;
    await until('the revocation has come through', async () => {
      id++;
      ({ error } = JSON.parse(await client.ask({ id, method: 'tools/list' })) as RpcMessage);
      return error !== undefined;
    });
    expect(error).toMatchObject({ code: 401, message: expect.stringContaining('MCPNEST_TOKEN') as string });
    expect(error?.message).not.toContain(secret);
  });

  it('[edge 30] a gateway that was restarted has forgotten the session, and the client does not notice', async () => {
    using data = await bootstrapData();
    const options = { data, env: { MCPNEST_PORT: String(await freePort()) } };
    const first = await spawnProduct(options);
    await first.addServer({ slug: 'test', url: upstream.url });
    await using client = startStdio(['connect', '--stdio', '--url', first.gateway()], {
      MCPNEST_TOKEN: data.workspaceToken,
    });
    const opened = await openSession(client);
    expect(opened.result).toMatchObject({ protocolVersion: '2025-11-25' });
    const call = { method: 'tools/call', params: { name: 'ping_tool', arguments: {} } };
    expect(JSON.parse(await client.ask({ id: 1, ...call }))).toHaveProperty('result');
    await first.kill();
    const { error } = JSON.parse(await client.ask({ id: 2, ...call })) as RpcMessage;
    expect(error).toMatchObject({ code: 503, message: expect.stringContaining('Is the gateway running') as string });
    await using again = await spawnProduct(options);
    expect(again.port).toBe(first.port);
    const both = await Promise.all([client.ask({ id: 3, ...call }), client.ask({ id: 4, ...call })]);
    for (const answer of both) expect(JSON.parse(answer)).toHaveProperty('result');
    expect(client.lines.filter((line) => line.includes('protocolVersion'))).toHaveLength(1);
  });

  it('[TOK-04] the token is in no argument, neither of its own nor of what it starts', async () => {
    await using client = start();
    await openSession(client);
    const shown = readFileSync(`/proc/${client.child.pid}/cmdline`, 'utf8');
    expect(shown).toContain('connect');
    expect(shown).not.toContain('mng_');
    expect(client.said()).toContain('token from MCPNEST_TOKEN');
    expect(client.said()).not.toContain('mng_');
  });

  it('keeps a token for later, and forgets it', async () => {
    using home = mkdtempDisposableSync(join(tmpdir(), 'mcpnest-home-'));
    const env = { HOME: home.path, PATH: home.path };
    const run = async (...args: string[]): Promise<StdioClient> => {
      await using client = startStdio(['connect', ...args, '--url', product.gateway()], env);
      client.child.stdin.end(`${product.workspaceToken}\n`);
      expect(await client.ended()).toEqual([0, null]);
      return client;
    };
    const stored = await run('--store-token');
    expect([stored.lines, stored.said()]).toEqual([[], expect.stringContaining('tokens.json')]);
    await using client = startStdio(['connect', '--stdio', '--url', product.gateway()], env);
    expect(JSON.parse(await client.ask({ id: 1, method: 'tools/list' }))).toHaveProperty('result');
    expect((await run('--forget-token')).said()).toContain('is gone');
    expect((await run('--forget-token')).said()).toContain('No token is kept');
  });

  it.each([
    [
      'a token among the arguments',
      ['--stdio', '--url', 'https://a.example/api/gw/x', '--token', 'mng_0'],
      /MCPNEST_TOKEN/,
    ],
    ['no token at all', ['--stdio', '--url', 'https://a.example/api/gw/x'], /--store-token/],
    ['http to another machine', ['--stdio', '--url', 'http://a.example/api/gw/x'], /--allow-http/],
    ['a URL with a password', ['--stdio', '--url', 'https://u:p@a.example/api/gw/x'], /no user name/],
    ['nothing to do', ['--url', 'https://a.example/api/gw/x'], /--stdio/],
  ])('refuses %s', async (_, args, said) => {
    await using client = startStdio(['connect', ...args], {});
    expect(await client.ended()).toEqual([2, null]);
    expect(client.said()).toMatch(said);
    expect(client.lines).toEqual([]);
  });

  it('a control key is not sent to a gateway', async () => {
    await using client = start(product.apiKey);
    expect(await client.ended()).toEqual([2, null]);
    expect(client.said()).toContain('control key');
    expect(client.said()).not.toContain(product.apiKey);
  });
});

describe('the end', () => {
  it('answers what is under way when the client closes its end, and exits with 0', async () => {
    await using client = start();
    await openSession(client);
    const answer = client.ask({ id: 1, method: 'tools/call', params: { name: 'slow_tool', arguments: {} } });
    client.child.stdin.end();
    expect(JSON.parse(await answer)).toHaveProperty('result');
    expect(await client.ended()).toEqual([0, null]);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('exits with 0 on %s, at once', async (signal) => {
    await using client = start();
    await openSession(client);
    void client
      .ask({ id: 1, method: 'tools/call', params: { name: 'slow_tool', arguments: {} } })
      .catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const started = performance.now();
    client.child.kill(signal);
    expect(await client.ended()).toEqual([0, null]);
    expect(performance.now() - started).toBeLessThan(1_500);
  });

  it('ends quietly when nobody reads its output any more', async () => {
    await using client = start();
    await openSession(client);
    const before = client.said();
    client.child.stdout.destroy();
    client.write('{"jsonrpc":"2.0","id":2,"method":"ping"}');
    expect(await client.ended()).toEqual([0, null]);
    expect(client.said()).toBe(before);
  });
});
