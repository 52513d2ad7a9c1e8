import fc from 'fast-check';
import { expect, it } from 'vitest';
import { byteString, bytes, bytesOf } from '../byte-string.ts';
import { splice, splicePieces } from './splice.ts';

it('replaces spans and leaves every other byte as it came, in one string or in pieces', () => {
  const cut = fc.tuple(fc.nat(60), fc.nat(10), fc.string({ unit: 'grapheme', maxLength: 8 }));
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.array(cut, { maxLength: 4 }), (text, cuts) => {
      const input = Buffer.from(text);
      let at = 0;
      const edits = [];
      const expected = [];
      for (const [skip, length, replacement] of cuts) {
        const start = Math.min(at + skip, input.length);
        const end = Math.min(start + length, input.length);
        expected.push(input.subarray(at, start), Buffer.from(replacement));
        edits.push({ start, end, text: byteString(replacement) });
        at = end;
      }
      expected.push(input.subarray(at));
      const whole = Buffer.concat(expected);
      expect(Buffer.from(splice(bytesOf(input), edits), 'latin1')).toEqual(whole);
      expect(Buffer.concat(splicePieces(input, edits))).toEqual(whole);
    }),
  );
});

it('refuses edits that are out of order, which would change bytes nobody meant', () => {
  const text = byteString('');
  const edits = [
    { start: 5, end: 6, text },
    { start: 1, end: 2, text },
  ];
  expect(() => splice(byteString('0123456789'), edits)).toThrow(RangeError);
  expect(() => splicePieces(Buffer.from('0123456789'), edits)).toThrow(RangeError);
});

it('byte strings are the UTF-8 bytes of a text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(Buffer.from(byteString(text), 'latin1')).toEqual(Buffer.from(text));
      expect(Buffer.from(bytes`a${byteString(text)}b`, 'latin1')).toEqual(Buffer.from(`a${text}b`));
    }),
  );
});
