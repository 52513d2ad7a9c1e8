import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostileCommand, startBridgeProcess, type RunningBridge } from '../bridge.ts';
import { send, type Sent } from '../http.ts';

const json = { 'content-type': 'application/json' };
const list = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
let bridge: RunningBridge;

const post = (body: string, headers: Record<string, string | undefined> = {}): Promise<Sent> =>
  send(bridge.url, { headers: { ...json, ...headers }, body });

const modernMeta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};
const modern = (method: string, params: object = {}, headers: Record<string, string | undefined> = {}): Promise<Sent> =>
  post(JSON.stringify({ jsonrpc: '2.0', id: 'm', method, params: { ...params, _meta: modernMeta } }), {
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
    ...headers,
  });

async function openSession(): Promise<Record<string, string>> {
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
  const { headers, message } = await post(JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }));
  expect(message.result).toMatchObject({ protocolVersion: '2025-06-18', serverInfo: { name: 'hostile' } });
  return { 'mcp-session-id': headers['mcp-session-id'] as string };
}

/** Open a stream and leave it open. */
const openStream = (headers: Record<string, string>): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const accept = { accept: 'text/event-stream' };
    const opening = request(bridge.url, { method: 'GET', headers: { ...accept, ...headers } }, resolve);
    opening.on('error', reject).end();
  });

beforeAll(async () => {
  bridge = await startBridgeProcess(hostileCommand, {
    MCP_BRIDGE_MAX_BODY_BYTES: '20000',
    MCP_BRIDGE_MAX_CONCURRENT: '8',
    MCP_BRIDGE_MAX_SESSIONS: '6',
    MCP_BRIDGE_IDLE_TIMEOUT_SECONDS: '1',
    MCP_BRIDGE_TIMEOUT_SECONDS: '3',
    MCP_BRIDGE_ALLOWED_ORIGINS: 'https://tools.example.com',
  });
});
afterAll(() => bridge[Symbol.asyncDispose]());

describe('who may come in', () => {
  it.each([
    ['a Host of somebody else', { host: 'evil.example:80' }],
    ['a web origin', { origin: 'https://evil.example' }],
    ['a local web origin that nobody named', { origin: 'http://localhost:3000' }],
  ])('[edge 16] refuses %s', async (_, headers: Record<string, string>) => {
    expect((await post(list, headers)).status).toBe(403);
    expect((await send(bridge.url, { method: 'GET', headers })).status).toBe(403);
    expect((await send(`${bridge.origin}/tools/call`, { headers: { ...json, ...headers }, body: '{}' })).status).toBe(
      403,
    );
  });

  it.each([
    { host: 'localhost:1' },
    { host: '[::1]' },
    { host: 'localhost:1', origin: 'http://localhost:1' },
    { origin: 'https://tools.example.com' },
  ])('[edge 16] lets %o in', async (headers) =>
    expect((await post(list, headers as Record<string, string>)).status).toBe(200),
  );

  it('asks for the bearer token where one is set, from a variable or a file, and never gives it to the child', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mcpnest-bridge-'));
    const token = 'a-token-of-some-length';
    writeFileSync(join(folder, 'token'), `${token}\n`);
    for (const given of [{ MCP_BRIDGE_TOKEN: token }, { MCP_BRIDGE_TOKEN_FILE: join(folder, 'token') }]) {
      await using guarded = await startBridgeProcess(hostileCommand, given);
      const ask = (authorization?: string): Promise<Sent> =>
        send(`${guarded.origin}/tools/call`, { headers: { ...json, authorization }, body: '{"name":"environment"}' });
      const without = await ask();
      expect([without.status, without.headers['www-authenticate']]).toEqual([401, 'Bearer']);
      expect((await ask(`Bearer ${token}x`)).status).toBe(401);
      expect((await ask(`Basic ${token}`)).status).toBe(401);
      const answer = await ask(`bearer ${token}`);
      expect(answer.status).toBe(200);
      expect(answer.text).not.toContain('MCP_BRIDGE');
      expect((await send(`${guarded.origin}/healthz`, { method: 'GET' })).text).toBe('{"status":"ok"}');
      expect(guarded.log()).not.toContain(token);
    }
    rmSync(folder, { recursive: true });
  });
});

