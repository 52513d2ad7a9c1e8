import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEvents, type OpenEvents } from '../events.ts';
import { spawnProduct, startProduct, until, type Product } from '../harness.ts';
import { openSession } from '../sessions.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let one: EchoUpstream;
let two: EchoUpstream;

beforeAll(async () => {
  product = stack.use(await startProduct());
  one = stack.use(await startEchoUpstream({ tools: ['one'] }));
  two = stack.use(await startEchoUpstream({ tools: ['two'] }));
  await product.addServer({ slug: 'one', url: one.url });
  await product.addServer({ slug: 'two', url: two.url });
  await until('both are listed', async () => (await product.toolNames()).length === 2);
});
afterAll(() => stack.disposeAsync());

interface ListenOptions {
  readonly token?: string;
  readonly id?: string | number;
  readonly server?: string;
  readonly accept?: string;
  readonly on?: Product;
}

const allLists = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };

/** `subscriptions/listen`, as a modern client sends it. */
function listen(notifications: unknown, options: ListenOptions = {}): Promise<OpenEvents> {
  const { on = product, id = 'listen-1', server, accept = 'application/json, text/event-stream' } = options;
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  return openEvents(on.gateway(server), {
    method: 'POST',
    headers: {
      authorization: `Bearer ${options.token ?? on.workspaceToken}`,
      'content-type': 'application/json',
      accept,
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'subscriptions/listen',
    },
    body: { jsonrpc: '2.0', id, method: 'subscriptions/listen', params: { notifications, _meta: meta } },
  });
}

async function issue(scope?: string[]): Promise<{ id: string; secret: string }> {
  const body = scope === undefined ? { label: 't' } : { label: 't', scope };
  const issued = await product.client.tokens.issue({ params: { workspace: product.workspace }, body });
  const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
  const known = async (): Promise<boolean> => (await product.rpc(ping, { token: issued.secret })).status === 200;
  await until('the gateway knows the token', known);
  return { id: issued.token.id, secret: issued.secret };
}

const setEnabled = (server: string, enabled: boolean): Promise<unknown> =>
  product.client.servers.update({ params: { workspace: product.workspace, server }, body: { enabled } });

const methods = (stream: OpenEvents): (string | undefined)[] => stream.messages().map(({ method }) => method);
const changes = (stream: OpenEvents): number =>
  methods(stream).filter((method) => method === 'notifications/tools/list_changed').length;

/** Long enough for a listener's list to have been looked at, and for what must not come to have come. */
const settle = (): Promise<void> => sleep(700);

