import { once } from 'node:events';
import { request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Principal } from '../domain/policy.ts';
import { ascii } from '../platform/byte-string.ts';
import type { Clock } from '../platform/clock.ts';
import { createHttpServer } from '../platform/http1/server.ts';
import { sourceText } from '../platform/json/scan.ts';
import { noCapabilities } from './client-capabilities.ts';
import type { ClientSession } from './client-session.ts';
import type { Inbound } from './inbound.ts';
import { readMessage } from './message.ts';
import { Replies } from './reply.ts';
import { readHead } from './request-head.ts';
import { ClientSessions } from './sessions.ts';
import type { ClientReply } from './streams/asks.ts';
import { StreamKeeper } from './streams/stream-keeper.ts';

/** Time that passes when the test says so. */
class TestClock implements Clock {
  ms = 1_000_000;
  now = (): number => this.ms;
  monotonic = (): number => this.ms;
}

const principal: Principal = {
  workspaceId: 'w',
  tokenId: 't',
  kind: 'workspace',
  memberId: null,
  machineId: null,
  teams: [],
  label: 't',
  scope: null,
};

let clock: TestClock;
let keeper: StreamKeeper;
let replies: Replies;
let sessions: ClientSessions;
let server: Server;
let url: string;
/** Requests that wait for the test to answer them. */
let arrived: Inbound[];

