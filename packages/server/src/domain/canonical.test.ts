import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalText } from './canonical.ts';

it('orders members by code units, leaves out white space and what is undefined', () => {
  expect(canonicalText({ b: [1, { d: null, c: undefined }], a: 'é"\n', 'A\u20ac': 1e21 })).toBe(
    '{"A\u20ac":1e+21,"a":"é\\"\\n","b":[1,{"d":null}]}',
  );
  // RFC 8785 section 3.2.3: by UTF-16 code units, not by code points.
  expect(canonicalText({ '\u{1f600}': 1, '\ufb33': 2, '\u20ac': 3 })).toBe('{"\u20ac":3,"\u{1f600}":1,"\ufb33":2}');
});

it('is the same for the same value however its members are ordered, and reads back as that value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalText(value);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(canonicalText(reversed(value))).toBe(text);
    }),
  );
});

function reversed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(reversed);
  // Object.fromEntries defines members, so that one named __proto__ stays one.
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversed(inner)]),
  );
}
