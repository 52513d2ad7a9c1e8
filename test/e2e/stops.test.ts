import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, until, type Product } from '../harness.ts';
import type { RpcMessage } from '../http.ts';
import { openSession } from '../sessions.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let upstreams: { box: EchoUpstream; other: EchoUpstream };
let params: { workspace: string };
let ids: { ada: string; nightly: string };
let tokens: Record<'ada' | 'adaToo' | 'bo' | 'nightly' | 'workspace', string>;
let tokenIds: Record<'ada' | 'adaToo', string>;

beforeAll(async () => {
  product = stack.use(await startProduct());
  params = { workspace: product.workspace };
  const { client } = product;
  upstreams = {
    box: stack.use(await startEchoUpstream({ era: 'both', tools: ['look', 'change'] })),
    other: stack.use(await startEchoUpstream({ era: 'both', tools: ['fine'] })),
  };
  for (const [slug, { url }] of Object.entries(upstreams)) await product.addServer({ slug, url });
  const person = async (name: string) =>
    (await client.members.add({ params, body: { email: `${name}@example.com` } })).id;
  const bo = await person('bo');
  ids = { ada: await person('ada'), nightly: '' };
  ids.nightly = (await client.machines.create({ params, body: { name: 'nightly', ownerId: bo } })).id;
  const issue = (body: object) => client.tokens.issue({ params, body: { label: 't', ...body } });
  const [ada, adaToo] = [
    await issue({ kind: 'member', memberId: ids.ada }),
    await issue({ kind: 'member', memberId: ids.ada }),
  ];
  tokenIds = { ada: ada.token.id, adaToo: adaToo.token.id };
  tokens = {
    ada: ada.secret,
    adaToo: adaToo.secret,
    bo: (await issue({ kind: 'member', memberId: bo })).secret,
    nightly: (await issue({ kind: 'machine', machineId: ids.nightly })).secret,
    workspace: product.workspaceToken,
  };
  await until('the tokens work', async () => (await product.toolNames({ token: tokens.nightly })).length === 3);
}, 30_000);
afterAll(() => stack.disposeAsync());

afterEach(async () => {
  upstreams.box.set({ delayMs: 0 });
  for (const { id } of (await product.client.stops.list({ params })).items)
    await product.client.stops.remove({ params: { ...params, stop: id } });
  for (const [name, token] of Object.entries(tokens))
    await until(`${name} is free`, async () => (await product.toolNames({ token })).length === 3, 2_000);
});

type Who = keyof typeof tokens;
const stop = (target: string, more: object = {}) =>
  product.client.stops.create({ params, body: { target, reason: 'it loops', ...more } });
const call = async (who: Who, tool: string): Promise<RpcMessage> =>
  (await product.call(tool, {}, { token: tokens[who] })).message;
const isRefused = async (who: Who, tool: string): Promise<boolean> => (await call(who, tool)).error?.code === -32003;
const callers = ['ada', 'adaToo', 'bo', 'nightly', 'workspace'] as const;
/** Who can call a tool at the moment. */
const free = async (tool: string): Promise<string[]> => {
  const found = [];
  for (const who of callers) if (!(await isRefused(who, tool))) found.push(who);
  return found;
};

