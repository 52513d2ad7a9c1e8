import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Conversation } from '../../packages/server/src/gateway/upstreams/conversation.ts';
import { systemClock } from '../../packages/server/src/platform/clock.ts';
import { listen } from '../upstreams/listen.ts';
import { openUpstream } from '../upstreams/open.ts';

interface Heard {
  readonly http: string;
  readonly method: string;
  /** JSON text of the id. */
  readonly id: string;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
  readonly session: string;
}

type Answer = (heard: Heard, res: ServerResponse) => void;

const legacyResult = {
  protocolVersion: '2025-11-25',
  capabilities: { tools: { listChanged: true }, resources: { subscribe: true } },
  serverInfo: { name: 'hostile', version: '1' },
};

/** A legacy server with sessions that answers handshakes properly; the rest is up to `answer`. */
async function startServer(answer: Answer, handshakes = true) {
  const heard: Heard[] = [];
  let sessions = 0;
  const server = createServer((req, res) => {
    let body = '';
    req.on('data', (chunk: Buffer) => (body += chunk.toString()));
    req.on('end', () => {
      const message = (body === '' ? {} : JSON.parse(body)) as { method?: string; id?: unknown };
      const request: Heard = {
        http: req.method ?? '',
        method: message.method ?? '',
        id: JSON.stringify(message.id ?? null),
        body,
        headers: req.headers,
        session: String(req.headers['mcp-session-id'] ?? ''),
      };
      heard.push(request);
      if (handshakes && request.method === 'server/discover') return res.writeHead(400).end();
      if (handshakes && request.method === 'initialize') {
        res.setHeader('mcp-session-id', `session-${++sessions}`);
        return json(res, request.id, legacyResult);
      }
      if (handshakes && request.http === 'POST' && (request.id === 'null' || request.method === ''))
        return res.writeHead(202).end();
      answer(request, res);
    });
  });
  const base = await listen(server);
  const count = (what: string): number =>
    heard.filter(({ http, method }) => `${http} ${method}`.trim() === what).length;
  return {
    url: `${base.origin}/mcp`,
    origin: base.origin,
    heard,
    count,
    [Symbol.asyncDispose]: () => base[Symbol.asyncDispose](),
  };
}

const json = (res: ServerResponse, id: string, result: unknown): void =>
  void res
    .writeHead(200, { 'content-type': 'application/json' })
    .end(`{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify(result)}}`);

const stream = (res: ServerResponse): ServerResponse => {
  res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
  return res;
};
const event = (message: object): string => `data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`;
const fine = { content: [{ type: 'text', text: 'fine' }] };
const asking: Conversation = { key: 'one', capabilities: '{"elicitation":{}}' };
const elicit = (id: string): string => event({ id, method: 'elicitation/create', params: { message: 'x' } });