describe('subscriptions/listen', () => {
  it.each(['listen-1', 7])(
    '[edge 50] says first what was granted, tagged with the id %j of the request',
    async (id) => {
      using stream = await listen(allLists, { id });
      expect(stream.status).toBe(200);
      expect(stream.headers).toMatchObject({ 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
      const [acknowledged] = await stream.received(1);
      expect(acknowledged).toEqual({
        jsonrpc: '2.0',
        method: 'notifications/subscriptions/acknowledged',
        params: {
          _meta: { 'io.modelcontextprotocol/subscriptionId': id },
          notifications: { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true },
        },
      });
      expect(stream.text).not.toMatch(/^id:/m);
    },
  );

  it('[edge 50] grants nothing that was not asked for or cannot be honoured', async () => {
    using stream = await listen({ toolsListChanged: false, taskIds: ['t'], resourceSubscriptions: ['file:///x'] });
    const [acknowledged] = await stream.received(1);
    expect(acknowledged?.params?.['notifications']).toEqual({});
    await setEnabled('two', false);
    await settle();
    await setEnabled('two', true);
    await settle();
    expect(stream.messages()).toHaveLength(1);
  });

  it.each([
    ['no filter', undefined],
    ['a filter that is no object', []],
    ['a flag that is none', { toolsListChanged: 'yes' }],
    ['URIs that are none', { resourceSubscriptions: [1] }],
    ['too many URIs', { resourceSubscriptions: Array.from({ length: 101 }, (_, i) => `file:///${i}`) }],
  ])('refuses %s', async (_, filter) => {
    using stream = await listen(filter);
    await stream.over();
    expect(JSON.parse(stream.text)).toMatchObject({ id: 'listen-1', error: { code: -32602 } });
  });

  it('[edge 14] refuses a client that reads no event streams, and legacy ones', async () => {
    using deaf = await listen(allLists, { accept: 'application/json' });
    expect(deaf.status).toBe(406);
    const bare = { jsonrpc: '2.0', id: 1, method: 'subscriptions/listen', params: { notifications: {} } };
    expect((await product.rpc(bare)).message.error?.code).toBe(-32601);
  });

  it('[edge 50] has a ceiling for each token, and a stream that ends makes room', async () => {
    const { secret } = await issue();
    const streams = await Promise.all(Array.from({ length: 64 }, (_, i) => listen(allLists, { token: secret, id: i })));
    await Promise.all(streams.map((stream) => stream.received(1)));
    using refused = await listen(allLists, { token: secret });
    await refused.over();
    expect(JSON.parse(refused.text)).toMatchObject({ error: { code: 429 } });
    using other = await listen(allLists);
    await other.received(1);
    for (const stream of streams) stream[Symbol.dispose]();
    await until('there is room again', async () => {
      using again = await listen(allLists, { token: secret });
      return again.headers['content-type'] === 'text/event-stream';
    });
  });

  it('[TOK-07] [edge 50] is cut within a second when its token is revoked', async () => {
    const { id, secret } = await issue();
    using stream = await listen(allLists, { token: secret });
    await stream.received(1);
    const started = performance.now();
    await product.client.tokens.revoke({ params: { workspace: product.workspace, token: id } });
    expect(await stream.over(2_000)).toBe('cut');
    expect(performance.now() - started).toBeLessThan(1_500);
  });
});

describe('list_changed', () => {
  it('[edge 49] reaches exactly those whose own list has changed, on streams of both kinds', async () => {
    const [whole, first, second] = [await issue(), await issue(['one']), await issue(['two'])];
    const get = async (token: string, server?: string): Promise<OpenEvents> =>
      (await openSession(product, { token, ...(server === undefined ? {} : { server }) })).get();
    const told = [
      await listen(allLists, { token: whole.secret }),
      await listen(allLists, { token: second.secret }),
      await listen(allLists, { token: whole.secret, server: 'one', id: 'gone' }),
      await get(whole.secret),
      await get(second.secret),
    ];
    const spared = [
      await listen(allLists, { token: first.secret }),
      await listen({ promptsListChanged: true }, { token: whole.secret }),
      await get(first.secret),
      await get(whole.secret, 'one'),
    ];
    // A listener at the URL of a server that stays hears nothing of the others.
    spared.push(told.splice(2, 1)[0]!);
    await settle();
    await setEnabled('two', false);
    for (const stream of told) await until('it is told', () => Promise.resolve(changes(stream) === 1));
    await settle();
    expect(told.map(changes)).toEqual(told.map(() => 1));
    expect(spared.map(changes)).toEqual(spared.map(() => 0));
    expect(spared.every(({ state }) => state === 'open')).toBe(true);
    await setEnabled('two', true);
    for (const stream of told) await until('it is told', () => Promise.resolve(changes(stream) === 2));
    expect(spared.map(changes)).toEqual(spared.map(() => 0));
    const tagged = told[0]!.messages().map(({ params }) => (params?.['_meta'] as object | undefined) ?? {});
    expect(tagged.every((meta) => 'io.modelcontextprotocol/subscriptionId' in meta)).toBe(true);
    for (const stream of [...told, ...spared]) stream[Symbol.dispose]();
  }, 20_000);

  it('[edge 49] is said once for many changes at once, and not for changes that leave the list as it is', async () => {
    using stream = await listen(allLists);
    await stream.received(1);
    await settle();
    const { client, workspace } = product;
    await client.servers.update({ params: { workspace, server: 'two' }, body: { name: 'Another name' } });
    await client.tokens.issue({ params: { workspace }, body: { label: 'x' } });
    await settle();
    expect(changes(stream)).toBe(0);
    for (let i = 0; i < 5; i++) {
      await setEnabled('two', false);
      await setEnabled('two', true);
    }
    await setEnabled('two', false);
    await until('it is told', () => Promise.resolve(changes(stream) > 0));
    await settle();
    expect(changes(stream)).toBeLessThanOrEqual(2);
    await setEnabled('two', true);
    await sleep(1_500);
  }, 20_000);

  it('[edge 56] [edge 49] causes no storm when a server goes away and comes back with the same tools', async () => {
    const upstream = await startEchoUpstream({ tools: ['flaky'] });
    await product.addServer({ slug: 'flaky', url: upstream.url });
    await until('it is listed', async () => (await product.toolNames()).includes('flaky'));
    using stream = await listen(allLists);
    await stream.received(1);
    await settle();
    await upstream[Symbol.asyncDispose]();
    for (let i = 0; i < 3; i++) await product.call('flaky');
    // Any change has servers that failed asked again.
    await product.client.tokens.issue({ params: { workspace: product.workspace }, body: { label: 'x' } });
    await settle();
    expect(await product.toolNames()).toContain('flaky');
    expect(changes(stream)).toBe(0);
    await product.client.servers.remove({ params: { workspace: product.workspace, server: 'flaky' } });
    await until('it is told', () => Promise.resolve(changes(stream) === 1));
  }, 20_000);

  it('[edge 49] reaches 200 listeners', async () => {
    const streams: OpenEvents[] = [];
    for (let i = 0; i < 200; i++) {
      streams.push(i % 4 === 0 ? await listen(allLists, { id: i }) : await (await openSession(product)).get());
    }
    await settle();
    await setEnabled('two', false);
    await until('all are told', () => Promise.resolve(streams.every((stream) => changes(stream) === 1)), 5_000);
    const started = performance.now();
    expect((await product.call('one')).message.error).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(1_000);
    for (const stream of streams) stream[Symbol.dispose]();
    await setEnabled('two', true);
  }, 30_000);

  it('[edge 28] [edge 49] waits for a client that lost its stream', async () => {
    const session = await openSession(product);
    const stream = await session.get();
    await until('the priming event', () => Promise.resolve(stream.events.length > 0));
    await settle();
    stream[Symbol.dispose]();
    await stream.over();
    await setEnabled('two', false);
    await settle();
    using resumed = await session.get({ 'last-event-id': stream.events[0]!.id! });
    await until('it is told', () => Promise.resolve(changes(resumed) === 1));
    await setEnabled('two', true);
    await until('it is told live', () => Promise.resolve(changes(resumed) === 2));
  }, 15_000);
});

describe('clients people use', () => {
  const authorization = (): { requestInit: { headers: { authorization: string } } } => ({
    requestInit: { headers: { authorization: `Bearer ${product.workspaceToken}` } },
  });

  it('[GW-02] [edge 49] SDK v1 hears of a changed list', async () => {
    const client = new ClientV1({ name: 'sdk-v1', version: '1' });
    let heard = 0;
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => void heard++);
    const transport = new TransportV1(new URL(product.gateway()), authorization());
    await client.connect(transport);
    expect(client.getServerCapabilities()?.tools).toEqual({ listChanged: true });
    await client.listTools();
    await settle();
    await setEnabled('two', false);
    await until('it hears', () => Promise.resolve(heard === 1));
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['one']);
    await setEnabled('two', true);
    await transport.terminateSession();
    await client.close();
  });

  it.each(['legacy', '2026-07-28'] as const)('[GW-02] [edge 49] SDK v2 hears of a changed list (%s)', async (mode) => {
    let heard = 0;
    const versionNegotiation = { mode: mode === 'legacy' ? mode : { pin: mode } };
    const listChanged = { tools: { onChanged: () => void heard++ } };
    const client = new ClientV2({ name: 'sdk-v2', version: '1' }, { versionNegotiation, listChanged });
    await client.connect(new TransportV2(new URL(product.gateway()), authorization()));
    await client.listTools();
    await settle();
    await setEnabled('two', false);
    await until('it hears', () => Promise.resolve(heard === 1));
    await setEnabled('two', true);
    await client.close();
    await sleep(1_000);
  });
});

describe('a server that stops', () => {
  it('[edge 50] ends streams that stay open at once and in good order, and waits for calls', async () => {
    await using fresh = await spawnProduct();
    await using slow = await startEchoUpstream({ tools: ['slow'], delayMs: 1_500 });
    await fresh.addServer({ slug: 'slow', url: slow.url });
    await until('it is listed', async () => (await fresh.toolNames()).length === 1);
    const stream = await listen(allLists, { on: fresh });
    const standalone = await (await openSession(fresh)).get();
    await stream.received(1);
    const call = fresh.call('slow');
    await until('the call is under way', () => Promise.resolve(slow.calls().length > 0));
    const started = performance.now();
    const exited = once(fresh.child, 'exit');
    fresh.child.kill('SIGTERM');
    expect(await stream.over()).toBe('ended');
    expect(await standalone.over()).toBe('ended');
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(stream.messages().at(-1)).toEqual({
      jsonrpc: '2.0',
      id: 'listen-1',
      result: { resultType: 'complete', _meta: { 'io.modelcontextprotocol/subscriptionId': 'listen-1' } },
    });
    expect((await call).message.error).toBeUndefined();
    await exited;
    expect(performance.now() - started).toBeLessThan(5_000);
  }, 20_000);
});
