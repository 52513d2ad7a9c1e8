import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callRows } from '../books.ts';
import { bootstrapData, spawnProduct, startProduct, type Product, type ProductData } from '../harness.ts';
import { send } from '../http.ts';
import { nodeEnvironment } from '../node.ts';
import { startEchoUpstream } from '../upstreams/echo.ts';

const main = fileURLToPath(new URL('../../packages/server/src/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mcpnest-process-'));
const text = join(folder, 'text.db');
writeFileSync(text, 'This is no database but a sentence. '.repeat(100));
afterAll(() => rmSync(folder, { recursive: true }));

/** Start the server where it is expected to refuse; its exit code and what it told whom. */
async function refusal(env: Record<string, string>): Promise<{ code: number; out: string; err: string }> {
  // One that starts after all is ended, so that the test fails instead of waiting.
  const child = spawn(process.execPath, [main], {
    env: { ...nodeEnvironment, ...env },
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 15_000,
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, ...said };
}

/** Raw bytes to the server, and all it answers until it closes or pauses. */
async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  let said = '';
  socket.on('data', (chunk: string) => (said += chunk));
  socket.on('error', () => {});
  socket.write(text);
  await Promise.race([once(socket, 'close'), sleep(500)]);
  socket.destroy();
  return said;
}

/** A client that writes a header every second and never ends them. */
function dripHeaders(port: number): { readonly closed: Promise<unknown> } {
  const socket: Socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n');
  const drip = setInterval(() => socket.write('X-A: b\r\n'), 1_000);
  socket.once('close', () => clearInterval(drip));
  return { closed: once(socket.resume(), 'close') };
}

const get = (url: string, headers: Record<string, string> = {}) => send(url, { method: 'GET', headers });

describe('start', () => {
  it('tells everything that is wrong with the configuration at once, and no more', async () => {
    const { code, out, err } = await refusal({
      MCPNEST_HOST: '0.0.0.0',
      MCPNEST_PROT: '1',
      MCPNEST_SECRET_KEY: '0'.repeat(64),
    });
    expect(code).toBe(1);
    expect(out).toBe('');
    expect(err).toMatch(/MCPNEST_HOST.*MCPNEST_PUBLIC_URL/);
    expect(err).toMatch(/MCPNEST_PROT .*did you mean MCPNEST_PORT\?/);
    expect(err).toMatch(/MCPNEST_SECRET_KEY .*openssl rand -hex 32/);
    expect(err).not.toMatch(/at .*\.ts:|0000/);
  });

  it('names the remedy when the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, err } = await refusal({ MCPNEST_DATA_DIR: join(folder, 'taken'), MCPNEST_PORT: String(port) });
    other.close();
    expect([code, err]).toEqual([
      1,
      `127.0.0.1:${port} is in use. Stop what listens there, or choose another port with MCPNEST_PORT.\n`,
    ]);
  });

  it.each([
    ['a server that is not there', 'postgres://ada@127.0.0.1:1/x', /nothing answers.*DATABASE_URL/],
    ['a folder that is not there', `sqlite:${join(folder, 'none', 'x.db')}`, /folder of its file does not exist/],
    ['a file that is no database', `sqlite:${text}`, /not a SQLite database/],
    ['a folder', `sqlite:${folder}`, /is a folder/],
  ])('says what is wrong with a database that is %s', async (_, url, message) => {
    const { code, err } = await refusal({ MCPNEST_DATA_DIR: join(folder, 'db'), MCPNEST_PORT: '0', DATABASE_URL: url });
    expect(code).toBe(1);
    expect(err).toMatch(message);
    expect(err).not.toContain('.ts:');
  });

  it('listens on loopback unless told otherwise, and is soon ready', async () => {
    await using product = await spawnProduct();
    expect(new URL(product.url).hostname).toBe('127.0.0.1');
    expect(product.readyAfterMs).toBeLessThan(3_000);
    expect((await get(`${product.url}/readyz`)).status).toBe(200);
  });

  it('refuses a second server on the same data folder, and leaves the first alone', async () => {
    await using product = await spawnProduct();
    const { code, err } = await refusal({ MCPNEST_DATA_DIR: product.dataDir, MCPNEST_PORT: '0' });
    expect(code).toBe(1);
    expect(err).toContain(`Another MCPNest server is running on the data folder ${product.dataDir}.`);
    expect((await get(`${product.url}/readyz`)).status).toBe(200);
  });

  it('refuses a data folder that was made with another key', async () => {
    using data = await bootstrapData();
    await (await startProduct({ data }))[Symbol.asyncDispose]();
    const other = randomBytes(32).toString('hex');
    const { code, err } = await refusal({ MCPNEST_DATA_DIR: data.dir, MCPNEST_PORT: '0', MCPNEST_SECRET_KEY: other });
    expect(code).toBe(1);
    expect(err).toMatch(/secret key is not the one.*MCPNEST_SECRET_KEY/);
  });
});

