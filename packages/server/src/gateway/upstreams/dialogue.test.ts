import { expect, it } from 'vitest';
import { byteString } from '../../platform/byte-string.ts';
import { systemClock } from '../../platform/clock.ts';
import type { UpstreamAsk } from './conversation.ts';
import { Deadline } from './deadline.ts';
import { Dialogue, refuse } from './dialogue.ts';
import { readMessage } from './reply.ts';

const message = (value: object): ReturnType<typeof readMessage> =>
  readMessage(Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...value })));
const ask = (id: unknown, mode?: string): ReturnType<typeof readMessage> =>
  message({ id, method: 'elicitation/create', params: { message: 'x', ...(mode !== undefined && { mode }) } });

function dialogue(capabilities: string, hears = true) {
  const asks: UpstreamAsk[] = [];
  const answers: string[] = [];
  const heard: string[] = [];
  const made = new Dialogue({
    id: 'ours',
    conversation: { key: 'one', capabilities },
    deadline: new Deadline(systemClock, 1_000),
    onNotification: ({ method }) => heard.push(method!),
    onNews: ({ method }) => heard.push(`news ${method!}`),
    onRequest: hears ? (asked) => void asks.push(asked) : undefined,
    answer: (text) => void answers.push(text),
  });
  return { dialogue: made, asks, answers, heard };
}

it('[edge 43] passes on what was declared and answers under the very id, once', () => {
  const { dialogue: talk, asks, answers } = dialogue('{"elicitation":{}}');
  talk.hear(
    readMessage(Buffer.from('{"jsonrpc":"2.0","id":9007199254740993,"method":"elicitation/create","params":{}}')),
  );
  asks[0]!.respond(byteString('"result":{"action":"decline"}'));
  asks[0]!.respond(byteString('"result":{"action":"accept"}'));
  expect(answers).toEqual(['{"jsonrpc":"2.0","id":9007199254740993,"result":{"action":"decline"}}']);
});

it('[edge 43] refuses at once what was not declared, and answers a ping itself', () => {
  const { dialogue: talk, asks, answers } = dialogue('{"sampling":{}}');
  talk.hear(ask('a'));
  talk.hear(message({ id: 'b', method: 'ping' }));
  talk.hear(message({ id: 'c', method: 'tasks/get' }));
  expect(asks).toEqual([]);
  expect(answers.map((text) => JSON.parse(text) as unknown)).toMatchObject([
    { id: 'a', error: { code: -32601 } },
    { id: 'b', result: {} },
    { id: 'c', error: { code: -32601 } },
  ]);
});

it.each<[string, string | undefined, boolean]>([
  ['{"elicitation":{}}', undefined, true],
  ['{"elicitation":{}}', 'form', true],
  ['{"elicitation":{}}', 'url', false],
  ['{"elicitation":{"form":{}}}', 'url', false],
  ['{"elicitation":{"url":{}}}', 'url', true],
  ['{"elicitation":{"url":{}}}', 'form', false],
  ['{"elicitation":{"form":{},"url":{}}}', 'url', true],
  ['{}', 'form', false],
])('of what %s declares, an elicitation of mode %s may be asked: %s', (capabilities, mode, asked) => {
  expect(refuse(ask('a', mode), capabilities) === undefined).toBe(asked);
});

it('bounds what is open at once and what is asked in all', () => {
  const { dialogue: talk, asks, answers } = dialogue('{"elicitation":{}}');
  for (let i = 0; i < 9; i++) talk.hear(ask(i));
  expect(asks).toHaveLength(8);
  expect(JSON.parse(answers[0]!)).toMatchObject({ id: 8, error: { code: -32600 } });
  expect(() => {
    for (let i = 9; i < 70; i++) talk.hear(ask(i));
  }).toThrow('without end');
});

it('withdraws what the upstream cancels, and all of it at the end', () => {
  const { dialogue: talk, asks, answers, heard } = dialogue('{"elicitation":{}}');
  const withdrawn: unknown[] = [];
  for (const id of ['a', 1, 'c']) talk.hear(ask(id));
  for (const [i, asked] of asks.entries()) asked.onWithdrawn = () => withdrawn.push(i);
  talk.hear(message({ method: 'notifications/cancelled', params: { requestId: 1 } }));
  talk.hear(message({ method: 'notifications/cancelled', params: { requestId: 'unknown' } }));
  expect(withdrawn).toEqual([1]);
  asks[0]!.respond(byteString('"result":{}'));
  talk.end();
  expect(withdrawn).toEqual([1, 2]);
  asks[2]!.respond(byteString('"result":{}'));
  expect(answers).toHaveLength(1);
  expect(heard).toEqual([]);
});

it('hears notifications, and what concerns nobody in particular as news', () => {
  const { dialogue: talk, heard } = dialogue('{}', false);
  talk.hear(message({ method: 'notifications/message', params: {} }));
  talk.hear(message({ method: 'notifications/tools/list_changed' }));
  expect(heard).toEqual(['notifications/message', 'news notifications/tools/list_changed']);
});
