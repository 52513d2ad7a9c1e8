import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCuttableWire } from '../cuttable.ts';
import { startProduct, until, type Product } from '../harness.ts';
import { send } from '../http.ts';
import { openSession, type RawSession } from '../sessions.ts';
import { startTalkingUpstream, type TalkingUpstream } from '../upstreams/talking.ts';
import type { OpenEvents } from '../events.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let upstream: TalkingUpstream;

beforeAll(async () => {
  product = stack.use(await startProduct());
  upstream = stack.use(await startTalkingUpstream());
  await product.addServer({ slug: 'talk', url: upstream.url, limits: { maxResultBytes: 32 * 1024 * 1024 } });
  await product.toolNames();
});
afterAll(() => stack.disposeAsync());

const issue = async (body: { scope?: string[]; expiresAt?: string } = {}): Promise<{ id: string; token: string }> => {
  const issued = await product.client.tokens.issue({
    params: { workspace: product.workspace },
    body: { label: 't', ...body },
  });
  await until(
    'the gateway knows the token',
    async () => (await product.rpc(ping, { token: issued.secret })).status === 200,
  );
  return { id: issued.token.id, token: issued.secret };
};
const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };

/** Begin a call and have the upstream say something, so that its answer is a stream. */
async function talking(session: RawSession, id: string | number = 'call'): Promise<OpenEvents> {
  const before = upstream.waiting;
  const opening = session.call(id, 'talk');
  await until('the upstream has the call', () => Promise.resolve(upstream.waiting > before));
  upstream.say(1);
  const stream = await opening;
  await stream.received(1);
  return stream;
}

const lastId = (stream: OpenEvents): string => stream.events.findLast(({ id }) => id !== undefined)!.id!;