describe('the end', () => {
  it('lets a call in flight finish, takes no new one, flushes its record and exits 0', async () => {
    using data = await bootstrapData();
    await using upstream = await startEchoUpstream({ delayMs: 700 });
    const product = await spawnProduct({ data });
    await product.addServer({ slug: 'echo', url: upstream.url });
    const exited = once(product.child, 'exit');
    const call = product.call('echo', { n: 1 });
    await expect.poll(() => upstream.calls().length).toBe(1);
    product.child.kill('SIGTERM');
    await expect
      .poll(() =>
        get(`${product.url}/readyz`).then(
          (reply) => reply.status,
          () => 0,
        ),
      )
      .not.toBe(200);
    expect((await call).status).toBe(200);
    expect(await exited).toEqual([0, null]);
    expect(await callRows(data.dir)).toMatchObject([{ tool_name: 'echo', outcome: 'ok', dispatched: 1 }]);
  });

  it('lets a client take the answer it was given before', async () => {
    const size = 8 * 1024 * 1024;
    const result = `{"content":[{"type":"text","text":"${'x'.repeat(size)}"}]}`;
    await using upstream = await startEchoUpstream({ result: () => result });
    const product = await startProduct();
    await product.addServer({ slug: 'echo', url: upstream.url });
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo' } });
    const head = [
      'Host: 127.0.0.1',
      `Authorization: Bearer ${product.workspaceToken}`,
      `Content-Length: ${body.length}`,
    ];
    const client = connect(product.port, '127.0.0.1').pause();
    const idle = connect(product.port, '127.0.0.1').resume();
    const idleClosed = once(idle, 'close');
    idle.write('GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    client.write(`POST ${new URL(product.gateway()).pathname} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n${body}`);
    await expect.poll(() => upstream.calls().length).toBe(1);
    await once(client, 'readable');
    const stopped = product[Symbol.asyncDispose]();
    // By then it no longer listens, and waits.
    await idleClosed;
    let taken = 0;
    for await (const chunk of client) taken += (chunk as Buffer).length;
    await stopped;
    expect(taken).toBeGreaterThan(size);
  });

  it('does not wait when told twice', async () => {
    using data = await bootstrapData();
    await using upstream = await startEchoUpstream({ delayMs: 20_000 });
    const product = await spawnProduct({ data });
    await product.addServer({ slug: 'echo', url: upstream.url });
    const call = product.call('echo').catch(() => undefined);
    await expect.poll(() => upstream.calls().length).toBe(1);
    const exited = once(product.child, 'exit');
    product.child.kill('SIGINT');
    await sleep(200);
    expect(product.child.exitCode).toBeNull();
    product.child.kill('SIGINT');
    expect(await exited).toEqual([1, null]);
    await call;
  });

  it('closes everything it opened when it runs inside another process', async () => {
    using data = await bootstrapData();
    for (let round = 0; round < 3; round++) {
      const product = await startProduct({ data });
      expect((await get(`${product.url}/healthz`)).status).toBe(200);
      await product[Symbol.asyncDispose]();
      await expect(get(`${product.url}/healthz`)).rejects.toThrow('ECONNREFUSED');
    }
  });
});

describe('a running server', () => {
  let product: Product;
  let data: ProductData;
  let neverDone: { readonly closed: Promise<unknown> };
  beforeAll(async () => {
    data = await bootstrapData();
    product = await startProduct({ data });
    neverDone = dripHeaders(product.port);
  });
  afterAll(async () => {
    await product[Symbol.asyncDispose]();
    data[Symbol.dispose]();
  });

  it('answers supervisors with constants', async () => {
    const alive = await get(`${product.url}/healthz?x=1`);
    const ready = await get(`${product.url}/readyz`);
    expect([alive.status, alive.text]).toEqual([200, '{"status":"ok"}\n']);
    expect([ready.status, ready.text]).toEqual([200, '{"status":"ready","reasons":[]}\n']);
    expect((await send(`${product.url}/readyz`, { body: '{}' })).status).toBe(405);
  });

  it('gives metrics to programs of this machine only, unless they bring a control key', async () => {
    const open = await get(`${product.url}/metrics`);
    expect(open.headers['content-type']).toContain('version=0.0.4');
    expect(open.text).toMatch(/^mcpnest_ready 1$/m);
    expect(open.text).toMatch(/^process_resident_memory_bytes \d+$/m);
    expect((await get(`${product.url}/metrics`, { host: 'rebound.example.com' })).status).toBe(401);

    using other = await bootstrapData();
    const env = { MCPNEST_PUBLIC_URL: 'https://mcp.example.com' };
    await using published = await startProduct({ data: other, env });
    const read = (authorization?: string) =>
      get(`${published.url}/metrics`, {
        host: 'mcp.example.com',
        ...(authorization === undefined ? {} : { authorization }),
      });
    expect((await read()).status).toBe(401);
    expect((await read(`Bearer mnk_${'0'.repeat(48)}`)).status).toBe(401);
    expect((await read(`Bearer ${published.workspaceToken}`)).status).toBe(401);
    expect((await read(`Bearer ${published.apiKey}`)).status).toBe(200);
  });

  it('counts calls by outcome', async () => {
    await product.rpc({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'nobody-has-this' } });
    await using upstream = await startEchoUpstream();
    await product.addServer({ slug: 'counted', url: upstream.url });
    await product.call('echo', {}, { server: 'counted' });
    expect((await get(`${product.url}/metrics`)).text).toMatch(/^mcpnest_tool_calls_total\{outcome="ok"\} 1$/m);
  });

  it.each([
    ['an oversized header', `GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    ['no host', 'GET /healthz HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
    [
      'two lengths',
      'POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx',
      /^HTTP\/1\.1 400 /,
    ],
    [
      'length and chunks',
      'POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      /^HTTP\/1\.1 400 /,
    ],
    ['a bare line feed', 'GET /healthz HTTP/1.1\nHost: x\n\n', /^HTTP\/1\.1 400 /],
    ['a tunnel', 'CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n', /^$/],
  ])('does not take %s', async (_, text, answer) => {
    expect(await raw(product.port, text)).toMatch(answer);
  });

  it('serves a request that offers an upgrade as a plain one', async () => {
    const said = await raw(
      product.port,
      'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
    );
    expect(said).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  // Began before all the others here.
  it('cuts off a client that never ends its headers, and serves others meanwhile', { timeout: 30_000 }, async () => {
    expect((await get(`${product.url}/healthz`)).status).toBe(200);
    await neverDone.closed;
  });
});
