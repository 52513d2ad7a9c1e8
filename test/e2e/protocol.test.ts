import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, type Product, type RpcOptions } from '../harness.ts';
import { send } from '../http.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let upstream: EchoUpstream;

beforeAll(async () => {
  product = stack.use(await startProduct());
  upstream = stack.use(
    await startEchoUpstream({
      era: 'both',
      tools: [
        'echo',
        {
          name: 'mirrored',
          inputSchema: {
            type: 'object',
            properties: {
              region: { type: 'string', 'x-mcp-header': 'Region' },
              n: { type: 'integer', 'x-mcp-header': 'N' },
            },
          },
        },
      ],
    }),
  );
  await product.addServer({ slug: 'echo', url: upstream.url });
});
afterAll(() => stack.disposeAsync());

const initialize = (version: unknown, options?: RpcOptions) =>
  product.rpc(
    {
      jsonrpc: '2.0',
      id: 0,
      method: 'initialize',
      params: { protocolVersion: version, capabilities: {}, clientInfo: { name: 't', version: '1' } },
    },
    options,
  );

describe('initialize', () => {
  it.each(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])(
    '[GW-02] agrees on %s when asked for it',
    async (version) => {
      const { status, message, headers } = await initialize(version);
      expect(status).toBe(200);
      expect(message.result).toMatchObject({ protocolVersion: version, capabilities: { tools: {} } });
      expect(headers['mcp-session-id']).toMatch(/^[\x21-\x7e]{22,}$/);
      const session = { 'mcp-session-id': String(headers['mcp-session-id']), 'mcp-protocol-version': version };
      const ready = await product.rpc({ jsonrpc: '2.0', method: 'notifications/initialized' }, { headers: session });
      expect([ready.status, ready.text]).toEqual([202, '']);
      const listed = await product.rpc({ jsonrpc: '2.0', id: 1, method: 'tools/list' }, { headers: session });
      expect(listed.message.result?.['tools']).toHaveLength(2);
      const pinged = await product.rpc({ jsonrpc: '2.0', id: 2, method: 'ping' }, { headers: session });
      expect(pinged.message.result).toEqual({});
    },
  );

  it.each(['2030-01-01', '2026-07-28', '1.0', 'latest'])(
    '[GW-02][edge 22] offers its newest session revision when asked for %s',
    async (version) => {
      const { message } = await initialize(version);
      expect(message.result?.['protocolVersion']).toBe('2025-11-25');
    },
  );

  it.each([undefined, null, 7, {}])('[GW-02] says what is wrong with the version %j', async (version) => {
    const { message, headers } = await initialize(version);
    expect(message.error?.code).toBe(-32602);
    expect(headers['mcp-session-id']).toBeUndefined();
  });
});

describe('sessions', () => {
  const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };

  it('[edge 24][edge 25] end once by DELETE and are unknown from then on', async () => {
    const id = String((await initialize('2025-11-25')).headers['mcp-session-id']);
    const headers = { authorization: `Bearer ${product.workspaceToken}`, 'mcp-session-id': id };
    expect((await send(product.gateway(), { method: 'DELETE', headers })).status).toBe(204);
    expect((await send(product.gateway(), { method: 'DELETE', headers })).status).toBe(404);
    expect((await product.rpc(ping, { headers: { 'mcp-session-id': id } })).status).toBe(404);
    const without = { authorization: headers.authorization };
    expect((await send(product.gateway(), { method: 'DELETE', headers: without })).status).toBe(405);
  });

  it('[TOK-06][edge 23][edge 24] are unknown to every other token and at every other URL', async () => {
    const params = { workspace: product.workspace };
    const other = (await product.client.tokens.issue({ params, body: { label: 'other' } })).secret;
    await expect.poll(async () => (await product.rpc(ping, { token: other })).status).toBe(200);
    const headers = { 'mcp-session-id': String((await initialize('2025-11-25')).headers['mcp-session-id']) };
    const answers = [
      await product.rpc(ping, { headers, token: other }),
      await product.rpc(ping, { headers, server: 'echo' }),
      await product.rpc(ping, { headers: { 'mcp-session-id': 'made-up' } }),
    ];
    for (const { status, text } of answers) {
      expect(status).toBe(404);
      expect(text).toBe(answers[0]!.text);
    }
    expect((await product.rpc(ping, { headers })).status).toBe(200);
  });

  it('refuses GET with 405 and names what is allowed', async () => {
    const answer = await send(product.gateway(), {
      method: 'GET',
      headers: { authorization: `Bearer ${product.workspaceToken}`, accept: 'text/event-stream' },
    });
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toContain('POST');
  });
});