describe('a stop', () => {
  it.each([
    ['member:ada@example.com', 'ada', ['bo', 'nightly', 'workspace']],
    ['machine:nightly', 'nightly', ['ada', 'adaToo', 'bo', 'workspace']],
    ['token:', 'ada', ['adaToo', 'bo', 'nightly', 'workspace']],
  ] as const)('[TOK-07] of %s binds its tokens and nobody else, in lists as in calls', async (named, who, others) => {
    const target = named === 'token:' ? `token:${tokenIds.ada}` : named;
    const { id } = await stop(target);
    await until('it bites', () => isRefused(who, 'look'), 1_000);
    expect(await free('look')).toEqual(others);
    expect(await free('fine')).toEqual(others);
    expect(await product.toolNames({ token: tokens[who] })).toEqual([]);
    const { error } = await call(who, 'look');
    expect(error?.data?.['reason']).toContain('stopped');
    expect(JSON.stringify(error)).not.toContain('it loops');
    const row = (await product.calls()).at(-1);
    expect(row).toMatchObject({ rule: `stop:${id}`, status: 403, dispatched: 0 });
  });

  it.each([
    ['server:box', ['look', 'change']],
    ['tool:box:change', ['change']],
  ] as const)('[GW-18] of %s binds everybody, workspace tokens included, by every way in', async (target, stopped) => {
    await stop(target);
    await until('it bites', () => isRefused('workspace', 'change'), 1_000);
    for (const tool of ['look', 'change', 'fine'])
      expect(await free(tool)).toEqual((stopped as readonly string[]).includes(tool) ? [] : callers);
    for (const token of Object.values(tokens))
      expect(await product.toolNames({ token })).toEqual(
        ['look', 'change', 'fine'].filter((tool) => !(stopped as readonly string[]).includes(tool)),
      );
    const at = { token: tokens.bo, server: 'box' };
    expect((await product.call('change', {}, at)).message.error?.code).toBe(-32003);
    expect((await product.modern('tools/call', { name: 'change' }, at)).message.error?.code).toBe(-32003);
  });

  it('[REG-05] tells nobody of a server that is hidden from them', async () => {
    const at = { ...params, server: 'box' };
    await product.client.servers.update({ params: at, body: { visibility: ['member:ada@example.com'] } });
    await stop('server:box');
    await until('it bites', () => isRefused('ada', 'look'), 1_000);
    const strip = (message: RpcMessage, tool: string): string => JSON.stringify(message.error).replace(tool, 'X');
    expect(strip(await call('bo', 'look'), 'look')).toBe(strip(await call('bo', 'nothing'), 'nothing'));
    await product.client.servers.update({ params: at, body: { visibility: ['workspace'] } });
  });

  it('holds in another workspace for nobody', async () => {
    const { client } = product;
    await client.workspaces.create({ body: { name: 'Other', slug: 'other' } });
    const there = { workspace: 'other' };
    const { secret } = await client.tokens.issue({ params: there, body: { label: 't' } });
    await product.addServer({ slug: 'box', url: upstreams.box.url, workspace: 'other', token: secret });
    await stop('server:box');
    await until('it bites', () => isRefused('workspace', 'look'), 1_000);
    const { message } = await product.call('look', {}, { token: secret, workspace: 'other' });
    expect(message.error).toBeUndefined();
  });

  it('ends by itself at its moment, and lists follow', async () => {
    await stop('tool:box:look', { expiresAt: new Date(Date.now() + 1_500).toISOString() });
    await until('it bites', () => isRefused('bo', 'look'), 1_000);
    expect(await product.toolNames({ token: tokens.bo })).not.toContain('look');
    await until('it has ended', async () => !(await isRefused('bo', 'look')), 2_500);
    expect(await product.toolNames({ token: tokens.bo })).toContain('look');
    expect((await product.client.stops.list({ params })).items).toMatchObject([{ active: false }]);
  });
});