beforeEach(async () => {
  clock = new TestClock();
  keeper = new StreamKeeper(clock);
  replies = new Replies(clock, keeper);
  sessions = new ClientSessions({ clock, keeper, replies });
  arrived = [];
  server = createHttpServer((req, res) => {
    arrived.push({
      req,
      res,
      head: readHead(req.rawHeaders),
      startedAt: clock.monotonic(),
      upstreamMs: 0,
      principal,
      expiresAt: Infinity,
      session: undefined,
      idText: '1',
      stream: undefined,
      whenClosed: [],
      target: undefined,
      revoked: false,
      calledOff: false,
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const open = (version = '2025-11-25'): ClientSession =>
  sessions.open(principal, {
    path: 'w/',
    version,
    clientName: null,
    clientVersion: null,
    capabilities: noCapabilities,
  });

interface Reader {
  readonly inbound: Inbound;
  text(): string;
  readonly response: Promise<IncomingMessage>;
  leave(): void;
}

/** A client's request in a session, as far as the method that will answer it. */
async function ask(session: ClientSession, accept = 'application/json, text/event-stream'): Promise<Reader> {
  const req = request(url, { method: 'POST', headers: { accept }, agent: false });
  req.on('error', () => undefined);
  let text = '';
  const response = once(req, 'response').then(([res]) => {
    (res as IncomingMessage).on('data', (chunk: Buffer) => (text += chunk.toString())).on('error', () => undefined);
    return res as IncomingMessage;
  });
  response.catch(() => undefined);
  req.end();
  const before = arrived.length;
  while (arrived.length === before) await sleep(1);
  const inbound = arrived.at(-1)!;
  inbound.session = session;
  return { inbound, text: () => text, response, leave: () => void req.destroy() };
}

const reply = (session: ClientSession, message: object): void =>
  session.asks.reply(readMessage(Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message }))));

const saidIn = (text: string): { id?: string; method?: string; params?: { requestId?: string } }[] =>
  [...text.matchAll(/^data: (\{.*)$/gm)].map((match) => JSON.parse(match[1]!) as { id?: string });

async function said(reader: Reader, count: number): Promise<ReturnType<typeof saidIn>> {
  const until = Date.now() + 2_000;
  while (saidIn(reader.text()).length < count && Date.now() < until) await sleep(2);
  return saidIn(reader.text());
}

const fault = (asked: Promise<ClientReply>): Promise<string> =>
  asked.then(
    () => 'answered',
    (error: { fault: string }) => error.fault,
  );

const long = { timeoutMs: 10_000 };
const params = ascii('{"message":"?"}');

describe('ask', () => {
  it('[edge 43] opens the stream of the request that caused it, and takes the reply', async () => {
    const session = open();
    const reader = await ask(session);
    const asked = session.ask(reader.inbound, 'elicitation/create', params, long);
    const [question] = await said(reader, 1);
    expect(question).toMatchObject({ method: 'elicitation/create', params: { message: '?' } });
    reply(session, { id: question!.id, result: { action: 'accept', content: { n: 1 } } });
    const { bytes, result, error } = await asked;
    expect([sourceText(bytes, result!), error]).toEqual(['{"action":"accept","content":{"n":1}}', undefined]);
    replies.result(reader.inbound, '1', ascii('{"done":true}'));
    expect((await said(reader, 2))[1]).toMatchObject({ id: 1, result: { done: true } });
    expect((await reader.response).headers['content-type']).toBe('text/event-stream');
  });

  it('gives errors of the client as they are', async () => {
    const session = open();
    const reader = await ask(session);
    const asked = session.ask(reader.inbound, 'roots/list', params, long);
    const [question] = await said(reader, 1);
    reply(session, { id: question!.id, error: { code: -1, message: 'no' } });
    const { bytes, error } = await asked;
    expect(sourceText(bytes, error!)).toBe('{"code":-1,"message":"no"}');
  });

  it('[edge 7] takes a reply of its own session only, and only once', async () => {
    const [mine, other] = [open(), open()];
    const [reader, stranger] = [await ask(mine), await ask(other)];
    const asked = mine.ask(reader.inbound, 'roots/list', params, long);
    const others = other.ask(stranger.inbound, 'roots/list', params, { timeoutMs: 150 });
    const [question] = await said(reader, 1);
    // Both sessions count alike, so the id is good in either.
    reply(mine, { id: question!.id, result: { of: 'mine' } });
    reply(mine, { id: question!.id, result: { of: 'mine again' } });
    reply(mine, { id: 1, result: {} });
    const { bytes, result } = await asked;
    expect(sourceText(bytes, result!)).toBe('{"of":"mine"}');
    expect(await fault(others)).toBe('timeout');
  });

  it('[edge 42] withdraws what takes too long or is not wanted any more, and says so to the client', async () => {
    const session = open();
    const reader = await ask(session);
    const abort = new AbortController();
    const late = fault(session.ask(reader.inbound, 'roots/list', params, { timeoutMs: 20 }));
    const dropped = fault(session.ask(reader.inbound, 'roots/list', params, { ...long, signal: abort.signal }));
    abort.abort();
    expect(await Promise.all([late, dropped])).toEqual(['timeout', 'withdrawn']);
    const messages = await said(reader, 4);
    const ids = messages.filter(({ method }) => method === 'roots/list').map(({ id }) => id);
    const cancelled = messages.filter(({ method }) => method === 'notifications/cancelled');
    expect(new Set(cancelled.map((message) => message.params?.requestId))).toEqual(new Set(ids));
    expect(await fault(session.ask(reader.inbound, 'x', params, { ...long, signal: abort.signal }))).toBe('withdrawn');
  });

  it('[edge 28] [edge 43] outlives the connection: the client finds the request when it resumes', async () => {
    const session = open();
    const reader = await ask(session);
    const asked = session.ask(reader.inbound, 'roots/list', params, long);
    await said(reader, 1);
    const first = /^id: (.*)$/m.exec(reader.text())![1]!;
    reader.leave();
    await once(reader.inbound.res, 'close');
    const { stream, seq } = session.streams.find(first);
    const again = await ask(session);
    replies.streamHead(again.inbound);
    stream.resume(again.inbound.res, seq);
    const [question] = await said(again, 1);
    reply(session, { id: question!.id, result: {} });
    expect(await fault(asked)).toBe('answered');
    // A stream that was begun before its client left is still the one to ask on.
    const second = session.ask(reader.inbound, 'roots/list', params, long);
    reply(session, { id: (await said(again, 2))[1]!.id, result: {} });
    expect(await fault(second)).toBe('answered');
  });

  it('[edge 27] uses the standalone stream for what no request caused, also while its client is away', async () => {
    const session = open();
    const reader = await ask(session);
    replies.streamHead(reader.inbound);
    const stream = session.streams.openStandalone(reader.inbound.res);
    const here = fault(session.ask(undefined, 'roots/list', params, long));
    reply(session, { id: (await said(reader, 1))[0]!.id, result: {}, error: { code: 1, message: 'both' } });
    expect(await here).toBe('answered');
    reader.leave();
    await once(reader.inbound.res, 'close');
    const away = fault(session.ask(undefined, 'roots/list', params, long));
    const again = await ask(session);
    replies.streamHead(again.inbound);
    const last = session.streams.find([...reader.text().matchAll(/^id: (.*)$/gm)].at(-1)![1]!);
    stream.resume(again.inbound.res, last.seq);
    const questions = await said(again, 1);
    expect(questions).toHaveLength(1);
    reply(session, { id: questions[0]!.id, result: {} });
    expect(await away).toBe('answered');
  });

  it('is refused where it cannot be said', async () => {
    const session = open();
    const deaf = await ask(session, 'application/json');
    expect(await fault(session.ask(deaf.inbound, 'roots/list', params, long))).toBe('refused');
    expect(await fault(session.ask(undefined, 'roots/list', params, long))).toBe('gone');
    const left = await ask(session);
    left.leave();
    await once(left.inbound.res, 'close');
    expect(await fault(session.ask(left.inbound, 'roots/list', params, long))).toBe('gone');
    const other = await ask(open());
    expect(await fault(session.ask(other.inbound, 'roots/list', params, long))).toBe('gone');
    const large = ascii(JSON.stringify('x'.repeat(300_000)));
    expect(await fault(session.ask((await ask(session)).inbound, 'roots/list', large, long))).toBe('refused');
  });

  it('has a ceiling for each session', async () => {
    const session = open();
    const reader = await ask(session);
    const asked = Array.from({ length: 64 }, () => fault(session.ask(reader.inbound, 'roots/list', params, long)));
    expect(await fault(session.ask(reader.inbound, 'roots/list', params, long))).toBe('refused');
    const [question] = await said(reader, 64);
    reply(session, { id: question!.id, result: {} });
    expect(await asked[0]).toBe('answered');
    const more = fault(session.ask(reader.inbound, 'roots/list', params, { timeoutMs: 10 }));
    expect(await more).toBe('timeout');
    sessions.end(session);
    expect(new Set(await Promise.all(asked.slice(1)))).toEqual(new Set(['ended']));
  });

  it('[edge 25] ends with the request it belongs to, and with the session, whose endings run', async () => {
    const session = open();
    const ended: string[] = [];
    session.onEnd(() => void ended.push('one'));
    session.onEnd(() => void ended.push('never'))();
    const [first, second] = [await ask(session), await ask(session)];
    const answered = fault(session.ask(first.inbound, 'roots/list', params, long));
    const open2 = fault(session.ask(second.inbound, 'roots/list', params, long));
    replies.result(first.inbound, '1', ascii('{}'));
    expect(await answered).toBe('ended');
    sessions.end(session);
    sessions.end(session);
    expect(await open2).toBe('ended');
    expect(await fault(session.ask(undefined, 'roots/list', params, long))).toBe('ended');
    session.onEnd(() => void ended.push('late'));
    expect(ended).toEqual(['one', 'late']);
    expect(second.inbound.res.writableEnded).toBe(true);
  });
});

describe('the keeper of streams', () => {
  it('[edge 37] says on a silent stream that it lives, every fifteen seconds', async () => {
    const reader = await ask(open('2025-06-18'));
    replies.openStream(reader.inbound);
    reader.inbound.res.flushHeaders();
    await reader.response;
    for (let second = 0; second < 31; second++) {
      clock.ms += 1_000;
      keeper.tick();
      await sleep(2);
    }
    await sleep(30);
    expect(reader.text()).toBe(': keep-alive\n\n: keep-alive\n\n');
  });

  it('[edge 38] gives up on a reader that takes nothing', async () => {
    const session = open();
    const reader = await ask(session);
    replies.openStream(reader.inbound);
    (await reader.response).pause();
    const { res, stream } = reader.inbound;
    // Until neither the reader's socket nor ours takes any more.
    for (let i = 0; i < 2_000 && !res.writableNeedDrain; i++) {
      stream!.send(ascii(JSON.stringify('x'.repeat(100_000))));
      if (i % 10 === 0) await sleep(1);
    }
    for (let second = 0; second < 60; second++) {
      clock.ms += 1_000;
      keeper.tick();
    }
    expect(res.destroyed).toBe(true);
    expect(res.writableLength).toBeLessThan(2_000_000);
  });

  it('[edge 28] forgets what was kept five minutes after the stream ended', async () => {
    const session = open();
    const reader = await ask(session);
    replies.event(reader.inbound, ascii('{"n":1}'));
    const first = /^(\S+)\.\d+$/.exec(`${reader.inbound.stream!.name}.0`)![0];
    replies.result(reader.inbound, '1', ascii('{}'));
    clock.ms += 4 * 60_000;
    keeper.tick();
    expect(session.streams.find(first).seq).toBe(0);
    clock.ms += 61_000;
    keeper.tick();
    expect(() => session.streams.find(first)).toThrow('Nothing is kept');
  });

  it('[edge 28] keeps so much of all sessions together, and the newest of it', async () => {
    const names: { session: ClientSession; id: string }[] = [];
    const answer = ascii(`{"x":"${'x'.repeat(200_000)}"}`);
    for (let i = 0; i < 220; i++) {
      const session = open();
      const reader = await ask(session);
      replies.event(reader.inbound, ascii('{"n":1}'));
      names.push({ session, id: `${reader.inbound.stream!.name}.0` });
      replies.result(reader.inbound, '1', answer);
      reader.leave();
    }
    const kept = names.filter(({ session, id }) => {
      try {
        return session.streams.find(id).seq === 0;
      } catch {
        return false;
      }
    });
    expect(kept.length * answer.length).toBeLessThan(33 * 1024 * 1024);
    expect(kept.length).toBeGreaterThan(150);
    expect(kept.at(-1)).toBe(names.at(-1));
    expect(kept).not.toContain(names[0]);
    // What a session held is free again when it ends.
    for (const { session } of names) sessions.end(session);
    expect(keeper.take(32 * 1024 * 1024)).toBe(true);
  }, 20_000);

  it('[edge 28] keeps a number of ended streams of one session', async () => {
    const session = open();
    const names: string[] = [];
    for (let i = 0; i < 40; i++) {
      const reader = await ask(session);
      replies.event(reader.inbound, ascii('{"n":1}'));
      names.push(`${reader.inbound.stream!.name}.0`);
      replies.result(reader.inbound, '1', ascii('{}'));
      reader.leave();
    }
    expect(() => session.streams.find(names[0]!)).toThrow('Nothing is kept');
    expect(session.streams.find(names[39]!).seq).toBe(0);
  });
});

describe('sessions', () => {
  it('[edge 23] end the idlest where a token has too many', () => {
    const first = open();
    let ended = false;
    first.onEnd(() => void (ended = true));
    for (let i = 0; i < 1_000; i++) open();
    expect(ended).toBe(true);
    expect(() => sessions.find(first.id, principal, 'w/')).toThrow('Session not found');
  });

  it('hold so much of what clients declare, whoever they are', () => {
    const capabilities = { ...noCapabilities, text: `{"x":"${'x'.repeat(16_000)}"}` };
    const opened = Array.from({ length: 2_000 }, (_, i) =>
      sessions.open(
        { ...principal, tokenId: `t${i}` },
        { path: 'w/', version: '2025-11-25', clientName: null, clientVersion: null, capabilities },
      ),
    );
    const alive = opened.filter((session, i) => {
      try {
        return sessions.find(session.id, { ...principal, tokenId: `t${i}` }, 'w/') === session;
      } catch {
        return false;
      }
    });
    expect(alive.length * capabilities.text.length).toBeLessThanOrEqual(16 * 1024 * 1024);
    expect(alive.at(-1)).toBe(opened.at(-1));
  });
});