describe('a stream of a hostile upstream', () => {
  it('whose endpoint is elsewhere gets nothing, nor does the elsewhere', async () => {
    await using other = await startServer((_, res) => void res.writeHead(202).end(), false);
    await using server = await startServer(({ http }, res) => {
      if (http !== 'GET') return void res.writeHead(405).end();
      stream(res).write(`event: endpoint\ndata: ${other.origin}/messages\n\n`);
    }, false);
    using gateway = openUpstream(server.url);
    await expect(gateway.call('x')).rejects.toMatchObject({ fault: 'http_status' });
    expect(other.heard).toEqual([]);
  });

  it('that breaks off after every event is taken up again a bounded number of times', async () => {
    let id = 0;
    await using server = await startServer((_, res) => void stream(res).end(`id: ${++id}\nretry: 0\ndata:\n\n`));
    using gateway = openUpstream(server.url);
    await expect(gateway.call('x')).rejects.toMatchObject({ fault: 'truncated', dispatched: true });
    expect(server.count('POST tools/call')).toBe(1);
    expect(server.count('GET')).toBe(100);
    expect(server.heard.at(-1)!.headers['last-event-id']).toBe('100');
  });

  it('[edge 31] that breaks off is not taken up again the modern way', async () => {
    await using server = await startServer(({ method, id }, res) => {
      if (method === 'server/discover') json(res, id, { supportedVersions: ['2026-07-28'], capabilities: {} });
      else stream(res).end('id: 1\nretry: 0\ndata:\n\n');
    }, false);
    using gateway = openUpstream(server.url);
    await expect(gateway.call('x')).rejects.toMatchObject({ fault: 'truncated', dispatched: true });
    await sleep(200);
    expect(server.heard.map(({ http, method }) => `${http} ${method}`)).toEqual([
      'POST server/discover',
      'POST tools/call',
    ]);
  });

  it('[edge 61] of one who declares something else each time keeps few sessions', async () => {
    await using server = await startServer(({ http, id }, res) => {
      if (http === 'DELETE') res.writeHead(204).end();
      else if (http === 'GET') res.writeHead(405).end();
      else json(res, id, fine);
    });
    using gateway = openUpstream(server.url);
    for (let i = 0; i < 10; i++) {
      await gateway.call('x', {}, { conversation: { key: 'one', capabilities: `{"x${i}":{}}` } });
    }
    await expect.poll(() => server.count('DELETE')).toBe(6);
  });

  it('[edge 44] cannot ask without a request in flight, and not without end', async () => {
    let streams = 0;
    await using server = await startServer(({ http, id }, res) => {
      if (http !== 'GET') return json(res, id, fine);
      streams++;
      const timer = setInterval(() => res.write(elicit(`${Math.random()}`)), 1);
      stream(res).on('close', () => clearInterval(timer));
    });
    using gateway = openUpstream(server.url);
    let asked = 0;
    await gateway.call('x', {}, { conversation: asking, onRequest: () => void asked++ });
    // What came while the call was on its way was asked in its name.
    const during = asked;
    await sleep(700);
    const answers = server.heard.filter(({ body }) => body.includes('"error"'));
    expect(asked).toBe(during);
    expect(answers.length).toBeGreaterThan(10);
    expect(answers.length).toBeLessThanOrEqual(64);
    expect(answers[0]!.body).toContain('-32601');
    expect(streams).toBe(1);
    expect(JSON.stringify(await gateway.call('x', {}, { conversation: asking }))).toContain('fine');
  });

  it('that never begins holds up the first call for two seconds, and no other', async () => {
    await using server = await startServer(({ http, id }, res) => {
      if (http !== 'GET') json(res, id, fine);
    });
    using gateway = openUpstream(server.url);
    const timed = async (): Promise<number> => {
      const started = performance.now();
      await gateway.call('x', {}, { conversation: asking });
      return performance.now() - started;
    };
    expect(await timed()).toBeLessThan(3_500);
    expect(await timed()).toBeLessThan(1_000);
    expect(server.count('GET')).toBe(1);
  });

  it('cannot answer a request on a stream of another conversation', async () => {
    let other: ServerResponse | undefined;
    await using server = await startServer(({ http, method, id, session }, res) => {
      if (http === 'GET') {
        if (session === 'session-1') other = stream(res);
        else stream(res);
      } else if (method === 'tools/call' && session === 'session-1') json(res, id, fine);
      else other!.write(`data: {"jsonrpc":"2.0","id":${id},"result":${JSON.stringify(fine)}}\n\n`);
    });
    using gateway = openUpstream(server.url, { deadlineMs: 500, progressDeadlineMs: 500 });
    await gateway.call('x', {}, { conversation: asking });
    const second = gateway.call('x', {}, { conversation: { ...asking, key: 'two' } });
    await expect(second).rejects.toMatchObject({ fault: 'timeout' });
  });

  it('that tells of changes without end is heard now and then, and holds up no call', async () => {
    await using server = await startServer(({ http, id }, res) => {
      if (http !== 'GET') return json(res, id, fine);
      const burst = event({ method: 'notifications/tools/list_changed' }).repeat(500);
      const timer = setInterval(() => res.write(burst), 10);
      stream(res).on('close', () => clearInterval(timer));
    });
    using gateway = openUpstream(server.url, { concurrency: 1 });
    let heard = 0;
    using _listening = gateway.upstream.listen({ listChanged: () => void heard++, resourceUpdated: () => undefined });
    await sleep(1_000);
    const calls = await Promise.all([1, 2, 3].map(() => gateway.call('x')));
    expect(calls).toEqual([fine, fine, fine]);
    expect(heard).toBeGreaterThan(2);
    expect(heard).toBeLessThan(40);
  });

  it('that ends at once is not opened again at once, and the breaker stays closed', async () => {
    await using server = await startServer(({ http, id }, res) => {
      if (http !== 'GET') return json(res, id, fine);
      stream(res).end(`retry: 0\n${event({ method: 'notifications/tools/list_changed' })}`);
    });
    using gateway = openUpstream(server.url);
    using _listening = gateway.upstream.listen({ listChanged: () => undefined, resourceUpdated: () => undefined });
    await sleep(3_000);
    expect(server.count('GET')).toBeLessThanOrEqual(3);
    expect(gateway.upstream.breaker.state).toBe('closed');
    expect(gateway.ends).toEqual([]);
  });

  it('that is refused is not asked for again', async () => {
    await using server = await startServer(({ http, id }, res) => {
      if (http === 'GET') res.writeHead(405).end();
      else json(res, id, {});
    });
    using gateway = openUpstream(server.url);
    using _listening = gateway.upstream.listen({ listChanged: () => undefined, resourceUpdated: () => undefined });
    using _watched = await gateway.upstream.watch('note://1');
    await sleep(2_500);
    expect(server.count('GET')).toBe(1);
  });

  it('that never acknowledges what is listened to is given up, and who watches is told', async () => {
    await using server = await startServer(({ method, id }, res) => {
      if (method === 'server/discover') {
        const capabilities = { resources: { subscribe: true } };
        return json(res, id, { supportedVersions: ['2026-07-28'], capabilities });
      }
      stream(res).write(event({ method: 'notifications/resources/updated', params: { uri: 'note://1' } }));
    }, false);
    using gateway = openUpstream(server.url);
    let heard = 0;
    using _listening = gateway.upstream.listen({ listChanged: () => undefined, resourceUpdated: () => void heard++ });
    await expect(gateway.upstream.watch('note://1')).rejects.toMatchObject({ fault: 'protocol' });
    expect(heard).toBe(0);
  });

  it('[edge 25] of a conversation that is not used for a quarter of an hour is given back', async () => {
    await using server = await startServer(({ http, id }, res) => {
      if (http === 'DELETE') res.writeHead(204).end();
      else json(res, id, fine);
    });
    let later = 0;
    const clock = { now: () => systemClock.now() + later, monotonic: () => systemClock.monotonic() + later };
    using gateway = openUpstream(server.url, {}, clock);
    await gateway.call('x', {}, { conversation: { key: 'one', capabilities: '{}' } });
    later = 14 * 60_000;
    await gateway.call('x', {}, { conversation: { key: 'two', capabilities: '{}' } });
    expect(server.count('DELETE')).toBe(0);
    later = 16 * 60_000;
    await gateway.call('x', {}, { conversation: { key: 'three', capabilities: '{}' } });
    await expect
      .poll(() => server.heard.filter(({ http }) => http === 'DELETE'))
      .toMatchObject([{ session: 'session-1' }]);
  });

  it('[edge 6] of a thousand conversations leaves a thousand sessions, the idlest given back', async () => {
    await using server = await startServer(({ http, id }, res) => {
      if (http === 'DELETE') res.writeHead(204).end();
      else json(res, id, fine);
    });
    using gateway = openUpstream(server.url);
    for (let from = 0; from < 1_010; from += 101) {
      await Promise.all(
        Array.from({ length: 101 }, (_, i) =>
          gateway.call('x', {}, { conversation: { key: `${from + i}`, capabilities: '{}' } }),
        ),
      );
    }
    await expect.poll(() => server.count('DELETE')).toBeGreaterThanOrEqual(10);
    expect(server.count('DELETE')).toBeLessThanOrEqual(110);
    expect(server.count('POST initialize')).toBe(1_010);
  });

  it('[edge 6] of one who opens a thousand conversations costs nobody else a session', async () => {
    await using server = await startServer(({ http, id }, res) => {
      if (http === 'DELETE') res.writeHead(204).end();
      else json(res, id, fine);
    });
    using gateway = openUpstream(server.url);
    const call = (key: string, owner: string): Promise<unknown> =>
      gateway.call('x', {}, { conversation: { key, owner, capabilities: '{}' } });
    await call('modest', 'modest');
    const [opened] = server.heard.filter(({ method }) => method === 'tools/call').map(({ session }) => session);
    for (let from = 0; from < 1_010; from += 101) {
      await Promise.all(Array.from({ length: 101 }, (_, i) => call(`${from + i}`, 'greedy')));
    }
    await expect.poll(() => server.count('DELETE')).toBeGreaterThanOrEqual(11);
    const given = server.heard.filter(({ http }) => http === 'DELETE').map(({ session }) => session);
    expect(given).not.toContain(opened);
    await call('modest', 'modest');
    expect(server.heard.findLast(({ method }) => method === 'tools/call')?.session).toBe(opened);
  });
});