describe('what runs when it is stopped', () => {
  /** Begin a call that takes long, and see that it is under way. */
  async function running(who: Who, tool: string): Promise<{ readonly ended: Promise<'answered' | 'cut'> }> {
    upstreams.box.set({ delayMs: 20_000 });
    const before = upstreams.box.calls().length;
    const ended = product.call(tool, {}, { token: tokens[who] }).then(
      () => 'answered' as const,
      () => 'cut' as const,
    );
    await until('the call is sent', async () => upstreams.box.calls().length > before);
    return { ended };
  }

  it.each([
    ['member:ada@example.com', 'ada', 'look', 'bo', 'look'],
    ['server:box', 'workspace', 'look', undefined, undefined],
    ['tool:box:change', 'bo', 'change', 'bo', 'look'],
  ] as const)('[TOK-07] %s: it is cut within a second, and nothing else', async (target, who, tool, other, alike) => {
    const cut = await running(who, tool);
    const goesOn = other === undefined ? undefined : await running(other, alike);
    const started = performance.now();
    await stop(target);
    expect(await cut.ended).toBe('cut');
    expect(performance.now() - started).toBeLessThan(1_000);
    if (goesOn !== undefined) {
      expect(await Promise.race([goesOn.ended, new Promise((resolve) => setTimeout(() => resolve('runs'), 200))])).toBe(
        'runs',
      );
      await stop('server:box');
      await goesOn.ended;
    }
    const row = (await product.calls()).findLast((found) => found.outcome === 'cancelled');
    expect(row).toMatchObject({ dispatched: 1 });
  });

  it('[TOK-07] a call of a session that nobody waits for any more is called off, too', async () => {
    const session = await openSession(product, { token: tokens.ada });
    upstreams.box.set({ delayMs: 20_000 });
    const before = upstreams.box.calls().length;
    const post = await Promise.race([
      session.post({ jsonrpc: '2.0', id: 9, method: 'tools/call', params: { name: 'look', arguments: {} } }),
      until('the call is sent', async () => upstreams.box.calls().length > before).then(() => undefined),
    ]);
    post?.[Symbol.dispose]();
    await stop('tool:box:look');
    await until('its row says so', async () => (await product.calls()).at(-1)?.outcome === 'cancelled', 3_000);
  });

  it('[TOK-07] streams of who is stopped end within a second, new ones are refused, others stay', async () => {
    const [ada, bo] = [
      await openSession(product, { token: tokens.ada }),
      await openSession(product, { token: tokens.bo }),
    ];
    using adas = await ada.get();
    using bos = await bo.get();
    await stop('member:ada@example.com');
    await until('the stream ends', async () => adas.state !== 'open', 1_000);
    expect(bos.state).toBe('open');
    const listen = await product.modern(
      'subscriptions/listen',
      { notifications: { toolsListChanged: true } },
      { token: tokens.ada },
    );
    expect(listen.status).toBe(403);
  });

  it('[TOK-07] a real client in a loop has its last call accepted within a second', async () => {
    const client = new Client({ name: 'sdk', version: '1' });
    const requestInit = { headers: { authorization: `Bearer ${tokens.nightly}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(product.gateway()), { requestInit }));
    let lastAt = 0;
    let looping = true;
    const loop = (async () => {
      while (looping) {
        const accepted = await client.callTool({ name: 'look', arguments: {} }).then(
          () => true,
          () => false,
        );
        if (accepted) lastAt = performance.now();
      }
    })();
    await until('it calls', async () => lastAt > 0);
    await stop('machine:nightly');
    const acknowledged = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    looping = false;
    await loop;
    expect(lastAt - acknowledged).toBeLessThan(1_000);
    await client.close().catch(() => undefined);
  });
});

describe('a failure drill', () => {
  const at = () => ({ ...params, server: 'box' });
  const drilled = async (): Promise<boolean> =>
    (await call('bo', 'look')).error?.message.includes('failure drill') === true;
  const health = async () => (await product.client.servers.health({ params: at() })).state;

  it('[NEW-14] fails calls to one server and to no other, keeps its tools listed, and says who was affected', async () => {
    expect((await call('bo', 'look')).error).toBeUndefined();
    await product.client.drills.start({ params: at(), body: { seconds: 60 } });
    await until('it has begun', drilled, 1_000);
    const before = upstreams.box.calls().length;
    for (let i = 0; i < 20; i++) expect((await call('ada', 'look')).error).toMatchObject({ code: 502 });
    expect((await call('workspace', 'change')).error?.data?.['retryAfterMs']).toBeGreaterThan(0);
    expect(upstreams.box.calls().length).toBe(before);
    expect((await call('ada', 'fine')).error).toBeUndefined();
    expect(await product.toolNames({ token: tokens.ada })).toEqual(['look', 'change', 'fine']);
    expect(await health()).toBe('drill');
    const meta = { 'mcpnest.dev/health': true };
    const list = await product.modern('tools/list', {}, { token: tokens.ada, meta });
    const shown = list.message.result?.['_meta'] as Record<string, Record<string, { state: string }>>;
    expect(shown['mcpnest.dev/health']?.['box']?.state).toBe('drill');
    expect(shown['mcpnest.dev/health']?.['other']?.state).toBe('healthy');
    await product.client.drills.stop({ params: at() });
    // The breaker saw nothing: the first call goes through.
    await until('it has ended', async () => (await call('bo', 'look')).error === undefined, 1_000);
    expect(await health()).toBe('healthy');
    const rows = (await product.calls()).filter(({ error_code: code }) => code === 'drill');
    expect(rows.every((row) => row.dispatched === 0 && row.status === 502)).toBe(true);
    const report = async () => (await product.client.drills.list({ params: at() })).items[0]!;
    // Of a burst of refusals the last part of each second is one row.
    const ada = { who: 'member:ada@example.com', calls: 20 };
    await expect.poll(async () => (await report()).affected[0], { timeout: 4_000 }).toEqual(ada);
    const { running, affected, calls } = await report();
    expect(running).toBe(false);
    expect(affected.map(({ who }) => who)).toContain('member:bo@example.com');
    expect(affected.some(({ who }) => who.startsWith('token:'))).toBe(true);
    expect(calls).toBe(affected.reduce((sum, found) => sum + found.calls, 0));
  });

  it('[NEW-14] ends by itself', async () => {
    await product.client.drills.start({ params: at(), body: { seconds: 1 } });
    await until('it has begun', drilled, 900);
    await until('it has ended', async () => !(await drilled()), 2_000);
    expect(await health()).toBe('healthy');
  });
});

it('[TOK-07] a stop of a member cuts what their machine has under way, and nothing of anybody else', async () => {
  upstreams.box.set({ delayMs: 5_000 });
  const session = await openSession(product, { token: tokens.nightly });
  using stream = await session.get();
  const before = upstreams.box.calls().length;
  const running = call('nightly', 'look').then(
    () => 'answered',
    () => 'cut',
  );
  await until('it runs', async () => upstreams.box.calls().length > before);
  await stop('member:bo@example.com');
  expect(await Promise.race([running, new Promise((resolve) => setTimeout(resolve, 1_500, 'runs on'))])).toBe('cut');
  await stream.over(1_000);
  expect(await free('fine')).toEqual(['ada', 'adaToo', 'workspace']);
});
