import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { byteString } from '../../packages/server/src/platform/byte-string.ts';
import { errand, type UpstreamAsk } from '../../packages/server/src/gateway/upstreams/conversation.ts';
import { startProduct } from '../harness.ts';
import { openSession } from '../sessions.ts';
import { startLegacyUpstream } from '../upstreams/legacy.ts';
import { listen } from '../upstreams/listen.ts';
import { openUpstream } from '../upstreams/open.ts';

/** Answers every question with the same. */
const accept = (ask: UpstreamAsk): void => ask.respond(byteString('"result":{"action":"accept","content":{}}'));

interface PlainUpstream extends AsyncDisposable {
  readonly url: string;
  /** How often a method was sent. */
  count(method: string): number;
}

const results: Readonly<Record<string, unknown>> = {
  initialize: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'p', version: '1' } },
  'tools/list': { tools: [{ name: 'plain', inputSchema: { type: 'object' } }] },
  'tools/call': { content: [{ type: 'text', text: 'done' }] },
};

/** A legacy server that hands out no session, and counts the methods it is sent. @param listMs until it lists its tools @param refusal code with which it refuses calls, by HTTP 400 */
async function startPlainUpstream(listMs = 0, refusal?: number): Promise<PlainUpstream> {
  const seen: string[] = [];
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    if (req.method !== 'POST') return void res.writeHead(405).end();
    const { id, method } = (await json(req)) as { id?: unknown; method: string };
    seen.push(method);
    if (id === undefined) return void res.writeHead(202).end();
    if (method === 'tools/list') await sleep(listMs);
    const refused = method === 'tools/call' && refusal !== undefined;
    const result = refused ? undefined : results[method];
    const error = { code: refused ? refusal : -32601, message: 'No' };
    const message = { jsonrpc: '2.0', id, ...(result === undefined ? { error } : { result }) };
    res.writeHead(refused ? 400 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(message));
  };
  const base = await listen(createServer((req, res) => void answer(req, res).catch(() => res.destroy())));
  return {
    url: `${base.origin}/mcp`,
    count: (method) => seen.filter((other) => other === method).length,
    [Symbol.asyncDispose]: () => base[Symbol.asyncDispose](),
  };
}

describe('a session with a legacy upstream', () => {
  it('[edge 44] has a stream to be asked on, also where its client declared everything there is', async () => {
    await using server = await startLegacyUpstream();
    using gateway = openUpstream(server.url);
    const able = { key: 'able', capabilities: errand.capabilities };
    const answer = await gateway.call(
      'ask-apart',
      { message: 'x' },
      { conversation: able, onRequest: accept, deadlineMs: 2_000 },
    );
    expect(JSON.stringify(answer)).toContain('accept');
  });

  it('has none where its client can be asked nothing', async () => {
    await using server = await startLegacyUpstream();
    using gateway = openUpstream(server.url);
    await gateway.call('echo', { message: 'x' }, { conversation: { key: 'plain', capabilities: '{}' } });
    expect(server.seen).not.toContain('GET');
  });

  it('is one for all who declare nothing, where the upstream hands out none', async () => {
    await using server = await startPlainUpstream();
    using gateway = openUpstream(server.url);
    await gateway.upstream.features();
    for (const key of ['one', 'two', 'three'])
      await gateway.call('x', {}, { conversation: { key, capabilities: '{}' } });
    expect(server.count('tools/call')).toBe(3);
    expect(server.count('initialize')).toBe(1);
    // Who declares something is heard with that.
    await gateway.call('x', {}, { conversation: { key: 'four', capabilities: '{"roots":{}}' } });
    expect(server.count('initialize')).toBe(2);
  });
});

it.each([
  ['keeps its session where the arguments are wrong', -32602, 1],
  ['keeps its session where the tool has a fault of its own', -32050, 1],
  ['loses it where the request is none in this session', -32600, 2],
  ['loses it where there is no session', -32000, 2],
])('[edge 30] an upstream that answers 400 %s', async (_, code, sessions) => {
  await using server = await startPlainUpstream(0, code);
  using gateway = openUpstream(server.url);
  await gateway.call('x').catch(() => undefined);
  await gateway.call('x').catch(() => undefined);
  expect(server.count('tools/call')).toBe(2);
  expect(server.count('initialize')).toBe(sessions);
});

it('[edge 25] a call whose session ends before it has left does not leave, and opens nothing upstream', async () => {
  await using product = await startProduct();
  const able = { capabilities: { roots: {} } };
  const [ended, kept] = [await openSession(product, able), await openSession(product, able)];
  await using server = await startPlainUpstream(1_000);
  await product.addServer({ slug: 'plain', url: server.url });
  await expect.poll(() => server.count('tools/list')).toBe(1);
  // Both wait for a list that has never been read.
  const called = ended.call(1, 'plain');
  const other = kept.call(1, 'plain');
  await sleep(100);
  expect((await ended.end()).status).toBe(204);
  const [{ status }] = await Promise.all([called, other]);
  expect(status).toBe(202);
  expect(server.count('tools/call')).toBe(1);
  // One for the list, one for the session that goes on.
  expect(server.count('initialize')).toBe(2);
});

it('[edge 40] a call that is called off before it has left does not leave, and its row says so', async () => {
  await using product = await startProduct();
  const session = await openSession(product);
  await using server = await startPlainUpstream(1_000);
  await product.addServer({ slug: 'plain', url: server.url });
  await expect.poll(() => server.count('tools/list')).toBe(1);
  // Both wait for a list that has never been read.
  const called = session.call('off', 'plain');
  const other = session.call('on', 'plain');
  await sleep(100);
  const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'off' } };
  expect((await product.rpc(cancel, { headers: session.headers })).status).toBe(202);
  const [{ status }] = await Promise.all([called, other]);
  expect(status).toBe(202);
  expect(server.count('tools/call')).toBe(1);
  const rows = (await product.calls()).map(({ outcome, dispatched }) => [outcome, dispatched]);
  expect(rows.toSorted()).toEqual([
    ['cancelled', 0],
    ['ok', 1],
  ]);
});
