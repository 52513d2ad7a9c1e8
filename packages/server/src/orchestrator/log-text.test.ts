import { expect, it } from 'vitest';
import { createLogText } from './log-text.ts';
import type { LogLine } from './runtimes/runtime.ts';

const secret = 'pa55 w/ö+rd&more';
const show = createLogText([secret, 'first line\nsecond line', 'abc', '']);
const line = (text: string): LogLine => ({ at: '2026-11-21T12:00:00.000Z', stream: 'stdout', text });
const shown = (text: string): string => show(line(text)).text;

it('[HST-10] a secret is taken out in every form it may be written in', () => {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const forms = [
    secret,
    `user:${secret}@host`,
    encodeURIComponent(secret),
    JSON.stringify({ secret }),
    Buffer.from(secret).toString('hex'),
    ...['', 'u', 'us', 'usr', 'user:'].flatMap((before) => [
      base64(before + secret),
      base64(`${before}${secret}@x`),
      Buffer.from(before + secret).toString('base64url'),
    ]),
    'the second line is enough',
    `pa55\u001b[31m w/ö+rd&more`,
    `{"level":30,"msg":"stderr of the server","line":${JSON.stringify(secret)}}`,
    `${'x'.repeat(8_180)}${secret.slice(0, 12)}`,
    `${'\u0000'.repeat(8_180)}${secret.slice(0, 12)}`,
  ];
  for (const form of forms) {
    const text = shown(form);
    expect([form.slice(-60), text.slice(-60)]).toEqual([
      form.slice(-60),
      expect.stringMatching(/\[secret\]|…$/) as string,
    ]);
    expect(text).not.toMatch(/pa55 w|rd&more|cGE1NS/);
  }
  expect(shown('abc is too short to be a secret')).toBe('abc is too short to be a secret');
});

it.each([
  [
    'the password of a URL',
    'postgres://reader:S3cr%40t-w0rd@db.example.com/app',
    'denied for reader with S3cr%40t-w0rd',
  ],
  ['as it was meant', 'postgres://reader:S3cr%40t-w0rd@db.example.com/app', 'denied for reader with S3cr@t-w0rd'],
  ['though it was not encoded', 'postgres://reader:S3cr@t-w0rd@db.example.com/app', 'denied with S3cr@t-w0rd'],
  ['in its query', 'postgres://db.example.com/app?user=reader&password=S3cr%40t-w0rd', 'denied with S3cr@t-w0rd'],
  ['a string of a document', '{"Authorization":"Bearer S3cr@t-w0rd"}', 'sent S3cr@t-w0rd'],
  ['hexadecimal in capitals', 'S3cr@t-w0rd', Buffer.from('S3cr@t-w0rd').toString('hex').toUpperCase()],
])('[HST-10] takes out what in a value is a secret by itself: %s', (_, value, text) => {
  const said = createLogText([value])(line(text)).text;
  expect(said).toContain('[secret]');
  expect(said).not.toMatch(/S3cr|w0rd|533363/);
});

it('[HST-07] what the server wrote is shown as it wrote it, without control characters and bounded', () => {
  expect(
    show(line('{"level":30,"msg":"stderr of the server","line":"\\u001b[1mStarting\\u001b[0m\\u0007 \\u202eup"}')),
  ).toEqual({
    ...line('Starting up'),
    stream: 'stderr',
  });
  expect(shown('{"level":30,"time":"x","msg":"ready","port":8080}')).toBe('bridge: ready {"port":8080}');
  expect(shown('{"level":')).toBe('{"level":');
  expect(shown('\u001b]0;title\u0007plain\ttext')).toBe('plain\ttext');
  expect(shown('y'.repeat(9_000))).toHaveLength(2_001);
});
