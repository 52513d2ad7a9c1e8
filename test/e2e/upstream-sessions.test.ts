import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { byteString } from '../../packages/server/src/platform/byte-string.ts';
import { errand, type UpstreamAsk } from '../../packages/server/src/gateway/upstreams/conversation.ts';
import { startLegacyUpstream } from '../upstreams/legacy.ts';
import { listen } from '../upstreams/listen.ts';
import { openUpstream } from '../upstreams/open.ts';

/** Answers every question with the same. */
const accept = (ask: UpstreamAsk): void => ask.respond(byteString('"result":{"action":"accept","content":{}}'));

/** A legacy server that hands out no session, and counts the methods it is sent. */
async function startForgetfulUpstream(): Promise<AsyncDisposable & { url: string; count(method: string): number }> {
  const seen: string[] = [];
  const base = await listen(
    createServer((req, res) => {
      void (async () => {
        if (req.method !== 'POST') return void res.writeHead(405).end();
        const { id, method } = (await json(req)) as { id?: unknown; method: string };
        seen.push(method);
        if (id === undefined) return void res.writeHead(202).end();
        const results: Record<string, unknown> = {
          initialize: {
            protocolVersion: '2025-11-25',
            capabilities: { tools: {} },
            serverInfo: { name: 'f', version: '1' },
          },
          'tools/list': { tools: [] },
          'tools/call': { content: [{ type: 'text', text: 'done' }] },
        };
        const result = results[method];
        const body =
          result === undefined
            ? { jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } }
            : { jsonrpc: '2.0', id, result };
        res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      })();
    }),
  );
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
    await using server = await startForgetfulUpstream();
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