describe('2026-07-28 requests', () => {
  it('[GW-02] are discovered', async () => {
    const { status, message } = await product.modern('server/discover');
    expect(status).toBe(200);
    expect(message.result).toMatchObject({
      resultType: 'complete',
      capabilities: { tools: {} },
      cacheScope: 'private',
    });
    expect(message.result?.['supportedVersions']).toEqual(expect.arrayContaining(['2026-07-28', '2025-11-25']));
    expect(message.result?.['ttlMs']).toBeTypeOf('number');
    expect((message.result?.['_meta'] as Record<string, unknown>)['io.modelcontextprotocol/serverInfo']).toMatchObject({
      name: 'mcpnest',
    });
  });

  it('[GW-02][edge 58][edge 59] list with caching hints for this caller alone', async () => {
    const { status, message } = await product.modern('tools/list');
    expect(status).toBe(200);
    expect(message.result).toMatchObject({ resultType: 'complete', cacheScope: 'private' });
    const ttl = message.result?.['ttlMs'] as number;
    expect(Number.isInteger(ttl) && ttl >= 0 && ttl <= 30_000).toBe(true);
  });

  it('[GW-02] call, and say so to a modern upstream in its own words', async () => {
    const { status, message } = await product.modern('tools/call', { name: 'echo', arguments: { a: 1 } });
    expect(status).toBe(200);
    expect(message.result).toMatchObject({ resultType: 'complete' });
    const seen = upstream.calls().at(-1)!;
    expect(seen.headers).toMatchObject({
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'echo',
    });
    const meta = seen.params['_meta'] as Record<string, unknown>;
    expect(meta['io.modelcontextprotocol/clientInfo']).toMatchObject({ name: 'mcpnest' });
  });

  it('[GW-02][edge 59] reach a legacy upstream, too, and get the fields their revision demands', async () => {
    await using legacy = await startEchoUpstream({ tools: ['old'], sessions: true });
    await product.addServer({ slug: 'legacy', url: legacy.url });
    const { message } = await product.modern('tools/call', { name: 'old', arguments: {} }, { server: 'legacy' });
    expect(message.result).toMatchObject({ resultType: 'complete', content: [{ type: 'text', text: 'called old' }] });
    expect(JSON.stringify(legacy.calls().at(-1)?.params)).not.toContain('io.modelcontextprotocol/');
    await product.client.servers.remove({ params: { workspace: product.workspace, server: 'legacy' } });
  });

  const call = { name: 'echo', arguments: {} };
  const mismatches: [string, string, Record<string, unknown>, Record<string, string | undefined>][] = [
    ['another method', 'tools/list', {}, { 'mcp-method': 'prompts/list' }],
    ['the method in capitals', 'tools/list', {}, { 'mcp-method': 'TOOLS/LIST' }],
    ['no method', 'tools/list', {}, { 'mcp-method': undefined }],
    ['another name', 'tools/call', call, { 'mcp-name': 'write' }],
    ['no name', 'tools/call', call, { 'mcp-name': undefined }],
    ['another version', 'tools/list', {}, { 'mcp-protocol-version': '2025-11-25' }],
    ['no version', 'tools/list', {}, { 'mcp-protocol-version': undefined }],
    ['a stray Mcp-Param', 'tools/call', { name: 'mirrored', arguments: {} }, { 'mcp-param-region': 'eu' }],
    [
      'a differing Mcp-Param',
      'tools/call',
      { name: 'mirrored', arguments: { region: 'us' } },
      { 'mcp-param-region': 'eu' },
    ],
    ['no Mcp-Param', 'tools/call', { name: 'mirrored', arguments: { region: 'us' } }, {}],
    [
      'a broken Base64 Mcp-Param',
      'tools/call',
      { name: 'mirrored', arguments: { region: 'Hello' } },
      { 'mcp-param-region': '=?base64?SGVsbG8?=' },
    ],
  ];
  it.each(mismatches)(
    '[edge 18][edge 20][edge 21] are refused with -32020 when the headers say %s',
    async (_, method, params, headers) => {
      const before = upstream.calls().length;
      const { status, message } = await product.modern(method, params, { headers });
      expect(status).toBe(400);
      expect(message.error?.code).toBe(-32020);
      expect(message.id).toBe(1);
      expect(upstream.calls().length).toBe(before);
    },
  );

  const agreements: [string, Record<string, unknown>, Record<string, string>][] = [
    ['spaces around a value', call, { 'mcp-name': '  echo  ' }],
    ['a Base64 name', call, { 'mcp-name': `=?base64?${Buffer.from('echo').toString('base64')}?=` }],
    ['a mirrored argument', { name: 'mirrored', arguments: { region: 'eu' } }, { 'mcp-param-region': 'eu' }],
    [
      'a Base64 argument',
      { name: 'mirrored', arguments: { region: 'Zürich' } },
      { 'mcp-param-region': `=?base64?${Buffer.from('Zürich').toString('base64')}?=` },
    ],
    ['an integer argument', { name: 'mirrored', arguments: { n: 42 } }, { 'mcp-param-n': '42' }],
    ['null where no header is sent', { name: 'mirrored', arguments: { region: null } }, {}],
  ];
  it.each(agreements)('[edge 19][edge 20][edge 21] are taken with %s', async (_, params, headers) => {
    const { status, message } = await product.modern('tools/call', params, { headers });
    expect(message.error).toBeUndefined();
    expect(status).toBe(200);
    const seen = upstream.calls().at(-1)!;
    if (headers['mcp-param-region'] !== undefined)
      expect(seen.headers['mcp-param-region']).toBe(headers['mcp-param-region']);
  });

  it('[edge 20] of older clients are mirrored for them, from their arguments and nothing else', async () => {
    const cases: [object, string | undefined, string | undefined][] = [
      [{ region: 'eu', n: -7 }, 'eu', '-7'],
      [{ region: 'Zürich' }, `=?base64?${Buffer.from('Zürich').toString('base64')}?=`, undefined],
      [{ region: null, n: 0 }, undefined, '0'],
      [{}, undefined, undefined],
    ];
    for (const [args, region, n] of cases) {
      const { message } = await product.call('mirrored', args, { headers: { 'mcp-param-region': 'stray' } });
      expect(message.error).toBeUndefined();
      const { headers } = upstream.calls().at(-1)!;
      expect([headers['mcp-param-region'], headers['mcp-param-n']]).toEqual([region, n]);
    }
  });

  it('[edge 17] are refused with -32022 for a version not served, naming those that are', async () => {
    const version = '2027-01-01';
    const meta = { 'io.modelcontextprotocol/protocolVersion': version };
    const { status, message } = await product.modern(
      'tools/list',
      {},
      { headers: { 'mcp-protocol-version': version }, meta },
    );
    expect(status).toBe(400);
    expect(message.error).toMatchObject({ code: -32022, data: { requested: version } });
    expect(message.error?.data?.['supported']).toEqual(
      expect.arrayContaining(['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05']),
    );
  });

  const incomplete: [string, unknown][] = [
    ['no _meta', undefined],
    ['no version', { 'io.modelcontextprotocol/clientCapabilities': {} }],
    ['no capabilities', { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' }],
    [
      'capabilities of the wrong type',
      { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': 'all' },
    ],
  ];
  it.each(incomplete)('are refused with -32602 and HTTP 400 with %s', async (_, _meta) => {
    const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' };
    const { status, message } = await product.rpc(
      { jsonrpc: '2.0', id: 'x', method: 'tools/list', params: { _meta } },
      { headers },
    );
    expect(status).toBe(400);
    expect(message.error?.code).toBe(-32602);
    expect(message.id).toBe('x');
  });

  it('do not need clientInfo', async () => {
    const { status } = await product.modern(
      'tools/list',
      {},
      { meta: { 'io.modelcontextprotocol/clientInfo': undefined } },
    );
    expect(status).toBe(200);
  });

  it.each(['initialize', 'ping', 'logging/setLevel', 'resources/subscribe', 'no/such/method'])(
    '[edge 8] answer 404 and -32601 to %s',
    async (method) => {
      const { status, message } = await product.modern(method);
      expect(status).toBe(404);
      expect(message.error?.code).toBe(-32601);
    },
  );

  it('refuse a posted response', async () => {
    const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'x' };
    const { status } = await product.rpc({ jsonrpc: '2.0', id: 1, result: {} }, { headers });
    expect(status).toBe(400);
  });
});

describe('legacy requests', () => {
  it('[edge 8] answer 200 and -32601 to a method that is not there', async () => {
    const { status, message } = await product.rpc({ jsonrpc: '2.0', id: 'm', method: 'no/such/method' });
    expect([status, message.error?.code, message.id]).toEqual([200, -32601, 'm']);
  });

  it('[edge 17] refuse a version header that is unknown', async () => {
    const { status } = await product.rpc(
      { jsonrpc: '2.0', id: 1, method: 'tools/list' },
      { headers: { 'mcp-protocol-version': '1999-01-01' } },
    );
    expect(status).toBe(400);
  });

  it('do not become modern by the header Mcp-Method alone', async () => {
    const { status, message } = await product.rpc(
      { jsonrpc: '2.0', id: 1, method: 'tools/list' },
      { headers: { 'mcp-method': 'tools/list' } },
    );
    expect(status).toBe(200);
    expect(message.result?.['ttlMs']).toBeUndefined();
  });

  it('take any notification with 202 and nothing else', async () => {
    for (const method of ['notifications/initialized', 'notifications/cancelled', 'notifications/made-up']) {
      const { status, text } = await product.rpc({ jsonrpc: '2.0', method, params: {} });
      expect([status, text]).toEqual([202, '']);
    }
  });

  it('[edge 3] keep the id and its type', async () => {
    for (const id of ['1', '1', '', 'ü\n"', '0', '-7', '9007199254740993'].map((text, i) =>
      i < 4 ? JSON.stringify(text) : text,
    )) {
      const listed = await product.rpc(`{"jsonrpc":"2.0","id":${id},"method":"tools/list"}`);
      const called = await product.rpc(`{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"echo"}}`);
      const failed = await product.rpc(`{"jsonrpc":"2.0","id":${id},"method":"nope"}`);
      for (const { text } of [listed, called, failed]) expect(text).toContain(`"id":${id}`);
    }
  });
});

describe('forms of the answer', () => {
  const body = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
  it.each([undefined, '*/*', 'application/json', 'application/json, text/event-stream', 'application/*'])(
    '[edge 14] is JSON for Accept: %s',
    async (accept) => {
      const { status, headers } = await product.rpc(body, { headers: { accept } });
      expect([status, headers['content-type']]).toEqual([200, 'application/json']);
    },
  );

  it('[edge 14][edge 37] is an event stream for those who read nothing else', async () => {
    const { status, headers, message } = await product.rpc(body, { headers: { accept: 'text/event-stream' } });
    expect([status, headers['content-type']]).toEqual([200, 'text/event-stream']);
    expect([headers['x-accel-buffering'], headers['cache-control']]).toEqual(['no', 'no-cache, no-transform']);
    expect(headers['content-encoding']).toBeUndefined();
    expect(message.result?.['tools']).toHaveLength(2);
  });

  it("[NEW-13] carries the gateway's own share and the upstream's", async () => {
    for (const { headers } of [
      await product.rpc(body),
      await product.call('echo'),
      await product.call('none'),
      await product.rpc(body, { token: null }),
    ]) {
      expect(headers['server-timing']).toMatch(/^gateway;dur=\d+(\.\d+)?, upstream;dur=\d+(\.\d+)?$/);
    }
  });
});

describe('progress', () => {
  it("[GW-05][edge 14][edge 41] comes through a streaming upstream under the caller's own token", async () => {
    const { startConformanceUpstream } = await import('../upstreams/conformance.ts');
    await using streaming = await startConformanceUpstream();
    await product.addServer({ slug: 'streaming', url: streaming.url });
    for (const progressToken of ['mine', 17]) {
      const params = { name: 'test_tool_with_progress', arguments: {}, _meta: { progressToken } };
      const answer = await product.rpc(
        { jsonrpc: '2.0', id: 9, method: 'tools/call', params },
        { server: 'streaming', headers: { accept: 'application/json, text/event-stream' } },
      );
      const progress = answer.messages
        .filter((message) => message.method === 'notifications/progress')
        .map((message) => message.params);
      expect(progress.map((params) => params?.['progress'])).toEqual([0, 50, 100]);
      expect(progress.every((params) => params?.['progressToken'] === progressToken)).toBe(true);
      expect(answer.message).toMatchObject({ id: 9, result: { content: [{ type: 'text' }] } });
    }
    const plain = await product.rpc(
      {
        jsonrpc: '2.0',
        id: 9,
        method: 'tools/call',
        params: { name: 'test_tool_with_progress', arguments: {}, _meta: { progressToken: 1 } },
      },
      { server: 'streaming' },
    );
    expect(plain.headers['content-type']).toBe('application/json');
    expect(plain.message.result?.['content']).toHaveLength(1);
    await product.client.servers.remove({ params: { workspace: product.workspace, server: 'streaming' } });
  });
});
