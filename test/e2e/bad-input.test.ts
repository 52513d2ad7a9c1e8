import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, timeCalls, type Product } from '../harness.ts';
import { send } from '../http.ts';
import { rawExchange, rawPost, slowLoris, smuggling } from '../upstreams/hostile-client.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let upstream: EchoUpstream;

beforeAll(async () => {
  product = stack.use(await startProduct());
  upstream = stack.use(await startEchoUpstream());
  await product.addServer({ slug: 'echo', url: upstream.url });
  await product.call('echo');
});
afterAll(() => stack.disposeAsync());

const nest = (open: string, close: string, depth: number): string => open.repeat(depth) + close.repeat(depth);
const callWith = (args: string): string =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":${args}}}`;

/** What it is, the body, HTTP status, JSON-RPC code, the id echoed. */
const corpus: [string, string, number, number, unknown][] = [
  ['nothing', '', 400, -32700, null],
  ['half a message', '{"jsonrpc":"2.0","id":1,', 400, -32700, null],
  ['plain words', 'hello', 400, -32700, null],
  [
    'two messages in a row',
    '{"jsonrpc":"2.0","id":1,"method":"ping"}{"jsonrpc":"2.0","id":2,"method":"ping"}',
    400,
    -32700,
    null,
  ],
  ['a trailing comma', '{"jsonrpc":"2.0","id":1,"method":"ping",}', 400, -32700, null],
  ['single quotes', "{'jsonrpc':'2.0'}", 400, -32700, null],
  ['a comment', '{"jsonrpc":"2.0","id":1,"method":"ping"} // x', 400, -32700, null],
  ['a bare NaN', '{"jsonrpc":"2.0","id":NaN,"method":"ping"}', 400, -32700, null],
  ['a leading zero', '{"jsonrpc":"2.0","id":01,"method":"ping"}', 400, -32700, null],
  ['a raw line break in a string', '{"jsonrpc":"2.0","id":"a\nb","method":"ping"}', 400, -32700, null],
  ['an empty batch', '[]', 400, -32600, null],
  ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', 400, -32600, null],
  ['a string', '"ping"', 400, -32600, null],
  ['null', 'null', 400, -32600, null],
  ['a number', '1', 400, -32600, null],
  ['an id that is null', '{"jsonrpc":"2.0","id":null,"method":"ping"}', 400, -32600, null],
  ['an id with a fraction', '{"jsonrpc":"2.0","id":1.5,"method":"ping"}', 400, -32600, null],
  ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"ping"}', 400, -32600, null],
  ['an id that is a list', '{"jsonrpc":"2.0","id":[1],"method":"ping"}', 400, -32600, null],
  ['an id that is true', '{"jsonrpc":"2.0","id":true,"method":"ping"}', 400, -32600, null],
  ['an id of 10 kB', `{"jsonrpc":"2.0","id":"${'x'.repeat(10_000)}","method":"ping"}`, 400, -32600, null],
  ['no version', '{"id":1,"method":"ping"}', 400, -32600, 1],
  ['version 1.0', '{"jsonrpc":"1.0","id":1,"method":"ping"}', 400, -32600, 1],
  ['no method', '{"jsonrpc":"2.0","id":1}', 400, -32600, 1],
  ['a method that is a number', '{"jsonrpc":"2.0","id":1,"method":7}', 400, -32600, 1],
  ['a duplicate method', '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}', 400, -32600, null],
  [
    'a duplicate name',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","name":"other"}}',
    400,
    -32600,
    null,
  ],
  [
    'a duplicate name in another spelling',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","n\\u0061me":"other"}}',
    400,
    -32600,
    null,
  ],
  [
    'a name in another case',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","Name":"other"}}',
    400,
    -32600,
    null,
  ],
  ['a method in another case', '{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}', 400, -32600, null],
  ['half a surrogate pair', callWith('{"a":"\\ud800"}'), 400, -32600, null],
  ['a NUL in a string', callWith('{"a":"\\u0000"}'), 400, -32600, null],
  ['deep lists', callWith(nest('[', ']', 5_000)), 400, -32600, null],
  ['deep objects', callWith(`${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`), 400, -32600, null],
  ['too many elements', callWith(`{"a":[${'0,'.repeat(200_000)}0]}`), 400, -32600, null],
  ['params that are a list', '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[]}', 200, -32602, 1],
  ['params that are a string', '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":"x"}', 200, -32602, 1],
  ['_meta that is a list', '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":[]}}', 200, -32602, 1],
  ['a call without params', '{"jsonrpc":"2.0","id":1,"method":"tools/call"}', 200, -32602, 1],
  ['a call without a name', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}', 200, -32602, 1],
  ['a name that is a number', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":1}}', 200, -32602, 1],
  ['a name that is empty', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":""}}', 200, -32602, 1],
  [
    'a name of 100 kB',
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${'n'.repeat(100_000)}"}}`,
    200,
    -32602,
    1,
  ],
  ['arguments that are a list', callWith('[1]'), 200, -32602, 1],
  ['arguments that are a string', callWith('"x"'), 200, -32602, 1],
  [
    'the name __proto__',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"__proto__"}}',
    200,
    -32602,
    1,
  ],
  [
    'the name constructor',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"constructor"}}',
    200,
    -32602,
    1,
  ],
  [
    'a cursor we never gave',
    '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"abc"}}',
    200,
    -32602,
    1,
  ],
  ['the method __proto__', '{"jsonrpc":"2.0","id":1,"method":"__proto__"}', 200, -32601, 1],
];