describe('the standalone stream', () => {
  it('[edge 26] [edge 37] opens within a session, with what proxies must know', async () => {
    using stream = await (await openSession(product)).get();
    expect(stream.status).toBe(200);
    expect(stream.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    expect(stream.headers['content-encoding']).toBeUndefined();
  });

  it('[edge 26] is 405 without a session and for modern clients, once the token is known', async () => {
    const get = (headers: Record<string, string>) =>
      send(product.gateway(), { method: 'GET', headers: { accept: 'text/event-stream', ...headers } });
    const authorization = `Bearer ${product.workspaceToken}`;
    expect((await get({ authorization })).status).toBe(405);
    const { id } = await openSession(product);
    const modern = { authorization, 'mcp-session-id': id, 'mcp-protocol-version': '2026-07-28' };
    expect((await get(modern)).status).toBe(405);
    expect((await get({})).status).toBe(401);
    expect((await get({ authorization, 'mcp-session-id': id, 'mcp-protocol-version': '1999-01-01' })).status).toBe(400);
    expect((await get({ authorization, 'mcp-session-id': id, accept: 'application/json' })).status).toBe(406);
  });

  it('[edge 23] [edge 24] does not exist for another token, another URL or an unknown session', async () => {
    const session = await openSession(product);
    const other = await issue();
    const get = async (headers: Record<string, string>): Promise<number> => {
      using stream = await session.get(headers);
      return stream.status;
    };
    expect(await get({ authorization: `Bearer ${other.token}` })).toBe(404);
    expect(await get({ 'mcp-session-id': 'unknown' })).toBe(404);
    const elsewhere = await send(product.gateway('talk'), { method: 'GET', headers: session.headers });
    expect(elsewhere.status).toBe(404);
    const stolen = await send(product.gateway(), {
      method: 'DELETE',
      headers: { ...session.headers, authorization: `Bearer ${other.token}` },
    });
    expect(stolen.status).toBe(404);
    expect(await get({})).toBe(200);
  });

  it('[edge 26] is one for each session: a second one takes the place of the first', async () => {
    const session = await openSession(product);
    using first = await session.get();
    using second = await session.get();
    expect(await first.over()).toBe('ended');
    expect(second.state).toBe('open');
  });

  it('[edge 25] ends with its session', async () => {
    const session = await openSession(product);
    using stream = await session.get();
    expect((await session.end()).status).toBe(204);
    expect(await stream.over()).toBe('ended');
    using again = await session.get();
    expect(again.status).toBe(404);
  });

  it('[edge 29] begins with an id for clients that know events without data, and with nothing for older ones', async () => {
    using stream = await (await openSession(product)).get();
    await until('the priming event', () => Promise.resolve(stream.events.length > 0));
    expect(stream.events).toEqual([{ id: expect.any(String), retry: '1000', data: '', message: undefined }]);
    using older = await (await openSession(product, { version: '2025-06-18' })).get();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(older.text).toBe('');
  });

  it('[TOK-07] is cut within a second when its token is revoked, and the session with it', async () => {
    const { id, token } = await issue();
    const session = await openSession(product, { token });
    using stream = await session.get();
    const started = performance.now();
    await product.client.tokens.revoke({ params: { workspace: product.workspace, token: id } });
    await stream.over(1_500);
    expect(performance.now() - started).toBeLessThan(1_500);
  });

  it('[TOK-07] is cut when its token expires', async () => {
    const { token } = await issue({ expiresAt: new Date(Date.now() + 2_000).toISOString() });
    using stream = await (await openSession(product, { token })).get();
    expect(stream.state).toBe('open');
    expect(await stream.over(5_000)).toBe('cut');
  });

  it('[edge 25] is cut when the server its URL names is removed', async () => {
    await using other = await startTalkingUpstream();
    await product.addServer({ slug: 'gone', url: other.url });
    using stream = await (await openSession(product, { server: 'gone' })).get();
    await product.client.servers.remove({ params: { workspace: product.workspace, server: 'gone' } });
    expect(await stream.over()).toBe('cut');
  });
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes that something still refers to. */
function liveBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('a call whose connection is lost', () => {
  it('[edge 28] [edge 39] runs on, and the client gets what it missed and the answer', async () => {
    const session = await openSession(product);
    const stream = await talking(session);
    expect(stream.events[0]).toMatchObject({ data: '', retry: '1000' });
    stream[Symbol.dispose]();
    await stream.over();
    upstream.say(2);
    using resumed = await session.get({ 'last-event-id': lastId(stream) });
    expect(resumed.status).toBe(200);
    const [missed] = await resumed.received(1);
    expect(missed).toMatchObject({
      method: 'notifications/progress',
      params: { progressToken: 'progress-call', progress: 2 },
    });
    upstream.say(3);
    upstream.finish('done');
    const messages = await resumed.received(3);
    expect(messages.map(({ params }) => params?.['progress'])).toEqual([2, 3, undefined]);
    expect(messages[2]).toMatchObject({ id: 'call', result: { content: [{ text: 'done' }] } });
    expect(await resumed.over()).toBe('ended');
  });

  it.each(['SDK v1', 'SDK v2'])('[GW-02] [edge 28] [edge 29] is got back by %s when its wire is cut', async (sdk) => {
    await using wire = await startCuttableWire(product.port);
    const url = new URL(new URL(product.gateway()).pathname, wire.origin);
    const requestInit = { headers: { authorization: `Bearer ${product.workspaceToken}` } };
    const info = { name: sdk, version: '1' };
    const heard: number[] = [];
    const onprogress = ({ progress }: { progress: number }): void => void heard.push(progress);
    const before = upstream.waiting;
    const talk = { name: 'talk', arguments: {} };
    let answer: Promise<unknown>;
    let close: () => Promise<void>;
    if (sdk === 'SDK v1') {
      const client = new ClientV1(info);
      await client.connect(new TransportV1(url, { requestInit }));
      answer = client.callTool(talk, undefined, { onprogress });
      close = () => client.close();
    } else {
      const client = new ClientV2(info);
      await client.connect(new TransportV2(url, { requestInit }));
      answer = client.callTool(talk, { onprogress });
      close = () => client.close();
    }
    await until('the upstream has the call', () => Promise.resolve(upstream.waiting > before));
    upstream.say(1);
    await until('the first progress', () => Promise.resolve(heard.length === 1));
    wire.cut();
    upstream.say(2);
    await until('the second progress', () => Promise.resolve(heard.length === 2), 5_000);
    upstream.finish('after the cut');
    expect(JSON.stringify(await answer)).toContain('after the cut');
    expect(heard).toEqual([1, 2]);
    await close();
  });

  it('[edge 28] [edge 29] can be resumed from the priming event, after the answer, and twice', async () => {
    const session = await openSession(product);
    const stream = await talking(session);
    stream[Symbol.dispose]();
    await stream.over();
    upstream.finish('kept');
    await until('the call is over', () => Promise.resolve(upstream.waiting === 0));
    for (let round = 0; round < 2; round++) {
      using resumed = await session.get({ 'last-event-id': stream.events[0]!.id! });
      expect(await resumed.over()).toBe('ended');
      expect(resumed.messages().map(({ id, method }) => id ?? method)).toEqual(['notifications/progress', 'call']);
      expect(new Set(resumed.events.map(({ id }) => id)).size).toBe(2);
    }
  });

  it('[edge 28] tells a client plainly that an id is unknown, of another session, or that nothing comes after it', async () => {
    const session = await openSession(product);
    const other = await openSession(product);
    using stream = await talking(session);
    upstream.finish('done');
    await stream.over();
    const ask = (from: RawSession, id: string) =>
      send(product.gateway(), { method: 'GET', headers: { ...from.headers, 'last-event-id': id } });
    const first = stream.events[0]!.id!;
    for (const [from, id] of [
      [other, first],
      [session, `${first}0`],
      [session, 'nonsense'],
      [session, ''],
      [session, lastId(stream)],
    ] as const) {
      const refused = await ask(from, id);
      expect([refused.status, refused.message.error?.message]).toEqual([
        400,
        expect.stringContaining('Repeat the request'),
      ]);
    }
  });

  it('[edge 27] [edge 28] never mixes two streams of a session', async () => {
    const session = await openSession(product);
    const one = await talking(session, 'one');
    using standalone = await session.get();
    one[Symbol.dispose]();
    await one.over();
    using two = await talking(session, 'two');
    upstream.say(7);
    upstream.finish('done');
    await two.over();
    using resumed = await session.get({ 'last-event-id': lastId(one) });
    await resumed.over();
    const tokens = (stream: OpenEvents) => stream.messages().map(({ id, params }) => id ?? params?.['progressToken']);
    expect(new Set(tokens(resumed))).toEqual(new Set(['progress-one', 'one']));
    expect(new Set(tokens(two))).toEqual(new Set(['progress-two', 'two']));
    expect(standalone.messages()).toEqual([]);
    const ids = [one, two, resumed, standalone].flatMap(({ events }) => events.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('[edge 5] [edge 27] [edge 41] never mixes sessions, though they use the same ids and come and go', async () => {
    const sessions = await Promise.all(Array.from({ length: 20 }, () => openSession(product)));
    const nonces = sessions.map((_, i) => `nonce-${i}`);
    const begin = sessions.map((session, i) =>
      session.post({
        jsonrpc: '2.0',
        id: 'same',
        method: 'tools/call',
        params: { name: 'talk', arguments: {}, _meta: { progressToken: nonces[i] } },
      }),
    );
    await until('the upstream has them all', () => Promise.resolve(upstream.waiting === 20));
    upstream.say(1);
    const streams = await Promise.all(begin);
    await Promise.all(streams.map((stream) => stream.received(1)));
    for (const stream of streams.filter((_, i) => i % 2 === 0)) stream[Symbol.dispose]();
    upstream.say(2);
    const resumed = await Promise.all(
      streams.map((stream, i) =>
        i % 2 === 0 ? sessions[i]!.get({ 'last-event-id': lastId(stream) }) : Promise.resolve(stream),
      ),
    );
    upstream.finish('done');
    for (const [i, stream] of resumed.entries()) {
      expect(await stream.over()).toBe('ended');
      const heard = [...streams[i]!.text.matchAll(/nonce-\d+/g), ...stream.text.matchAll(/nonce-\d+/g)];
      expect(new Set(heard.map(([nonce]) => nonce))).toEqual(new Set([nonces[i]]));
      expect(stream.messages().at(-1)).toMatchObject({ id: 'same', result: {} });
    }
  });

  it('[edge 28] keeps so much and no more: what has fallen out is refused, not skipped over', async () => {
    const session = await openSession(product);
    const stream = await talking(session);
    stream[Symbol.dispose]();
    await stream.over();
    for (let i = 2; i < 80; i++) upstream.say(i);
    upstream.finish('done');
    await until('the call is over', () => Promise.resolve(upstream.waiting === 0));
    await new Promise((resolve) => setTimeout(resolve, 50));
    using resumed = await session.get({ 'last-event-id': lastId(stream) });
    expect(resumed.status).toBe(400);
  });

  it('[edge 28] [edge 38] says so when the answer was too large to be kept', async () => {
    const session = await openSession(product);
    const stream = await talking(session);
    stream[Symbol.dispose]();
    await stream.over();
    upstream.finish('x'.repeat(400_000));
    await until('the call is over', () => Promise.resolve(upstream.waiting === 0));
    using resumed = await session.get({ 'last-event-id': lastId(stream) });
    await resumed.over();
    expect(resumed.messages()).toEqual([
      { jsonrpc: '2.0', id: 'call', error: { code: 503, message: expect.stringContaining('too large') } },
    ]);
  });

  it('[edge 38] delivers a large answer to a client that is there, whole', async () => {
    const session = await openSession(product);
    using stream = await talking(session);
    upstream.finish('y'.repeat(400_000));
    await stream.over();
    const { result } = stream.messages().at(-1)!;
    expect((result?.['content'] as { text: string }[])[0]!.text).toHaveLength(400_000);
  });

  it('[edge 38] holds little for a client that does not read, and still answers it', async () => {
    const session = await openSession(product);
    using stream = await talking(session);
    stream.pause();
    const before = liveBytes();
    for (let i = 2; i < 300; i++) {
      upstream.say(i, 100_000);
      if (i % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    // Thirty megabytes were said; both ends of the test live in this process, too.
    await expect.poll(liveBytes, { timeout: 5_000 }).toBeLessThan(before + 15_000_000);
    upstream.finish('done');
    await new Promise((resolve) => setTimeout(resolve, 100));
    stream.resume();
    expect(await stream.over(5_000)).toBe('ended');
    expect(stream.messages().at(-1)).toMatchObject({ id: 'call', result: {} });
    expect(stream.messages().length).toBeLessThan(290);
  }, 30_000);

  it('[edge 28] speaks without ids to those who speak without a session', async () => {
    const before = upstream.waiting;
    const meta = { progressToken: 'p' };
    const answering = product.modern('tools/call', { name: 'talk' }, { meta, headers: { 'last-event-id': 'a.1.0' } });
    await until('the upstream has the call', () => Promise.resolve(upstream.waiting > before));
    upstream.say(1);
    upstream.finish('done');
    const { text } = await answering;
    expect(text).toContain('notifications/progress');
    expect(text).not.toMatch(/^id:/m);
  });
});

describe('a call that is called off', () => {
  it('[edge 40] ends its stream without an answer, and is not kept', async () => {
    const session = await openSession(product);
    using stream = await talking(session);
    const told = upstream.cancelled;
    await session.post({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'call' } });
    expect(await stream.over()).toBe('ended');
    expect(stream.messages().every(({ method }) => method === 'notifications/progress')).toBe(true);
    using resumed = await session.get({ 'last-event-id': lastId(stream) });
    expect(resumed.status).toBe(400);
    await until('the upstream was told', () => Promise.resolve(upstream.cancelled > told));
  });

  it('[edge 25] ends with its session', async () => {
    const session = await openSession(product);
    using stream = await talking(session);
    await session.end();
    expect(await stream.over()).toBe('ended');
    await until('the call is over', () => Promise.resolve(upstream.waiting === 0));
  });

  it('[edge 40] initialize cannot be', async () => {
    const session = await openSession(product);
    const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 0 } };
    using cancelled = await session.post(cancel);
    expect(cancelled.status).toBe(202);
    using alive = await session.post(ping);
    expect(alive.status).toBe(200);
  });
});

describe('responses of clients', () => {
  it('[edge 7] are taken and ignored where nothing was asked, and refused from modern clients', async () => {
    const session = await openSession(product);
    const response = { jsonrpc: '2.0', id: 'mcpnest-1', result: { action: 'accept' } };
    using taken = await session.post(response);
    expect(taken.status).toBe(202);
    expect((await product.rpc(response)).status).toBe(202);
    const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': '' };
    expect((await product.rpc(response, { headers })).status).toBe(400);
  });

  it('refuses what a client declares when it is too much', async () => {
    const { opened } = await openSession(product, { capabilities: { experimental: { x: 'y'.repeat(20_000) } } });
    expect(opened.message.error?.code).toBe(-32602);
  });
});