describe('what it takes', () => {
  it('[edge 38] refuses a body over the limit, whether it says so or not', async () => {
    const large = `{"name":"echo","arguments":{"text":"${'x'.repeat(30_000)}"}}`;
    expect((await post(large)).status).toBe(413);
    const chunked = { 'transfer-encoding': 'chunked' };
    expect((await post(large, chunked)).status).toBe(413);
  });

  it.each([
    ['text', 'not json', 400, -32700],
    ['an empty body', '', 400, -32700],
    ['a batch', `[${list}]`, 400, -32600],
    ['a bare value', '3', 400, -32600],
    ['no version', '{"id":1,"method":"ping"}', 400, -32600],
    ['a null id', '{"jsonrpc":"2.0","id":null,"method":"ping"}', 400, -32600],
    ['a fractional id', '{"jsonrpc":"2.0","id":1.5,"method":"ping"}', 400, -32600],
    ['two ids', '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', 400, -32600],
    ['params that are a list', '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[]}', 400, -32600],
    ['endless nesting', '['.repeat(19_000), 400, -32700],
  ])('[edge 9] answers %s with an error', async (_, body, status, code) => {
    const answer = await post(body);
    expect([answer.status, answer.message.error?.code]).toEqual([status, code]);
  });

  it('[edge 15] takes JSON only, and no method but its own', async () => {
    expect((await post(list, { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await post(list, { 'content-encoding': 'gzip' })).status).toBe(415);
    const put = await send(bridge.url, { method: 'PUT' });
    expect([put.status, put.headers.allow]).toEqual([405, 'GET, POST, DELETE']);
    expect((await send(`${bridge.origin}/tools/call`, { method: 'GET' })).status).toBe(405);
    expect((await send(`${bridge.origin}/other`)).status).toBe(404);
  });

  it('[edge 14] answers in the form that is accepted', async () => {
    const type = async (accept: string | undefined): Promise<unknown> =>
      (await post(list, { accept })).headers['content-type'];
    expect(await type(undefined)).toBe('application/json');
    expect(await type('*/*')).toBe('application/json');
    expect(await type('application/json, text/event-stream')).toBe('application/json');
    expect(await type('text/event-stream')).toBe('text/event-stream');
    const { messages } = await post(list, { accept: 'text/event-stream' });
    expect(messages).toMatchObject([{ id: 1, result: { tools: expect.any(Array) } }]);
  });

  it('turns away more than so many at once', async () => {
    const slow = '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"slow","arguments":{"ms":500}}}';
    const statuses = (await Promise.all(Array.from({ length: 16 }, () => post(slow)))).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(8);
    expect(statuses.filter((status) => status === 503)).toHaveLength(8);
    expect((await post(list)).status).toBe(200);
  });

  it('[edge 42] a call without progress ends early, one with progress lives on but not for ever', async () => {
    const call = async (args: object): Promise<[number, Sent]> => {
      const began = performance.now();
      const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { ...args, _meta: { progressToken: 1 } } };
      const answer = await post(JSON.stringify(body));
      return [performance.now() - began, answer];
    };
    const [[idle, late], [alive, done], [total, ended]] = await Promise.all([
      call({ name: 'slow', arguments: { ms: 10_000 } }),
      call({ name: 'progress', arguments: { steps: 6, everyMs: 250, text: 'made it' } }),
      call({ name: 'progress', arguments: { steps: 100, everyMs: 250 } }),
    ]);
    expect(late.message.error?.code).toBe(504);
    expect(idle).toBeLessThan(2_500);
    expect(done.text).toContain('made it');
    expect(alive).toBeGreaterThan(1_400);
    expect(ended.message.error?.code).toBe(504);
    expect(total).toBeGreaterThan(2_500);
  });
});

describe('sessions of legacy clients', () => {
  it('[edge 24] [edge 25] [edge 26] live from initialize to DELETE', async () => {
    const session = await openSession();
    expect(session['mcp-session-id']).toMatch(/^[A-Za-z0-9_-]{32}$/);
    expect((await post(list, session)).status).toBe(200);
    expect((await post('{"jsonrpc":"2.0","id":9,"method":"ping"}', session)).message).toEqual({
      jsonrpc: '2.0',
      id: 9,
      result: {},
    });
    expect((await send(bridge.url, { method: 'GET', headers: session })).status).toBe(406);
    const stream = await openStream(session);
    expect(stream.headers['content-type']).toBe('text/event-stream');
    expect((await openStream(session)).statusCode).toBe(409);
    expect((await send(bridge.url, { method: 'DELETE', headers: session })).status).toBe(204);
    await new Promise((resolve) => stream.on('end', resolve).resume());
    for (const method of ['POST', 'GET', 'DELETE']) {
      const late = await send(bridge.url, {
        method,
        headers: { ...json, ...session },
        body: method === 'POST' ? list : undefined,
      });
      expect(late.status).toBe(404);
    }
  });

  it('[edge 24] [edge 26] need not be: a plain request is served, a stream is not', async () => {
    expect((await post(list)).message.result).toMatchObject({ tools: expect.any(Array) });
    expect((await send(bridge.url, { method: 'GET' })).status).toBe(405);
    expect((await send(bridge.url, { method: 'DELETE' })).status).toBe(405);
  });

  it('[edge 2] [edge 7] notifications are accepted; answers to nothing are not', async () => {
    const session = await openSession();
    const notified = await post('{"jsonrpc":"2.0","method":"notifications/whatever"}', session);
    expect([notified.status, notified.text]).toEqual([202, '']);
    expect((await post('{"jsonrpc":"2.0","id":1,"result":{}}', session)).status).toBe(400);
  });

  it('[edge 17] [edge 22] an unknown version is refused in the header and settled in initialize', async () => {
    expect((await post(list, { 'mcp-protocol-version': '1999-01-01' })).message.error?.code).toBe(-32022);
    const params = { protocolVersion: '2026-07-28', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
    const opened = await post(JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }));
    expect(opened.message.result?.['protocolVersion']).toBe('2025-11-25');
  });

  it('[edge 8] [edge 62] what only one client could have of a child is not to be had of a shared one', async () => {
    const session = await openSession();
    for (const method of ['logging/setLevel', 'tasks/list', 'subscriptions/listen', 'server/discover']) {
      const answer = await post(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: {} }), session);
      expect([answer.status, answer.message.error?.code]).toEqual([200, -32601]);
    }
  });

  it('there are only so many', async () => {
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
    const opening = JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params });
    const statuses: number[] = [];
    for (let i = 0; i < 7; i++) statuses.push((await post(opening)).status);
    expect(statuses.at(-1)).toBe(503);
  });
});

