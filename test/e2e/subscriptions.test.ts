import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { openEvents } from '../events.ts';
import { startProduct, until, type Product } from '../harness.ts';
import { openSession, type RawSession } from '../sessions.ts';
import { startLegacyUpstream } from '../upstreams/legacy.ts';
import { startModernNewsUpstream } from '../upstreams/modern-news.ts';

const canary = 'canary-value-51bd';
const asked = 'POST resources/subscribe';

const subscribe = (product: Product, { headers }: RawSession, uri: unknown, token = product.workspaceToken) =>
  product.rpc({ jsonrpc: '2.0', id: 1, method: 'resources/subscribe', params: { uri } }, { headers, token });

async function rowsOf(product: Product) {
  const rows = (await product.calls()).filter(({ method }) => method === 'resources/subscribe');
  return rows.map((row) => [row.tool_name, row.outcome, row.status, row.dispatched]);
}

it('[AUD-01] [TOK-06] [edge 50] a subscription has a row, granted or refused, and its server is asked once for all', async () => {
  await using server = await startLegacyUpstream();
  await using product = await startProduct();
  await product.addServer({ slug: 'old', url: server.url });
  const narrow = await product.client.tokens.issue({
    params: { workspace: product.workspace },
    body: { label: 'narrow', scope: ['old:declared'] },
  });
  const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
  await until('the token is known', async () => (await product.rpc(ping, { token: narrow.secret })).status === 200);
  const [one, two] = [await openSession(product), await openSession(product)];
  const other = await openSession(product, { token: narrow.secret });
  expect((await subscribe(product, one, 'note://1')).message.error).toBeUndefined();
  expect((await subscribe(product, two, 'note://1')).message.error).toBeUndefined();
  expect((await subscribe(product, two, 'note://1')).message.error).toBeUndefined();
  expect((await subscribe(product, other, 'note://1', narrow.secret)).message.error?.code).toBe(-32002);
  expect((await subscribe(product, one, `vault:${canary}`)).message.error?.code).toBe(-32002);
  expect((await subscribe(product, one, 7)).message.error?.code).toBe(-32602);
  expect(await rowsOf(product)).toEqual([
    ['note://1', 'ok', 200, 1],
    ['note://1', 'ok', 200, 0],
    ['note://1', 'ok', 200, 0],
    ['note://1', 'denied', 403, 0],
    ['vault:', 'denied', 404, 0],
    ['', 'denied', 400, 0],
  ]);
  expect(server.seen.filter((request) => request === asked)).toHaveLength(1);
  const rows = await product.calls();
  expect(JSON.stringify(rows)).not.toContain(canary);
  expect(rows[0]).toMatchObject({ server_slug: 'old', args_shape: '{}' });
  expect(rows[0]!.args_mac).toMatch(/^[0-9a-f]{64}$/);
  const { headers } = one;
  await product.rpc(
    { jsonrpc: '2.0', id: 2, method: 'resources/unsubscribe', params: { uri: 'note://1' } },
    { headers },
  );
  await sleep(50);
  expect((await subscribe(product, two, 'note://1')).message.error).toBeUndefined();
  // The other session's still stands.
  expect(server.seen.filter((request) => request === asked)).toHaveLength(1);
});

it('[AUD-01] [edge 50] each resource of a listen stream has its row', async () => {
  await using server = await startModernNewsUpstream();
  await using product = await startProduct();
  await product.addServer({ slug: 'new', url: server.url });
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const uris = ['note://1', `vault:${canary}`];
  const listen = () =>
    openEvents(product.gateway('new'), {
      method: 'POST',
      headers: {
        authorization: `Bearer ${product.workspaceToken}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'subscriptions/listen',
      },
      body: {
        jsonrpc: '2.0',
        id: 1,
        method: 'subscriptions/listen',
        params: { notifications: { resourceSubscriptions: uris }, _meta: meta },
      },
    });
  using first = await listen();
  const [acknowledged] = await first.received(1);
  expect(acknowledged?.params?.['notifications']).toEqual({ resourceSubscriptions: uris });
  using second = await listen();
  await second.received(1);
  expect((await rowsOf(product)).toSorted()).toEqual([
    ['note:', 'ok', 200, 0],
    ['note:', 'ok', 200, 1],
    ['vault:', 'ok', 200, 0],
    ['vault:', 'ok', 200, 1],
  ]);
  expect(JSON.stringify(await product.calls())).not.toContain(canary);
});

it('[edge 50] a subscription is taken over by a server that was reconfigured, also when that is away at first', async () => {
  await using before = await startLegacyUpstream();
  await using after = await startLegacyUpstream();
  await using product = await startProduct();
  await product.addServer({ slug: 'old', url: before.url });
  const session = await openSession(product);
  expect((await subscribe(product, session, 'note://1')).message.error).toBeUndefined();
  let away = true;
  let turnedAway = 0;
  const door = createServer((socket) => {
    socket.on('error', () => undefined);
    if (away) {
      turnedAway++;
      return void socket.destroy();
    }
    const inner = connect(Number(new URL(after.url).port), '127.0.0.1');
    inner.on('error', () => socket.destroy()).on('close', () => socket.destroy());
    socket.on('close', () => inner.destroy());
    socket.pipe(inner).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(door, 'listening');
  try {
    const target = `127.0.0.1:${(door.address() as AddressInfo).port}`;
    await product.client.network.allow({ body: { target } });
    const params = { workspace: product.workspace, server: 'old' };
    await product.client.servers.update({ params, body: { url: `http://${target}/mcp` } });
    await expect.poll(() => turnedAway, { timeout: 5_000 }).toBeGreaterThan(0);
    await sleep(500);
    away = false;
    const subscribed = (): boolean => after.sessions.some((open) => open.subscribed.has('note://1'));
    await expect.poll(subscribed, { timeout: 10_000 }).toBe(true);
  } finally {
    door.close();
  }
}, 20_000);
