import { describe, expect, it } from 'vitest';
import { argumentsOf, compareArguments, typeInWords } from './argument-words.ts';

describe('typeInWords', () => {
  it.each([
    ['s1-16', 'text, 1–16 bytes'],
    ['s0', 'empty text'],
    ['a65-256', 'list, 65–256 entries'],
    ['s>4k', 'text, more than 4,096 bytes'],
    ['n', 'number'],
    ['l', 'true, false or null'],
    ['x9', 'x9'],
    ['<b>', '<b>'],
  ])('says %s as %s', (type, words) => {
    expect(typeInWords(type)).toBe(words);
  });
});

it('[AUD-07] reads a recorded shape, and what is none has no arguments', () => {
  expect(argumentsOf({ repo: 's1-16', '?': 2 })).toEqual([
    { path: 'repo', words: 'text, 1–16 bytes' },
    { path: '?', words: '2 the tool does not declare' },
  ]);
  for (const shape of [null, 'text', []]) expect(argumentsOf(shape)).toEqual([]);
});

it('says what is new, other, gone and the same', () => {
  const changes = compareArguments({ repo: 's17-64', n: 'n', force: 'l' }, { repo: 's1-16', n: 'n', why: 's1-16' });
  expect(changes.map(({ path, change }) => [path, change])).toEqual([
    ['repo', 'changed'],
    ['n', 'same'],
    ['force', 'added'],
    ['why', 'gone'],
  ]);
});
