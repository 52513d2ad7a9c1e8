import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { notFound, unavailable } from '../domain/errors.ts';
import type { HostedLine, HostedLogs } from '../domain/hosted/logs.ts';
import { systemClock } from '../platform/clock.ts';
import { createLog } from '../platform/log.ts';
import { createRemoteLogs } from '../platform/orchestrator-call/client.ts';
import { createDoor } from './door.ts';

const key = Buffer.alloc(32, 7);
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});
const ends: (() => Promise<void>)[] = [];

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const line = (text: string): HostedLine => ({ at: '2026-11-21T12:00:00.000Z', stream: 'stderr', text });
const never: HostedLogs = {
  tail: async () => [line('a')],
  // oxlint-disable-next-line require-yield -- it says nothing
  async *follow(_, __, signal) {
    await once(signal, 'abort');
  },
};
const open = async (logs: Partial<HostedLogs>, clientKey = key, lateMs = 0): Promise<HostedLogs> => {
  const url = await serve(
    createDoor({ logs: { ...never, ...logs }, key, clock: systemClock, log: createLog('silent') }),
  );
  const clock = { ...systemClock, now: () => systemClock.now() - lateMs };
  return createRemoteLogs({ url }, clientKey, clock);
};
const messageOf = (call: Promise<unknown>) =>
  call.then(
    () => 'answered',
    (error: Error) => `${(error as { code?: string }).code}: ${error.message}`,
  );
const signal = (): AbortSignal => AbortSignal.timeout(20_000);
async function take(lines: AsyncIterable<HostedLine>, most = Infinity): Promise<string[]> {
  const taken: string[] = [];
  for await (const { text } of lines) if (taken.push(text) >= most) break;
  return taken;
}

describe('[HST-07] what hosted servers write, asked of another process', () => {
  it('is the last lines, or those that follow until the container ends', async () => {
    const logs = await open({
      tail: async (id, lines) => [line(`${id} ${lines} é\u2028"`)],
      async *follow(id, lines) {
        yield line(`${id} ${lines}`);
        await sleep(700);
        yield line('later');
      },
    });
    expect(await logs.tail('i-1', 5)).toEqual([line('i-1 5 é\u2028"')]);
    expect(await take(logs.follow('i-1', 7, signal()))).toEqual(['i-1 7', 'later']);
  });

  it('says why it cannot be had, and nothing of what only the log may know', async () => {
    const failing = async (error: Error) => {
      const logs = await open({
        async tail() {
          throw error;
        },
      });
      return logs.tail('i', 1);
    };
    expect(await messageOf(failing(notFound('hosted instance', 'i')))).toMatch(/^not_found: No hosted instance 'i'/);
    expect(await messageOf(failing(unavailable('The engine does not run: start it.', { detail: 'SECRET' })))).toBe(
      'unavailable: The engine does not run: start it.',
    );
    expect(await messageOf(failing(new Error('/var/SECRET')))).toBe(
      'unavailable: The orchestrator could not read the log.',
    );
  });

  it('is for who has the key, now', async () => {
    expect(await messageOf((await open({}, Buffer.alloc(32, 8))).tail('i', 1))).toMatch(/same MCPNEST_SECRET_KEY/);
    expect(await messageOf((await open({}, key, 61_000)).tail('i', 1))).toMatch(/clocks that agree/);
    expect(await messageOf((await open({}, key, -61_000)).tail('i', 1))).toMatch(/clocks that agree/);
    expect(await messageOf((await open({}, key, 50_000)).tail('i', 1))).toBe('answered');
  });

  it('ends with whoever asked, on both sides', async () => {
    let ended = 0;
    const logs = await open({
      async *follow(_, __, left) {
        left.addEventListener('abort', () => (ended += 1));
        for (let n = 0; !left.aborted; n++) {
          yield line(String(n));
          await sleep(5);
        }
      },
    });
    expect(await take(logs.follow('i', 1, signal()), 2)).toEqual(['0', '1']);
    await expect.poll(() => ended).toBe(1);
    const leaving = new AbortController();
    const following = take(logs.follow('i', 1, leaving.signal));
    await sleep(50);
    leaving.abort();
    await expect(following).rejects.toThrow();
    await expect.poll(() => ended).toBe(2);
  });

  it('is read no further than it is asked for', async () => {
    let made = 0;
    const logs = await open({
      async *follow() {
        for (; made < 20_000; made++) yield line('x'.repeat(2_000));
      },
    });
    const coming = logs.follow('i', 1, signal())[Symbol.asyncIterator]();
    await coming.next();
    await sleep(300);
    expect(made).toBeLessThan(10_000);
    await coming.return?.();
  });

  it('is bounded: whoever asks too much at once is told to come back', async () => {
    const logs = await open({});
    const leaving = new AbortController();
    const followers = Array.from({ length: 128 }, () => take(logs.follow('i', 1, leaving.signal)).catch(() => []));
    await expect.poll(() => messageOf(logs.tail('i', 1))).toMatch(/too much at once/);
    leaving.abort();
    await Promise.all(followers);
    await expect.poll(() => messageOf(logs.tail('i', 1))).toBe('answered');
  });
});

describe('[ORC-08] an orchestrator that', () => {
  it('dies in the middle of an answer has not ended it', async () => {
    const url = await serve((_, res) => {
      res.writeHead(200).write(`${JSON.stringify(line('a'))}\n`);
      setTimeout(() => res.destroy(), 50);
    });
    const logs = createRemoteLogs({ url }, key, systemClock);
    const following = take(logs.follow('i', 1, signal()));
    expect(await messageOf(following)).toMatch(/^unavailable: The orchestrator is away/);
  });

  it.each([
    ['is no orchestrator', '<html>'],
    ['says more than a line may', `{"lines":[{"at":"x","stream":"stderr","text":"${'x'.repeat(5_000)}"}]}`],
    ['says more than an answer may', ' '.repeat(2 * 1024 * 1024)],
    ['says what nobody asked for', '{"lines":[],"more":1}'],
  ])('%s is taken for away', async (_, text) => {
    const logs = createRemoteLogs({ url: await serve((__, res) => res.end(text)) }, key, systemClock);
    expect(await messageOf(logs.tail('i', 1))).toMatch(/^unavailable: The orchestrator is away/);
    expect(await messageOf(take(logs.follow('i', 1, signal())))).toMatch(/^unavailable/);
  });
});
