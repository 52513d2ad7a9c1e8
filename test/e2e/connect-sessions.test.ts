import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ElicitRequestSchema, ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { createServer, type RequestListener } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../harness.ts';
import type { RpcMessage } from '../http.ts';
import { connectCommand, openSession, startStdio, type StdioClient } from '../stdio-client.ts';
import { freePort } from '../upstreams/child.ts';
import { startHostileTls } from '../upstreams/hostile-tls.ts';
import { listen } from '../upstreams/listen.ts';
import { startSessionServer, type SessionServer } from '../upstreams/sessions.ts';

/** A well-formed token of nobody: these servers ask for none. */
const token = { MCPNEST_TOKEN: `mng_${'0'.repeat(48)}` };
const stack = new AsyncDisposableStack();
let server: SessionServer;

beforeAll(async () => {
  server = stack.use(await startSessionServer());
});
afterAll(() => stack.disposeAsync());

const start = (url = server.url): StdioClient => startStdio(['connect', '--stdio', '--url', url], token);
const call = (name: string, args: object = {}): { method: string; params: object } => ({
  method: 'tools/call',
  params: { name, arguments: args },
});

describe('what a server says of its own accord', () => {
  it('[edge 43] asks the person at the client, over stdio, and gets the answer', async () => {
    const client = new Client({ name: 'sdk-v1', version: '1' }, { capabilities: { elicitation: {} } });
    client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: { name: 'Ada' } }));
    await client.connect(new StdioClientTransport({ ...connectCommand(server.url, token), stderr: 'pipe' }));
    const { content } = await client.callTool({ name: 'ask', arguments: {} });
    expect(content).toEqual([{ type: 'text', text: 'hello Ada' }]);
    await client.close();
  });

  it('[edge 26] [edge 49] notifications of the standalone stream come through', async () => {
    const client = new Client({ name: 'sdk-v1', version: '1' });
    let changes = 0;
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => void changes++);
    await client.connect(new StdioClientTransport({ ...connectCommand(server.url, token), stderr: 'pipe' }));
    await until('the stream is open', async () => server.streams() > 0);
    await server.announce();
    await until('the client heard of it', async () => changes === 1);
    await client.close();
    await until('the session was ended', async () => server.sessions() === 0);
  });
});

describe('streams and sessions that break', () => {
  let client: StdioClient;
  beforeEach(async () => {
    client = start();
    await openSession(client);
    await until('the stream is open', async () => server.streams() === 1);
    return () => client[Symbol.asyncDispose]();
  });
  const changed = (): number => client.lines.filter((line) => line.includes('list_changed')).length;

  it('[edge 28] a standalone stream that breaks is taken up where it broke off', async () => {
    await server.announce();
    await until('the first came', async () => changed() === 1);
    server.breakStreams();
    await until('it is gone', async () => server.streams() === 0);
    await server.announce();
    await until('the second came, replayed', async () => changed() === 2);
    expect(server.seen).toContain('GET resumed');
  });

  it('[edge 29] [edge 31] an answer whose stream the server closes on purpose is fetched on another', async () => {
    const from = server.seen.length;
    const started = performance.now();
    const answer = await client.ask({ id: 1, ...call('break') });
    expect(JSON.parse(answer)).toMatchObject({ result: { content: [{ text: 'after the break' }] } });
    expect(server.seen.slice(from)).toEqual(['POST tools/call', 'GET resumed']);
    // The server asked for 200 ms; without that it would have been a second.
    expect(performance.now() - started).toBeGreaterThan(190);
    expect(performance.now() - started).toBeLessThan(900);
  });

  it('[edge 30] a lost session is opened anew once, however many ask, with what the client had set in it', async () => {
    await client.ask({ id: 'level', method: 'logging/setLevel', params: { level: 'warning' } });
    const before = server.seen.length;
    server.forget();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, id) => client.ask({ id, ...call('wait', { ms: 10 }) })),
    );
    for (const answer of answers) expect(JSON.parse(answer)).toHaveProperty('result');
    const since = server.seen.slice(before);
    expect(since.filter((request) => request === 'POST initialize')).toHaveLength(1);
    expect(server.levels.slice(-2)).toEqual(['warning', 'warning']);
    expect(server.sessions()).toBe(1);
    await until('the new session has its stream', async () => server.streams() === 1);
    await server.announce();
    await until('the client hears', async () => changed() === 1);
    expect(client.lines.filter((line) => line.includes('protocolVersion'))).toHaveLength(1);
  });

  it('[edge 30] a lost session is noticed by the stream, before anybody calls', async () => {
    server.forget();
    await until('another session is open', async () => server.sessions() === 1 && server.streams() === 1, 5_000);
  });

  it('[edge 25] the session is ended with the client', async () => {
    client.child.stdin.end();
    await client.ended();
    expect(server.sessions()).toBe(0);
    expect(server.seen.at(-1)).toBe('DELETE');
  });
});

