import { PassThrough, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { anyJson } from '../../../../test/any-json.ts';
import { createLog } from '../log.ts';
import { byteString, cut, textOf, type ByteString } from '../messages/byte-string.ts';
import { readMessage, withId, type NotificationMessage, type RequestMessage } from '../messages/message.ts';
import { CallFailed, Channel } from './channel.ts';

/** A channel whose other end is in the hands of the test. */
function open(
  limits: Partial<{ maxPending: number; maxQueuedBytes: number }> = {},
  stdin: Writable = new PassThrough(),
) {
  const stdout = new PassThrough();
  const told: NotificationMessage[] = [];
  const asked: RequestMessage[] = [];
  let closed = 0;
  const written: string[] = [];
  let rest = '';
  const listen = (): void => {
    stdin.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString('utf8')).split('\n');
      rest = lines.pop()!;
      written.push(...lines);
    });
  };
  const logged: string[] = [];
  const channel = new Channel({
    stdin,
    stdout,
    maxLineBytes: 1_000_000,
    maxQueuedBytes: 1_000_000,
    maxPending: 1000,
    ...limits,
    log: createLog((line) => logged.push(line)),
    events: {
      notification: (message) => told.push(message),
      request: (message) => asked.push(message),
      closed: () => closed++,
    },
  });
  const say = (text: string): void => void stdout.write(`${text}\n`);
  return { channel, stdin, stdout, say, written, told, asked, logged, listen, closed: () => closed };
}

/** The input of a child that never reads it. */
const unread = (): Writable => new Writable({ write: () => undefined });

