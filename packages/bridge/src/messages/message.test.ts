import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyJson as value, space } from '../../../../test/any-json.ts';
import { ascii, byteString, cut, splice, textOf } from './byte-string.ts';
import { membersOf } from './json-members.ts';
import { edit, idKey, MessageRejected, readMessage, stringAt, withId, type RequestMessage } from './message.ts';

describe('a message', () => {
  it('[edge 6] [edge 10] has its id changed and not a byte else, whatever is around it', () => {
    const id = fc.constantFrom('1', '"x"', '"\\u0061\\""', '-12345678901234567890');
    fc.assert(
      fc.property(value, value, id, space, fc.boolean(), (first, second, idText, gap, idFirst) => {
        const idMember = (text: string): string => `${gap}"id"${gap}:${gap}${text}${gap}`;
        const rest = `"jsonrpc":"2.0","method":"x","zero":${first},"params":{${gap}"arguments"${gap}:${second}}`;
        const build = (text: string): string =>
          idFirst ? `{${idMember(text)},${rest}}` : `{${rest},${idMember(text)}}`;
        const message = readMessage(byteString(build(idText))) as RequestMessage;
        expect(textOf(withId(message, ascii('77')))).toBe(build('77'));
        expect(textOf(cut(message.text, message.id))).toBe(idText);
        expect(textOf(cut(message.text, message.paramMembers.get('arguments')!))).toBe(second);
      }),
      { numRuns: 500 },
    );
  });

  it('is put on one line, and only white space is lost for it', () => {
    const message = readMessage(byteString('{\r\n"jsonrpc":"2.0",\n"id":1,"method":"a\\nb","params":{\n}}\n'));
    expect(message.text).toBe('{  "jsonrpc":"2.0", "id":1,"method":"a\\nb","params":{ }} ');
  });

  it('tells ids apart by kind and value', () => {
    const key = (id: string): string => {
      const message = readMessage(byteString(`{"jsonrpc":"2.0","id":${id},"method":"x"}`)) as RequestMessage;
      return idKey(message.text, message.id);
    };
    expect(key('1')).not.toBe(key('"1"'));
    expect(key('"a"')).toBe(key('"\\u0061"'));
    expect(key('9007199254740993')).not.toBe(key('9007199254740992'));
  });

  it.each([
    '{"jsonrpc":"2.0","id":1,"method":"x","\\u006dethod":"y"}',
    '{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":{"progressToken":1,"progressToken":2}}}',
    '{"jsonrpc":"2.0","id":1,"method":"x","params":{"name":"a","name":"b"}}',
    '{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":3}}',
    '{"jsonrpc":"2.0","id":1,"method":3}',
    '{"jsonrpc":"1.0","id":1,"method":"x"}',
    '{"jsonrpc":"2.0","id":true,"method":"x"}',
    '{"jsonrpc":"2.0","id":1,"result":1,"error":2}',
    '{"jsonrpc":"2.0","id":1}',
  ])('is refused when it can be read in two ways or none: %s', (text) => {
    expect(() => readMessage(byteString(text))).toThrow(MessageRejected);
  });

  it('may be nested as deep as it likes', () => {
    const deep = `{"jsonrpc":"2.0","id":1,"result":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect(readMessage(byteString(deep)).kind).toBe('response');
  });
});

it('members are found where they are', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(fc.string({ unit: 'grapheme' }), value), { selector: ([name]) => name }),
      (all) => {
        const text = byteString(`{${all.map(([name, member]) => `${JSON.stringify(name)} : ${member}`).join(' ,')} }`);
        const found = [...membersOf(text)!].map(([name, span]) => [name, textOf(cut(text, span))]);
        expect(found).toEqual(all);
      },
    ),
  );
  expect(membersOf(byteString(' [1]'))).toBeUndefined();
  expect(stringAt(byteString('["é"]'), { start: 1, end: 5 })).toBe('é');
});

it('edits are made in any order', () => {
  const text = byteString('abcdef');
  const edits = [
    edit({ start: 4, end: 5 }, ascii('E')),
    { start: 1, end: 1, text: ascii('+') },
    edit({ start: 0, end: 1 }, ascii('A')),
  ];
  expect(splice(text, edits)).toBe('A+bcdEf');
});
