import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CallRow } from '../books.ts';
import { spawnProduct, startProduct, until, type Product } from '../harness.ts';
import { send } from '../http.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';
import { abandon, rawPost } from '../upstreams/hostile-client.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let upstream: EchoUpstream;

beforeAll(async () => {
  product = stack.use(await startProduct());
  upstream = stack.use(await startEchoUpstream({ era: 'both', sessions: true, delayMs: 800 }));
  await product.addServer({ slug: 'echo', url: upstream.url, limits: { concurrency: 4 } });
});
afterAll(() => stack.disposeAsync());

/** Open a legacy session. */
async function open(): Promise<string> {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } };
  const sent = await product.rpc({ jsonrpc: '2.0', id: 0, method: 'initialize', params });
  return String(sent.headers['mcp-session-id']);
}

/** Send a call, go away, and give the row it leaves. */
async function leave(headers: readonly string[], params: Record<string, unknown> = {}): Promise<CallRow> {
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'echo', arguments: {}, ...params },
  });
  const path = new URL(product.gateway()).pathname;
  const before = upstream.calls().length;
  const rows = (await product.calls()).length;
  await abandon(
    product.port,
    rawPost(path, body, [
      `Authorization: Bearer ${product.workspaceToken}`,
      `Content-Length: ${body.length}`,
      ...headers,
    ]),
    300,
  );
  expect(upstream.calls().length).toBe(before + 1);
  let all: CallRow[] = [];
  await until('the row is there', async () => (all = await product.calls()).length > rows);
  return all.at(-1)!;
}

describe('a client that goes away', () => {
  it('has its call cancelled when it spoke without a session', async () => {
    expect(await leave([])).toMatchObject({ outcome: 'cancelled', status: 499, dispatched: 1 });
  });

  it('has its call cancelled when it spoke the modern way, and a modern upstream sees its stream closed', async () => {
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const headers = ['Mcp-Protocol-Version: 2026-07-28', 'Mcp-Method: tools/call', 'Mcp-Name: echo'];
    expect(await leave(headers, { _meta: meta })).toMatchObject({ outcome: 'cancelled', status: 499, dispatched: 1 });
  });

  it('is no error of ours when it leaves in the middle of its body, and nothing is called, recorded or held', async () => {
    await using fresh = await spawnProduct();
    await fresh.addServer({ slug: 'echo', url: upstream.url });
    const body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{}}}';
    const path = new URL(fresh.gateway()).pathname;
    const headers = [`Authorization: Bearer ${fresh.workspaceToken}`, `Content-Length: ${body.length}`];
    const before = upstream.calls().length;
    const leaving = Array.from({ length: 20 }, (_, i) =>
      abandon(fresh.port, rawPost(path, body.slice(0, 4 * i), headers), 50),
    );
    await Promise.all(leaving);
    expect((await fresh.call('echo')).message.error).toBeUndefined();
    expect(upstream.calls().length).toBe(before + 1);
    expect(await fresh.calls()).toHaveLength(1);
    expect(fresh.output()).not.toMatch(/"level":[456]0/);
    const started = performance.now();
    fresh.child.kill('SIGTERM');
    await once(fresh.child, 'exit');
    // Nothing is waited for.
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  it('has its call finished when it spoke within a session, where a lost connection is no cancellation', async () => {
    const row = await leave([`Mcp-Session-Id: ${await open()}`]);
    expect(row).toMatchObject({ outcome: 'ok', status: 200, dispatched: 1 });
  });

  it('[edge 40] can call off a call of its session by name, and only of its own', async () => {
    const [mine, other] = [await open(), await open()];
    const inSession = (session: string) => ({ headers: { 'mcp-session-id': session } });
    const rows = (await product.calls()).length;
    const seen = upstream.seen.length;
    const call = { jsonrpc: '2.0', id: 'slow-1', method: 'tools/call', params: { name: 'echo', arguments: {} } };
    const answered = product.rpc(call, inSession(mine));
    await until('the upstream has the call', () => Promise.resolve(upstream.seen.length > seen));
    const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'slow-1' } };
    expect((await product.rpc(cancel, inSession(other))).status).toBe(202);
    expect((await product.rpc({ ...cancel, params: { requestId: 'slow-2' } }, inSession(mine))).status).toBe(202);
    expect((await product.rpc(cancel, inSession(mine))).status).toBe(202);
    const reply = await answered;
    expect([reply.status, reply.text]).toEqual([202, '']);
    let all: CallRow[] = [];
    await until('the row is there', async () => (all = await product.calls()).length > rows);
    expect(all.at(-1)).toMatchObject({ outcome: 'cancelled', status: 499, dispatched: 1 });
    await until('the upstream was told', () =>
      Promise.resolve(upstream.seen.some(({ method }) => method === 'notifications/cancelled')),
    );
  });

  it('[edge 25] has what runs in its session called off when it ends the session', async () => {
    const [session, other] = [await open(), await open()];
    const rows = (await product.calls()).length;
    const seen = upstream.calls().length;
    const from = upstream.seen.length;
    const [ended, stays] = [session, other].map((id) =>
      product.call('echo', {}, { headers: { 'mcp-session-id': id } }),
    );
    await until('the upstream has both', () => Promise.resolve(upstream.calls().length === seen + 2));
    const headers = { authorization: `Bearer ${product.workspaceToken}`, 'mcp-session-id': session };
    expect((await send(product.gateway(), { method: 'DELETE', headers })).status).toBe(204);
    const reply = await ended!;
    expect([reply.status, reply.text]).toEqual([202, '']);
    expect((await stays!).message.result).toBeDefined();
    const returned = () => upstream.seen.slice(from).filter(({ httpMethod }) => httpMethod === 'DELETE');
    await until('its upstream session is given back', () => Promise.resolve(returned().length === 1));
    let all: CallRow[] = [];
    await until('the rows are there', async () => (all = await product.calls()).length === rows + 2);
    expect(
      all
        .slice(rows)
        .map(({ outcome }) => outcome)
        .sort(),
    ).toEqual(['cancelled', 'ok']);
  });

  it('gives back what it held: slots, and nothing grows', async () => {
    // More than there are slots.
    for (let i = 0; i < 6; i++) await leave([]);
    upstream.set({ delayMs: 0 });
    const answers = await Promise.all(Array.from({ length: 4 }, () => product.call('echo')));
    expect(answers.every(({ message }) => message.error === undefined)).toBe(true);
  }, 30_000);
});

