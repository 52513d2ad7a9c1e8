import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { byteString } from '../../packages/server/src/platform/byte-string.ts';
import type { Cancel } from '../../packages/server/src/gateway/upstreams/connection.ts';
import {
  errand,
  type Conversation,
  type UpstreamAsk,
} from '../../packages/server/src/gateway/upstreams/conversation.ts';
import type { UpstreamMessage } from '../../packages/server/src/gateway/upstreams/reply.ts';
import { startProduct } from '../harness.ts';
import type { Sent } from '../http.ts';
import { startLegacyUpstream, type LegacyOptions } from '../upstreams/legacy.ts';
import { startModernNewsUpstream } from '../upstreams/modern-news.ts';
import { openUpstream } from '../upstreams/open.ts';
import { startEverythingSse } from '../upstreams/everything.ts';

const asking: Conversation = { key: 'one', capabilities: '{"elicitation":{}}' };
const plain: Conversation = { key: 'two', capabilities: '{}' };

const params = ({ bytes, root }: UpstreamMessage): Record<string, unknown> =>
  (JSON.parse(bytes.toString('utf8', root.start, root.end)) as { params: Record<string, unknown> }).params;

/** Answers every question by repeating it. */
const parrot = (ask: UpstreamAsk): void => {
  const answer = JSON.stringify({ action: 'accept', content: { answer: String(params(ask.message)['message']) } });
  ask.respond(byteString(`"result":${answer}`));
};

const said = (result: Record<string, unknown>): unknown => {
  const [content] = result['content'] as { text: string }[];
  return JSON.parse(content!.text);
};

