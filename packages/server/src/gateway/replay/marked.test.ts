import { describe, expect, it } from 'vitest';
import { markedAnswer } from './marked.ts';

const first = { callId: 'c1', at: '2026-11-21T12:00:00.000Z' };
const mark = `"mcpnest.dev/repeat":{"first":"c1","at":"2026-11-21T12:00:00.000Z"}`;
const marked = (body: string): string =>
  markedAnswer(Buffer.from(`{"jsonrpc":"2.0","id":"u1",${body}}`), first).bytes.toString();

describe('an answer of a repeat', () => {
  it.each([
    ['a result without _meta', '"result":{"n":9007199254740993}', `"result":{"n":9007199254740993,"_meta":{${mark}}}`],
    ['an empty result', '"result":{ }', `"result":{ "_meta":{${mark}}}`],
    ['a _meta with members', '"result":{"_meta":{"a":1},"b":2}', `"result":{"_meta":{"a":1,${mark}},"b":2}`],
    ['an empty _meta', '"result":{"_meta":{}}', `"result":{"_meta":{${mark}}}`],
    ['a _meta that is none', '"result":{"_meta":null}', `"result":{"_meta":{${mark}}}`],
    ['an error', '"error":{"code":1,"message":"no"}', `"error":{"code":1,"message":"no","data":{${mark}}}`],
    ['an error with data', '"error":{"code":1,"data":{"a":1}}', `"error":{"code":1,"data":{"a":1,${mark}}}`],
    ['an error with other data', '"error":{"code":1,"data":"x"}', '"error":{"code":1,"data":"x"}'],
  ])('[NEW-12] is marked and otherwise as it came: %s', (_, body, expected) => {
    expect(marked(body)).toBe(`{"jsonrpc":"2.0","id":"u1",${expected}}`);
  });

  it('[NEW-12] cannot be given the mark of another call by its server', () => {
    const answer = JSON.parse(marked('"result":{"_meta":{"mcpnest.dev/repeat":{"first":"forged"}}}')) as {
      result: { _meta: Record<string, unknown> };
    };
    expect(answer.result._meta['mcpnest.dev/repeat']).toEqual({ first: 'c1', at: first.at });
  });
});