const request = (text: string): RequestMessage => readMessage(byteString(text)) as RequestMessage;
const ping = (id: string | number = 1): RequestMessage =>
  request(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":"x"}`);

it('[edge 6] [edge 10] passes any JSON unchanged in both directions, ids and tokens aside', async () => {
  const { channel, say, written, listen } = open();
  listen();
  let count = 0;
  const id = fc.constantFrom('1', '"1"', '"é"', '-12345678901234567890');
  await fc.assert(
    fc.asyncProperty(anyJson, anyJson, id, id, async (args, result, idText, token) => {
      const build = (i: string, t: string): string =>
        `{"params":{"arguments":${args},"_meta":{"progressToken": ${t},"x":1.0}},"method":"tools/call" ,"id":${i},"jsonrpc":"2.0"}`;
      const message = request(build(idText, token));
      const progress: string[] = [];
      const call = channel.request(message, (text) => progress.push(textOf(text)));
      await sleep(0);
      const own = String(++count);
      expect(written.at(-1)).toBe(build(own, own));
      const notify = (t: string): string =>
        `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1e0,"progressToken":${t},"more":${result}}}`;
      say(notify(own));
      const answer = (i: string): string => `{ "result" :${result}, "id":${i},"jsonrpc":"2.0"}`;
      say(answer(own));
      const response = await call.answer;
      expect(textOf(withId(response, cut(message.text, message.id)))).toBe(answer(idText));
      expect(progress).toEqual([notify(token)]);
    }),
  );
});

it('[edge 41] progress reaches the call it belongs to while that is under way, and only if it asked', async () => {
  const { channel, say, told } = open();
  const heard: string[] = [];
  const hear = (who: string) => () => void heard.push(who);
  const withToken = '{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":{"progressToken":"same"}}}';
  const first = channel.request(request(withToken), hear('first'));
  const second = channel.request(request(withToken), hear('second'));
  void channel.request(ping(), hear('third')).answer.catch(() => undefined);
  const progress = (token: string): void =>
    say(`{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${token},"progress":1}}`);
  progress('2');
  progress('3');
  progress('"1"');
  progress('99');
  say('{"jsonrpc":"2.0","method":"notifications/progress"}');
  say('{"jsonrpc":"2.0","id":2,"result":{}}');
  await second.answer;
  progress('2');
  progress('1');
  say('{"jsonrpc":"2.0","id":1,"result":{}}');
  await first.answer;
  expect(heard).toEqual(['second', 'first']);
  expect(told).toEqual([]);
});

it("[edge 40] [edge 79] a cancelled call is told to the child once, and its late answer is nobody's", async () => {
  const { channel, say, written, listen } = open();
  listen();
  const call = channel.request(ping('mine'));
  const why = new CallFailed(0, 'enough');
  call.cancel(why);
  call.cancel(why);
  await expect(call.answer).rejects.toBe(why);
  say('{"jsonrpc":"2.0","id":1,"result":{}}');
  const next = channel.request(ping('mine'));
  await sleep(5);
  say('{"jsonrpc":"2.0","id":2,"result":{}}');
  await next.answer;
  next.cancel(why);
  await sleep(5);
  expect(written.slice(1)).toEqual([
    '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"reason":"enough"}}',
    '{"jsonrpc":"2.0","id":2,"method":"x"}',
  ]);
});

it('[edge 3] an answer counts only under the very id that is open', async () => {
  const { channel, say } = open();
  const call = channel.request(ping());
  for (const id of ['"1"', '2', '-1', '1.0', 'null']) say(`{"jsonrpc":"2.0","id":${id},"result":"wrong"}`);
  say('{"jsonrpc":"2.0","id":1,"result":"right"}');
  expect((await call.answer).text).toContain('right');
});

it('[edge 75] fails everything under way when the other end closes, and what comes after', async () => {
  const { channel, stdout, closed } = open();
  const calls = [channel.request(ping()), channel.request(ping())];
  stdout.end();
  for (const { answer } of calls) await expect(answer).rejects.toMatchObject({ fault: { code: 502 } });
  await expect(channel.request(ping()).answer).rejects.toMatchObject({ fault: { code: 502 } });
  expect(closed()).toBe(1);
});

it('[edge 80] bounds what waits for a child that does not read, and what is under way', async () => {
  const deaf = open({ maxQueuedBytes: 50_000 }, unread());
  const large = request(`{"jsonrpc":"2.0","id":1,"method":"x","params":{"p":"${'p'.repeat(9_000)}"}}`);
  const calls = Array.from({ length: 20 }, () => deaf.channel.request(large));
  const outcomes = await Promise.race([Promise.allSettled(calls.slice(5).map(({ answer }) => answer)), sleep(500)]);
  expect(outcomes).toHaveLength(15);
  expect(deaf.stdin.writableLength).toBeLessThan(60_000);
  deaf.stdout.end();
  await Promise.allSettled(calls.map(({ answer }) => answer));

  const busy = open({ maxPending: 2 });
  const [first, second, third] = [1, 2, 3].map(() => busy.channel.request(ping()));
  await expect(third!.answer).rejects.toMatchObject({ fault: { code: 503 } });
  busy.stdout.end();
  await Promise.allSettled([first!.answer, second!.answer]);
});

it('answers the pings of a child, hands its questions on and returns the answers under its ids', async () => {
  const { channel, say, asked, written, listen } = open();
  listen();
  say('{"jsonrpc":"2.0","id":"p","method":"ping"}');
  say('{"jsonrpc":"2.0","id":12345678901234567890,"method":"roots/list"}');
  await sleep(5);
  expect(asked.map(({ method }) => method)).toEqual(['roots/list']);
  channel.answer(asked[0]!, { code: -32601, message: 'no' });
  await sleep(5);
  expect(written).toEqual([
    '{"jsonrpc":"2.0","id":"p","result":{}}',
    '{"jsonrpc":"2.0","id":12345678901234567890,"error":{"code":-32601,"message":"no"}}',
  ]);
});

it('a child that asks without end and reads nothing is given up', async () => {
  const { say, closed, logged } = open({ maxQueuedBytes: 100 }, unread());
  for (let i = 0; i < 1000; i++) say(`{"jsonrpc":"2.0","id":${i},"method":"ping"}`);
  await sleep(20);
  expect(closed()).toBe(1);
  expect(logged.join('')).toContain('asks without reading');
});

it('[edge 73] noise is logged clipped, without control characters, and passed over', async () => {
  const { channel, say, logged, told } = open();
  const call = channel.request(ping());
  say(`\u001b[1m${'noise '.repeat(500)}`);
  say('[]');
  say('"text"');
  say('{"jsonrpc":"2.0","method":"notifications/x"}');
  say('{"jsonrpc":"2.0","id":1,"result":{}}');
  await call.answer;
  expect(logged).toHaveLength(3);
  expect(logged[0]!.length).toBeLessThan(500);
  expect(logged.join('')).not.toContain('\u001b');
  expect(told.map(({ method }) => method)).toEqual(['notifications/x']);
  const one: ByteString = told[0]!.text;
  expect(one).toBe('{"jsonrpc":"2.0","method":"notifications/x"}');
});