describe.each<[string, LegacyOptions]>([
  ['Streamable HTTP', {}],
  ['the deprecated HTTP+SSE', { transport: 'sse' }],
])('a legacy upstream over %s', (_, options) => {
  it('[edge 61] hears from each conversation what that one declared, in a session of its own', async () => {
    await using server = await startLegacyUpstream(options);
    using gateway = openUpstream(server.url);
    expect(said(await gateway.call('declared', {}, { conversation: asking }))).toEqual({
      elicitation: { form: {} },
    });
    expect(said(await gateway.call('declared', {}, { conversation: plain }))).toEqual({});
    expect(said(await gateway.call('declared'))).toEqual(JSON.parse(errand.capabilities));
    expect(server.sessions).toHaveLength(3);
    await gateway.call('echo', { message: 'again' }, { conversation: asking });
    expect(server.sessions).toHaveLength(3);
    gateway.upstream.endConversation('one');
    await expect.poll(() => server.sessions.map(({ ended }) => ended)).toEqual([true, false, false]);
  });

  it('opens one session for many calls that find none', async () => {
    await using server = await startLegacyUpstream(options);
    using gateway = openUpstream(server.url);
    const calls = Array.from({ length: 30 }, (__, i) =>
      gateway.call('echo', { message: `${i}` }, { conversation: plain }),
    );
    expect((await Promise.all(calls)).map(said)).toEqual(Array.from({ length: 30 }, (__, i) => `${i}`));
    expect(server.sessions).toHaveLength(1);
  });

  it('[edge 43] asks the very request that caused it, and gets the answer', async () => {
    await using server = await startLegacyUpstream(options);
    using gateway = openUpstream(server.url);
    const answer = await gateway.call('ask', { message: 'colour?' }, { conversation: asking, onRequest: parrot });
    expect(said(answer)).toEqual({ action: 'accept', content: { answer: 'colour?' } });
  });

  it('[edge 44] asks on another stream than the request came by: it is for the one request in flight', async () => {
    await using server = await startLegacyUpstream(options);
    using gateway = openUpstream(server.url);
    const answer = await gateway.call('ask-apart', { message: 'size?' }, { conversation: asking, onRequest: parrot });
    expect(said(answer)).toEqual({ action: 'accept', content: { answer: 'size?' } });
  });

  it('[edge 44] is refused where several requests could have caused it', async () => {
    await using server = await startLegacyUpstream(options);
    using gateway = openUpstream(server.url);
    await gateway.call('echo', { message: 'hello' }, { conversation: asking });
    let asked = 0;
    const onRequest = (): void => void asked++;
    const calls = [
      gateway.call('work', { steps: 1, everyMs: 500 }, { conversation: asking, onRequest }),
      gateway.call('ask-apart', { message: 'whom?' }, { conversation: asking, onRequest }),
    ];
    const [, refused] = await Promise.all(calls);
    expect(JSON.stringify(refused)).toContain('-32601');
    expect(asked).toBe(0);
  });

  it('[edge 44] is refused where a request that was given up could have caused it', async () => {
    await using server = await startLegacyUpstream(options);
    using gateway = openUpstream(server.url);
    let asked = 0;
    const onRequest = (): void => void asked++;
    const given = gateway.call(
      'ask-apart-late',
      { message: 'x' },
      { conversation: asking, onRequest, deadlineMs: 200 },
    );
    await expect(given).rejects.toMatchObject({ fault: 'timeout' });
    await gateway.call('work', { steps: 1, everyMs: 800 }, { conversation: asking, onRequest });
    expect(server.seen).toContain('POST answer');
    expect(asked).toBe(0);
  });

  it('[edge 43] is refused what was not declared, and never left without an answer', async () => {
    await using server = await startLegacyUpstream(options);
    using gateway = openUpstream(server.url);
    const sampled = await gateway.call('sample', { message: 'x' }, { conversation: asking, onRequest: parrot });
    // The SDK itself does not ask for what was not declared, where it knows.
    expect(JSON.stringify(sampled)).toMatch(/-32601|sampling/);
    expect(gateway.ends.at(-1)).toBeUndefined();
  });

  it('withdraws what it asked', async () => {
    await using server = await startLegacyUpstream(options);
    using gateway = openUpstream(server.url);
    let withdrawn = 0;
    const onRequest = (ask: UpstreamAsk): void => {
      ask.onWithdrawn = () => {
        withdrawn++;
        // Too late; does nothing.
        parrot(ask);
      };
    };
    const answer = await gateway.call('ask-and-withdraw', { message: 'x' }, { conversation: asking, onRequest });
    expect(said(answer)).toBe('withdrawn');
    expect(withdrawn).toBe(1);
  });

  it('[edge 42] waits for people, and lets progress renew its patience, but silence not', async () => {
    await using server = await startLegacyUpstream(options);
    using gateway = openUpstream(server.url, { deadlineMs: 400, progressDeadlineMs: 1_500 });
    const late = (ask: UpstreamAsk): void => void setTimeout(() => parrot(ask), 900);
    const asked = await gateway.call('ask', { message: 'slowly' }, { conversation: asking, onRequest: late });
    expect(said(asked)).toMatchObject({ action: 'accept' });
    expect(said(await gateway.call('work', { steps: 6, everyMs: 150 }, { conversation: plain, progress: true }))).toBe(
      'worked',
    );
    await expect(gateway.call('work', { steps: 6, everyMs: 150 }, { conversation: plain })).rejects.toMatchObject({
      fault: 'timeout',
    });
    const started = performance.now();
    await expect(
      gateway.call('work', { steps: 40, everyMs: 150 }, { conversation: plain, progress: true }),
    ).rejects.toMatchObject({ fault: 'timeout' });
    expect(performance.now() - started).toBeGreaterThan(1_300);
    expect(performance.now() - started).toBeLessThan(2_500);
  });

  it('[edge 49] tells that its lists changed, and of the resources that are watched', async () => {
    await using server = await startLegacyUpstream(options);
    using gateway = openUpstream(server.url);
    const heard: string[] = [];
    using _listening = gateway.upstream.listen({
      listChanged: (kind) => heard.push(kind),
      resourceUpdated: (uri) => heard.push(uri),
    });
    const first = await gateway.upstream.watch('note://1');
    const second = await gateway.upstream.watch('note://1');
    const session = server.sessions[0]!;
    expect([...session.subscribed]).toEqual(['note://1']);
    expect(server.seen.filter((request) => request === 'POST resources/subscribe')).toHaveLength(1);
    await session.server.server.sendResourceUpdated({ uri: 'note://1' });
    await expect.poll(() => heard).toEqual(['note://1']);
    session.server.registerTool('new', {}, () => ({ content: [] }));
    await expect.poll(() => heard).toEqual(['note://1', 'tools']);
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    expect(session.subscribed.size).toBe(1);
    second[Symbol.dispose]();
    await expect.poll(() => session.subscribed.size).toBe(0);
  });

  it('[edge 30] gets its subscriptions again after it has lost its sessions', async () => {
    await using server = await startLegacyUpstream(options);
    using gateway = openUpstream(server.url);
    const heard: string[] = [];
    using _listening = gateway.upstream.listen({
      listChanged: (kind) => heard.push(kind),
      resourceUpdated: (uri) => heard.push(uri),
    });
    await gateway.upstream.watch('note://1');
    server.expireSessions();
    server.cutStreams();
    await gateway.call('echo', { message: 'x' }).catch(() => undefined);
    await expect.poll(() => server.sessions.slice(1).at(-1)?.subscribed.size, { timeout: 5_000 }).toBe(1);
    await expect.poll(() => heard, { timeout: 5_000 }).toContain('resources');
    await server.sessions.at(-1)!.server.server.sendResourceUpdated({ uri: 'note://1' });
    await expect.poll(() => heard).toContain('note://1');
  });

  it('says what it can do', async () => {
    await using server = await startLegacyUpstream(options);
    using gateway = openUpstream(server.url);
    expect(await gateway.upstream.features()).toMatchObject({
      tools: true,
      toolsListChanged: true,
      resources: true,
      resourceSubscribe: true,
      prompts: false,
      completions: false,
      logging: true,
    });
  });

  it('never gives one conversation what was asked of another (twenty at once, with nonces)', async () => {
    await using server = await startLegacyUpstream(options);
    using gateway = openUpstream(server.url);
    const strays: string[] = [];
    const one = async (i: number, round: number): Promise<void> => {
      const nonce = `nonce-${i}-${round}`;
      const conversation = { key: `conversation-${i}`, capabilities: '{"elicitation":{}}' };
      const onRequest = (ask: UpstreamAsk): void => {
        const { message } = params(ask.message);
        if (message !== nonce) strays.push(`${String(message)} at ${nonce}`);
        setTimeout(() => parrot(ask), Math.random() * 30);
      };
      const tool = (i + round) % 2 === 0 ? 'ask' : 'ask-apart';
      const answer = said(await gateway.call(tool, { message: nonce }, { conversation, onRequest }));
      expect(answer).toEqual({ action: 'accept', content: { answer: nonce } });
    };
    for (let round = 0; round < 5; round++) await Promise.all(Array.from({ length: 20 }, (__, i) => one(i, round)));
    expect(strays).toEqual([]);
    expect(server.sessions).toHaveLength(20);
  });
});