describe('answers that are no answers', () => {
  const asked = async (listener: RequestListener): Promise<RpcMessage> => {
    await using base = await listen(createServer(listener));
    return await first(`${base.origin}/mcp`);
  };
  const first = async (url: string): Promise<RpcMessage> => {
    await using client = start(url);
    return JSON.parse(await client.ask({ id: 'x', method: 'tools/list' })) as RpcMessage;
  };
  const answer =
    (status: number, headers: Record<string, string> = {}, body = ''): RequestListener =>
    (req, res) =>
      void req.resume().on('end', () => res.writeHead(status, headers).end(body));
  const jsonType = { 'content-type': 'application/json' };

  it.each([
    [401, {}, 401, /MCPNEST_TOKEN/],
    [404, {}, 404, /--url/],
    [413, {}, 413, /larger/],
    [429, { 'retry-after': '2' }, 429, /try again/],
    [503, {}, 503, /HTTP 503/],
    [200, { 'content-type': 'text/html' }, 502, /text\/html/],
    [202, jsonType, 502, /without an answer/],
  ])('HTTP %i becomes an error that names the remedy', async (status, headers, code, words) => {
    const message = await asked(answer(status, headers));
    expect(message).toMatchObject({ id: 'x', error: { code, message: expect.stringMatching(words) as string } });
    if (status === 429) expect(message.error?.data).toEqual({ retryAfterMs: 2_000 });
  });

  it("an error of the gateway is passed on in its own words, under the request's id", async () => {
    const body =
      '{"jsonrpc":"2.0","id":null,"error":{"code":429,"message":"slow down","data":{"n":12345678901234567890}}}';
    await using base = await listen(createServer(answer(429, jsonType, body)));
    await using client = start(`${base.origin}/mcp`);
    expect(await client.ask({ id: 'ä', method: 'tools/list' })).toBe(body.replace('null', '"ä"'));
  });

  it('[edge 33] a redirect is not followed, and the token goes nowhere', async () => {
    const seen: string[] = [];
    await using target = await listen(
      createServer((req, res) => {
        seen.push(req.headers.authorization ?? '');
        res.end();
      }),
    );
    const message = await asked(answer(307, { location: `${target.origin}/mcp` }));
    expect(message.error?.message).toContain('redirect');
    expect(seen).toEqual([]);
  });

  it('nobody at the address is said as such', async () => {
    const message = await first(`http://127.0.0.1:${await freePort()}/mcp`);
    expect(message).toMatchObject({ id: 'x', error: { code: 503 } });
    expect(message.error?.message).toMatch(/Is the gateway running.*ECONNREFUSED/);
  });

  it('a certificate that is not trusted is said as such, with the way to trust an authority', async () => {
    await using tls = await startHostileTls();
    const message = await first(tls.url('self_signed'));
    expect(message.error?.message).toContain('NODE_EXTRA_CA_CERTS');
    expect(tls.requests('self_signed')).toBe(0);
    const trusting = { ...token, NODE_EXTRA_CA_CERTS: tls.authorityFile };
    await using client = startStdio(['connect', '--stdio', '--url', tls.url('good')], trusting);
    expect(JSON.parse(await client.ask({ id: 1, method: 'ping' }))).toMatchObject({ error: { code: 503 } });
    expect(tls.requests('good')).toBe(1);
  });

  it('TLS with somebody who speaks none is said as such', async () => {
    await using base = await listen(createServer());
    const message = await first(`https://127.0.0.1:${base.port}/mcp`);
    expect(message.error?.message).toMatch(/No TLS connection/);
  });

  it('answers of others and what is no message are left out; line breaks between values become spaces', async () => {
    const events = [
      'data: {"jsonrpc":"2.0","id":"other","result":{}}\n\n',
      'data: no message\n\n',
      'data: {"jsonrpc":"2.0",\ndata: "id":"x",\r\ndata: "result":{}}\n\n',
      'data: {"jsonrpc":"2.0","id":"x","result":{"again":1}}\n\n',
    ];
    await using base = await listen(
      createServer(answer(200, { 'content-type': 'text/event-stream' }, events.join(''))),
    );
    await using client = start(`${base.origin}/mcp`);
    await client.ask({ id: 'x', method: 'tools/list' });
    client.child.stdin.end();
    await client.ended();
    expect(client.lines).toEqual(['{"jsonrpc":"2.0", "id":"x", "result":{}}']);
    expect(client.said()).toContain('no MCP message');
  });

  it('more requests than can be under way are refused at once, and the others are not lost', async () => {
    const held: (() => void)[] = [];
    await using base = await listen(
      createServer((req, res) => {
        req.on('data', (body: Buffer) => {
          const { id } = JSON.parse(body.toString()) as { id: number };
          held.push(() => res.writeHead(200, jsonType).end(`{"jsonrpc":"2.0","id":${id},"result":{}}`));
        });
      }),
    );
    await using client = start(`${base.origin}/mcp`);
    const answers = Array.from({ length: 300 }, (_, id) => client.ask({ id, method: 'tools/list' }));
    await until('the last are refused', async () => client.lines.length === 44);
    for (const line of client.lines) expect(JSON.parse(line)).toMatchObject({ error: { code: 503 } });
    await until('the others are there', async () => held.length === 256);
    for (const release of held) release();
    const results = (await Promise.all(answers)).filter((line) => line.includes('"result"'));
    expect(results).toHaveLength(256);
  });

  it('[edge 20] a list that passes by is enough to know what a call has to mirror', async () => {
    const seen: string[] = [];
    const inputSchema = { type: 'object', properties: { n: { type: 'integer', 'x-mcp-header': 'N' } } };
    await using base = await listen(
      createServer((req, res) => {
        seen.push(`${String(req.headers['mcp-method'])} ${String(req.headers['mcp-param-n'])}`);
        const result = { resultType: 'complete', tools: [{ name: 'a', inputSchema }] };
        req
          .resume()
          .on('end', () => res.writeHead(200, jsonType).end(JSON.stringify({ jsonrpc: '2.0', id: 1, result })));
      }),
    );
    await using client = start(`${base.origin}/mcp`);
    const _meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' };
    await client.ask({ id: 1, method: 'tools/list', params: { _meta } });
    client.write(
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"n":12345678901234567890},"_meta":${JSON.stringify(_meta)}}}`,
    );
    await until('the call is answered', async () => client.lines.length === 2);
    expect(seen).toEqual(['tools/list undefined', 'tools/call 12345678901234567890']);
  });

  it('[edge 5] an id that is still in use is refused, and its first request is answered all the same', async () => {
    let release: (() => void) | undefined;
    await using base = await listen(
      createServer((req, res) => {
        req.resume();
        release = () => void res.writeHead(200, jsonType).end('{"jsonrpc":"2.0","id":1,"result":{}}');
      }),
    );
    await using client = start(`${base.origin}/mcp`);
    client.write('{"jsonrpc":"2.0","id":1,"method":"ping"}');
    client.write('{"jsonrpc":"2.0","id":1,"method":"ping"}');
    await client.line(({ error }) => error?.code === -32600);
    await until('the first is there', async () => release !== undefined);
    release?.();
    await client.line(({ result }) => result !== undefined);
  });

  it('a modern call that is called off closes its stream and tells nothing else', async () => {
    let closed = false;
    const seen: string[] = [];
    await using base = await listen(
      createServer((req, res) => {
        seen.push(String(req.headers['mcp-method']));
        res.writeHead(200, { 'content-type': 'text/event-stream' }).write(': waiting\n\n');
        res.on('close', () => (closed = true));
      }),
    );
    await using client = start(`${base.origin}/mcp`);
    const meta = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}';
    client.write(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a",${meta}}}`);
    await until('the call is there', async () => seen.length === 1);
    client.write('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}');
    await until('its stream is closed', async () => closed);
    expect([seen, client.lines]).toEqual([['tools/call'], []]);
  });
});