describe('a call that takes too long', () => {
  it('[edge 42] ends at its deadline whatever progress is made, and the upstream is told', async () => {
    let stopped = false;
    await using endless = await startEchoUpstream({
      tools: ['endless'],
      sessions: true,
      intercept: ({ method, params }, _, res) => {
        if (method !== 'tools/call') return false;
        const { progressToken } = params['_meta'] as { progressToken: string };
        let progress = 0;
        res.writeHead(200, { 'content-type': 'text/event-stream' });
        const timer = setInterval(() => {
          const report = { progressToken, progress: ++progress };
          const message = { jsonrpc: '2.0', method: 'notifications/progress', params: report };
          res.write(`data: ${JSON.stringify(message)}\n\n`);
        }, 50);
        res.on('close', () => {
          stopped = true;
          clearInterval(timer);
        });
        return true;
      },
    });
    await product.addServer({
      slug: 'endless',
      url: endless.url,
      limits: { deadlineMs: 500, progressDeadlineMs: 1_000 },
    });
    const request = {
      jsonrpc: '2.0',
      id: 'late',
      method: 'tools/call',
      params: { name: 'endless', _meta: { progressToken: 'p' } },
    };
    const started = performance.now();
    const headers = { accept: 'application/json, text/event-stream' };
    const { messages, message } = await product.rpc(request, { server: 'endless', headers });
    const took = performance.now() - started;
    expect(took).toBeGreaterThan(900);
    expect(took).toBeLessThan(3_000);
    expect(messages.filter(({ method }) => method === 'notifications/progress').length).toBeGreaterThan(3);
    expect(message).toMatchObject({ id: 'late', error: { code: 504 } });
    const told = () => endless.seen.find(({ method }) => method === 'notifications/cancelled');
    await until('the upstream was told', () => Promise.resolve(stopped && told() !== undefined));
    const asked = JSON.parse(endless.calls()[0]!.body) as { id: unknown };
    expect(told()?.params['requestId']).toBe(asked.id);
  });
});