describe('an answer whose stream breaks off', () => {
  it('[edge 29] is taken up again where the upstream gave event ids, after the pause it asked for', async () => {
    await using server = await startLegacyUpstream({ resumable: true });
    using gateway = openUpstream(server.url);
    expect(said(await gateway.call('leave', { ms: 300 }, { conversation: plain }))).toBe('came back');
    expect(server.seen.filter((request) => request === 'GET').length).toBeGreaterThan(0);
    expect(server.seen.filter((request) => request === 'POST tools/call')).toHaveLength(1);
  });

  it('[edge 31] is given up at the deadline, and the upstream is told', async () => {
    await using server = await startLegacyUpstream({ resumable: true });
    using gateway = openUpstream(server.url, { deadlineMs: 400, progressDeadlineMs: 400 });
    await expect(gateway.call('leave', { ms: 5_000 }, { conversation: plain })).rejects.toMatchObject({
      fault: 'timeout',
      dispatched: true,
    });
    await expect.poll(() => server.seen).toContain('POST notifications/cancelled');
  });

  it('is called off while nothing is connected', async () => {
    await using server = await startLegacyUpstream({ resumable: true });
    using gateway = openUpstream(server.url);
    const cancel: Cancel = {};
    const call = gateway.call('leave', { ms: 5_000 }, { conversation: plain, cancel });
    setTimeout(() => cancel.running!.abort('cancelled'), 150);
    await expect(call).rejects.toMatchObject({ fault: 'cancelled' });
  });
});

describe('a standing stream that is lost', () => {
  it('[edge 28] goes on where it was, so that nothing said in between is missed', async () => {
    await using server = await startLegacyUpstream({ resumable: true });
    using gateway = openUpstream(server.url);
    const heard: string[] = [];
    using _listening = gateway.upstream.listen({
      listChanged: (kind) => heard.push(kind),
      resourceUpdated: (uri) => heard.push(uri),
    });
    using _watched = await gateway.upstream.watch('note://1');
    const { server: mcp } = server.sessions[0]!.server;
    await mcp.sendResourceUpdated({ uri: 'note://1' });
    await expect.poll(() => heard).toEqual(['note://1']);
    server.cutStreams();
    await sleep(50);
    await mcp.sendResourceUpdated({ uri: 'note://2' });
    await expect.poll(() => heard, { timeout: 5_000 }).toEqual(['note://1', 'note://2']);
    await mcp.sendResourceUpdated({ uri: 'note://3' });
    await expect.poll(() => heard).toEqual(['note://1', 'note://2', 'note://3']);
    expect(server.sessions).toHaveLength(1);
  });
});

