import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalJson } from './canonical.ts';
import { scanJson } from './scan.ts';

const limits = { maxDepth: 64, maxElements: 50_000, maxKeys: 5_000, nodeDepth: 64, strict: false };
const canonical = (text: string): string => {
  const bytes = Buffer.from(text);
  return canonicalJson(bytes, scanJson(bytes, limits));
};

it('gives one text for every order and spacing of the same value', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const turned = Object.fromEntries(Object.entries(value).toReversed());
      expect(canonical(JSON.stringify(turned, null, 2))).toBe(canonical(JSON.stringify(value)));
      expect(JSON.parse(canonical(JSON.stringify(value)))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

it('tells numbers beyond 2^53 apart and spells strings one way', () => {
  expect(canonical('{"id":9007199254740993}')).not.toBe(canonical('{"id":9007199254740992}'));
  expect(canonical('"\\u0061\\/b"')).toBe('"a/b"');
  expect(canonical('{"b":1,"a":{"d":[],"c":{}}}')).toBe('{"a":{"c":{},"d":[]},"b":1}');
});