describe('modern clients in front of a legacy child', () => {
  it('[edge 59] answers have what the generation demands', async () => {
    const { message } = await modern('tools/list');
    expect(message.result).toMatchObject({
      resultType: 'complete',
      ttlMs: 0,
      cacheScope: 'private',
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'hostile' } },
    });
    const called = await modern('tools/call', { name: 'echo' }, { 'mcp-name': 'echo' });
    expect(called.message.result).toMatchObject({ resultType: 'complete' });
    expect(called.message.result).not.toHaveProperty('ttlMs');
  });

  it('server/discover says what is there without streams', async () => {
    const { message } = await modern('server/discover');
    expect(message.result).toMatchObject({ resultType: 'complete', capabilities: { tools: {}, resources: {} } });
    expect(message.result?.['capabilities']).toEqual({ tools: {}, resources: {} });
    expect(message.result?.['supportedVersions']).toContain('2026-07-28');
  });

  it('[edge 18] [edge 19] [edge 21] headers that disagree with the body are refused', async () => {
    const params = { name: 'écho' };
    const call = (headers: Record<string, string | undefined>): Promise<Sent> => modern('tools/call', params, headers);
    for (const headers of [
      { 'mcp-name': undefined },
      { 'mcp-name': 'echo' },
      { 'mcp-name': '=?base64?!!?=' },
      { 'mcp-name': 'x', 'mcp-method': 'TOOLS/CALL' },
      { 'mcp-method': undefined },
      { 'mcp-protocol-version': '2025-11-25' },
      { 'mcp-protocol-version': undefined },
    ]) {
      const answer = await call(headers);
      expect([answer.status, answer.message.error?.code, answer.message.id]).toEqual([400, -32020, 'm']);
    }
    const agreed = await call({ 'mcp-name': `=?base64?${Buffer.from('écho').toString('base64')}?=` });
    expect(agreed.message.error?.message).toBe('Unknown tool');
  });

  it('[edge 17] faulty claims are refused', async () => {
    const claim = (meta: object, version = '2026-07-28'): Promise<Sent> =>
      post(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: meta } }), {
        'mcp-protocol-version': version,
        'mcp-method': 'tools/list',
      });
    expect((await claim({})).message.error?.code).toBe(-32602);
    expect((await claim({ 'io.modelcontextprotocol/protocolVersion': '2026-07-28' })).message.error?.code).toBe(-32602);
    const future = { ...modernMeta, 'io.modelcontextprotocol/protocolVersion': '2027-01-01' };
    const { status, message } = await claim(future, '2027-01-01');
    expect([status, message.error?.code]).toEqual([400, -32022]);
    expect(message.error?.data).toMatchObject({
      requested: '2027-01-01',
      supported: expect.arrayContaining(['2026-07-28']),
    });
  });

  it('[edge 8] [edge 52] unknown and abandoned methods are 404', async () => {
    for (const method of ['nothing/like/it', 'ping', 'initialize', 'subscriptions/listen', 'resources/subscribe']) {
      const { status, message } = await modern(method);
      expect([status, message.error?.code]).toEqual([404, -32601]);
    }
  });

  it('[edge 66] a resource that is not there has the modern code', async () => {
    const { message } = await modern('resources/read', { uri: 'test://x' }, { 'mcp-name': 'test://x' });
    expect(message.error).toMatchObject({ code: -32602, message: 'Resource not found' });
  });

  it('[edge 60] the child sees what the client put into _meta, without what speaks of the generation', async () => {
    const meta = { ...modernMeta, 'example.com/trace': 12, progressToken: 'p' };
    const params = { name: 'progress', arguments: { steps: 1 }, _meta: meta };
    const { messages } = await post(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }), {
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'progress',
    });
    expect(messages[0]).toMatchObject({ method: 'notifications/progress', params: { progressToken: 'p' } });
  });
});