describe('through the product', () => {
  it('[edge 42] a call that reports progress may take longer than others, and not for ever', async () => {
    await using product = await startProduct();
    await using server = await startLegacyUpstream();
    const limits = { deadlineMs: 500, progressDeadlineMs: 1_500 };
    await product.addServer({ slug: 'slow', url: server.url, limits });
    const work = (steps: number, progress: boolean): Promise<Sent> =>
      product.rpc(
        {
          jsonrpc: '2.0',
          id: 1,
          method: 'tools/call',
          params: {
            name: 'work',
            arguments: { steps, everyMs: 200 },
            ...(progress && { _meta: { progressToken: 'mine' } }),
          },
        },
        { headers: { accept: 'application/json, text/event-stream' }, server: 'slow' },
      );
    const progressed = await work(5, true);
    expect(progressed.message.error).toBeUndefined();
    expect(progressed.messages[0]?.params).toMatchObject({ progressToken: 'mine', progress: 1 });
    expect((await work(5, false)).message.error?.code).toBe(504);
    expect((await work(20, true)).message.error?.code).toBe(504);
  });

  it('[GW-04] a call reaches a server of the deprecated HTTP+SSE transport', async () => {
    await using product = await startProduct();
    await using server = await startEverythingSse();
    await product.addServer({ slug: 'old', url: server.url });
    const { message } = await product.call('get-sum', { a: 2, b: 3 });
    expect(JSON.stringify(message.result)).toContain('The sum of 2 and 3 is 5');
  });
});

describe('a modern upstream', () => {
  it('[edge 50] tells its news on one listen stream, opened anew when what is watched changes', async () => {
    await using server = await startModernNewsUpstream();
    using gateway = openUpstream(server.url);
    const heard: string[] = [];
    const listener = {
      listChanged: (kind: string) => void heard.push(kind),
      resourceUpdated: (uri: string) => void heard.push(uri),
    };
    using _one = gateway.upstream.listen(listener);
    using _two = gateway.upstream.listen({ ...listener });
    await expect.poll(() => server.listens).toEqual([{ toolsListChanged: true, resourcesListChanged: true }]);
    server.notify.toolsChanged();
    await expect.poll(() => heard).toEqual(['tools', 'tools']);
    const watched = await gateway.upstream.watch('note://1');
    expect(server.listens.at(-1)).toMatchObject({ resourceSubscriptions: ['note://1'] });
    server.notify.resourceUpdated('note://1');
    await expect.poll(() => heard.slice(2)).toEqual(['note://1', 'note://1']);
    watched[Symbol.dispose]();
    await expect.poll(() => server.listens.length).toBe(3);
    await expect.poll(() => server.open()).toBe(1);
    expect(gateway.ends).toEqual([]);
  });

  it('[edge 43] is known to ask nothing in the middle of a request, once it is known', async () => {
    await using server = await startModernNewsUpstream();
    await using older = await startLegacyUpstream();
    using gateway = openUpstream(server.url);
    using other = openUpstream(older.url);
    expect([gateway.upstream.mayAsk, other.upstream.mayAsk]).toEqual([true, true]);
    await Promise.all([gateway.upstream.features(), other.upstream.features()]);
    expect([gateway.upstream.mayAsk, other.upstream.mayAsk]).toEqual([false, true]);
  });

  it('[edge 61] is told with each request what its conversation declared', async () => {
    await using server = await startModernNewsUpstream();
    using gateway = openUpstream(server.url);
    expect(await gateway.upstream.features()).toMatchObject({ tools: true, resourceSubscribe: true });
    let declared = '';
    await gateway.call(
      'x',
      {},
      {
        conversation: asking,
        params: ({ capabilities }) => {
          declared = capabilities;
          return byteString(`{"name":"x","_meta":${metaOf(capabilities)}}`);
        },
      },
    );
    expect(declared).toBe(asking.capabilities);
  });
});

const metaOf = (capabilities: string): string =>
  `{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":${capabilities},"io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"}}`;

describe('server-everything over the deprecated HTTP+SSE transport', () => {
  it('answers calls, asks, and is found again after its stream was lost', async () => {
    const first = await startEverythingSse();
    using gateway = openUpstream(first.url);
    const sum = async (): Promise<unknown> => gateway.call('get-sum', { a: 19, b: 23 }, { conversation: plain });
    expect(JSON.stringify(await sum())).toContain('42');
    await first[Symbol.asyncDispose]();
    await expect(sum()).rejects.toMatchObject({ name: 'UpstreamFault' });
    await using _again = await startEverythingSse(Number(new URL(first.url).port));
    await expect.poll(async () => JSON.stringify(await sum().catch(() => '')), { timeout: 10_000 }).toContain('42');
  });
});