describe('a bad message', () => {
  it.each(corpus)(
    '[edge 3][edge 9] that is %s gets a clear error and reaches nobody',
    async (_, body, status, code, id) => {
      const before = upstream.seen.length;
      const answer = await product.rpc(body);
      expect([answer.status, answer.message.error?.code]).toEqual([status, code]);
      expect(answer.message).toMatchObject({ jsonrpc: '2.0', id });
      expect(answer.message.error?.message).toMatch(/\S/);
      expect(answer.text.length).toBeLessThan(1_000);
      expect(answer.text).not.toMatch(/node:|\.ts\b|\/packages\/|at .*:\d+:\d+/);
      expect(upstream.seen.length).toBe(before);
    },
  );

  it('[edge 9] of invalid UTF-8 gets a parse error', async () => {
    const body = Buffer.concat([
      Buffer.from('{"jsonrpc":"2.0","id":1,"method":"'),
      Buffer.from([0xff, 0xc0]),
      Buffer.from('"}'),
    ]);
    const answer = await send(product.gateway(), {
      headers: { authorization: `Bearer ${product.workspaceToken}`, 'content-type': 'application/json' },
      body,
    });
    expect([answer.status, answer.message.error?.code]).toEqual([400, -32700]);
  });

  it('with __proto__ among the arguments is passed on as it is and poisons nothing', async () => {
    const answer = await product.rpc(
      callWith('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
    );
    expect(answer.message.error).toBeUndefined();
    expect(upstream.calls().at(-1)?.body).toContain('"__proto__":{"polluted":true}');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('[edge 38] that is larger than the limit is refused with 413, declared or not', async () => {
    const body = callWith(`{"a":"${'x'.repeat(2_000_000)}"}`);
    const declared = await product.rpc(body).catch(() => ({ status: 413 }));
    expect(declared.status).toBe(413);
    const path = new URL(product.gateway()).pathname;
    const head = rawPost(path, '', [`Authorization: Bearer ${product.workspaceToken}`, 'Transfer-Encoding: chunked']);
    const chunk = `${(65_536).toString(16)}\r\n${'x'.repeat(65_536)}\r\n`;
    const streamed = await rawExchange(product.port, [head, ...Array.from({ length: 24 }, () => chunk)], {
      pauseMs: 5,
    });
    expect(streamed.statuses).toEqual([413]);
  });
});

describe('a wrong address or credential', () => {
  const body = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
  const auth = (): string => `Bearer ${product.workspaceToken}`;

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer x',
    'Basic eDp5',
    'mng_',
    `Bearer mng_${'0'.repeat(48)}`,
    `Bearer ${'x'.repeat(8_000)}`,
  ])('[edge 36] with Authorization: %s is 401 with a challenge', async (authorization) => {
    const answer = await send(product.gateway(), {
      headers: { authorization, 'content-type': 'application/json' },
      body,
    });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
    expect(answer.message.error?.message).toMatch(/token/);
  });

  it('is 404 for a workspace or server that is not there, and for the workspace of others', async () => {
    await product.client.workspaces.create({ body: { name: 'Other', slug: 'other' } });
    const paths = [
      '/api/gw/nope',
      '/api/gw/other',
      `/api/gw/${product.workspace}/nope`,
      `/api/gw/${product.workspace}/echo/more`,
      '/api/gw/',
      `/api/gw/${product.workspace}%2fecho`,
      `/api/gw/${product.workspace}/../other`,
    ];
    for (const path of paths) {
      const { statuses } = await rawExchange(
        product.port,
        rawPost(path, body, [`Authorization: ${auth()}`, `Content-Length: ${body.length}`, 'Connection: close']),
      );
      expect(statuses, path).toEqual([404]);
    }
  });

  it.each([
    ['a foreign Host', { host: 'evil.example' }],
    ['a Host that only looks like ours', { host: '127.0.0.1.evil.example' }],
    ['a foreign Origin', { origin: 'https://evil.example' }],
    ['the Origin null', { origin: 'null' }],
    ['an Origin that only looks like ours', { origin: 'http://localhost.evil.example' }],
  ])('[edge 16] is 403 with %s, before any credential is looked at', async (_, headers) => {
    for (const authorization of [auth(), undefined]) {
      const answer = await send(product.gateway(), {
        headers: { authorization, 'content-type': 'application/json', ...headers },
        body,
      });
      expect(answer.status).toBe(403);
    }
    expect(
      (await send(product.gateway(), { headers: { authorization: auth(), 'content-type': 'application/json' }, body }))
        .status,
    ).toBe(200);
  });

  it.each([
    'Host: ',
    'Host: 127.0.0.1\r\nHost: evil.example',
    'X-No-Host: 1',
    'Host: user@127.0.0.1',
    'Host: 127.0.0.1:port',
  ])('is refused with the header %j', async (host) => {
    const text = `POST /api/gw/${product.workspace} HTTP/1.1\r\n${host}\r\nAuthorization: ${auth()}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
    const { statuses } = await rawExchange(product.port, text);
    expect([[400], [403]]).toContainEqual(statuses);
  });

  it.each(['http://localhost', 'http://127.0.0.1'])('[edge 16] is taken from our own origin %s', async (origin) => {
    const answer = await send(product.gateway(), {
      headers: { authorization: auth(), 'content-type': 'application/json', origin: `${origin}:${product.port}` },
      body,
    });
    expect(answer.status).toBe(200);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });

  it.each(['text/plain', 'multipart/form-data; boundary=x', 'application/xml'])(
    '[edge 15] is 415 for %s',
    async (type) => {
      const answer = await send(product.gateway(), { headers: { authorization: auth(), 'content-type': type }, body });
      expect(answer.status).toBe(415);
    },
  );

  it.each(['PUT', 'PATCH', 'OPTIONS', 'HEAD', 'TRACE'])('is 405 for %s', async (method) => {
    const answer = await send(product.gateway(), { method, headers: { authorization: auth() } });
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toContain('POST');
  });
});

describe('a request that can be read in two ways', () => {
  it.each(Object.keys(smuggling))('(%s) is refused, and nothing is smuggled', async (name) => {
    const before = upstream.seen.length;
    const path = new URL(product.gateway()).pathname;
    const { statuses, closed } = await rawExchange(product.port, smuggling[name]!(path, product.workspaceToken));
    expect(statuses.every((status) => status >= 400)).toBe(true);
    expect(statuses.length).toBeLessThanOrEqual(1);
    expect(closed).toBe(true);
    expect(upstream.seen.length).toBe(before);
  });
});

describe('a flood of wrong tokens', () => {
  it('is turned away cheaply, while those with a token are served', async () => {
    const alone = await timeCalls(product, 'echo');
    const statuses: number[] = [];
    const body = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
    const stranger = async (from: number): Promise<void> => {
      for (let i = from; i < from + 60; i++) {
        statuses.push((await product.rpc(body, { token: `mng_${i.toString(16).padStart(48, '0')}` })).status);
      }
    };
    const flood = Promise.all(Array.from({ length: 25 }, (_, i) => stranger(i * 60)));
    expect(await timeCalls(product, 'echo')).toBeLessThan(1_500 + 8 * alone);
    await flood;
    expect(statuses.length).toBe(1_500);
    expect(statuses.every((status) => status === 401 || status === 429)).toBe(true);
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(1_000);
  }, 20_000);
});

describe('slow and silent clients', () => {
  it('do not keep others waiting', async () => {
    const path = new URL(product.gateway()).pathname;
    const alone = await timeCalls(product, 'echo');
    await using loris = await slowLoris(product.port, 200, `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n`);
    expect(loris.alive()).toBe(200);
    expect(await timeCalls(product, 'echo')).toBeLessThan(1_500 + 8 * alone);
  });
});
