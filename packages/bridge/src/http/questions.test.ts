import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createLog } from '../log.ts';
import { byteString } from '../messages/byte-string.ts';
import {
  readMessage,
  type NotificationMessage,
  type RequestMessage,
  type ResponseMessage,
} from '../messages/message.ts';
import { Channel } from '../stdio/channel.ts';
import { Questions } from './questions.ts';

function open(timeoutMs = 10_000) {
  const stdin = new PassThrough();
  const written: string[] = [];
  stdin.on('data', (chunk: Buffer) =>
    written.push(
      ...chunk
        .toString('utf8')
        .split('\n')
        .filter((line) => line !== ''),
    ),
  );
  const channel = new Channel({
    stdin,
    stdout: new PassThrough(),
    maxLineBytes: 10_000,
    maxQueuedBytes: 100_000,
    maxPending: 10,
    log: createLog(() => undefined),
    events: { notification: () => undefined, request: () => undefined, closed: () => undefined },
  });
  return { questions: new Questions(channel, timeoutMs), written };
}

const question = (id: string): RequestMessage =>
  readMessage(
    byteString(`{"jsonrpc":"2.0","id":${id},"method":"roots/list","big":12345678901234567890}`),
  ) as RequestMessage;
const answer = (id: string): ResponseMessage =>
  readMessage(byteString(`{"jsonrpc":"2.0","id":${id},"result":{"big":12345678901234567890}}`)) as ResponseMessage;

it('[edge 43] a question goes out under an id of the bridge, and its answer back under that of the child', async () => {
  const { questions, written } = open();
  const sent: string[] = [];
  questions.ask(question('"é"'), (text) => sent.push(text) > 0);
  questions.ask(question('7'), (text) => sent.push(text) > 0);
  expect(sent[1]).toBe('{"jsonrpc":"2.0","id":2,"method":"roots/list","big":12345678901234567890}');
  expect(questions.waiting).toBe(true);
  expect([questions.answered(answer('"1"')), questions.answered(answer('3'))]).toEqual([false, false]);
  expect([questions.answered(answer('1')), questions.answered(answer('1'))]).toEqual([true, false]);
  await sleep(5);
  expect(written).toEqual(['{"jsonrpc":"2.0","id":"é","result":{"big":12345678901234567890}}']);
  questions.end();
  await sleep(5);
  expect(written[1]).toContain('"id":7,"error":{"code":-32601');
  expect(questions.waiting).toBe(false);
});

it('[edge 43] nobody to ask, nobody who answers, too many: the child is told in each case', async () => {
  const { questions, written } = open(30);
  questions.ask(question('1'), () => false);
  questions.ask(question('2'), () => true);
  await sleep(60);
  for (let id = 100; id < 170; id++) questions.ask(question(String(id)), () => true);
  await sleep(5);
  expect(written[0]).toContain('"id":1,"error":{"code":-32601');
  expect(written[1]).toContain('"id":2,"error":{"code":504');
  expect(written).toHaveLength(8);
});

it('a question that is taken back is taken back under the id the client knows', () => {
  const { questions } = open();
  questions.ask(question('"a"'), () => true);
  const withdraw = (id: string): NotificationMessage =>
    readMessage(
      byteString(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${id}}}`),
    ) as NotificationMessage;
  expect(questions.withdrawn(withdraw('"b"'))).toBeUndefined();
  expect(questions.withdrawn(withdraw('"a"'))).toContain('"requestId":1');
  expect(questions.waiting).toBe(false);
});
