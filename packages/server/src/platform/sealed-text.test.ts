import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createSealedText } from './sealed-text.ts';

const sealedText = createSealedText(randomBytes(32));

it('[NEW-05] opens what it sealed, in the same context only, and the same text gives the same seal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), fc.string(), (text, context, other) => {
      const wellFormed = text.toWellFormed();
      const sealed = sealedText.seal(wellFormed, context);
      expect(sealedText.open(sealed, context)).toBe(wellFormed);
      expect(sealedText.seal(wellFormed, context)).toBe(sealed);
      if (other !== context) expect(sealedText.open(sealed, other)).toBeUndefined();
    }),
  );
});

it('[NEW-05] opens nothing that was changed, cut, made up or sealed with another key', () => {
  const sealed = sealedText.seal('{"state":1}', 'here');
  for (let i = 0; i < sealed.length; i++) {
    const flipped = sealed.slice(0, i) + (sealed[i] === 'A' ? 'B' : 'A') + sealed.slice(i + 1);
    // The last character of unpadded Base64 has bits that mean nothing.
    if (Buffer.from(flipped, 'base64url').equals(Buffer.from(sealed, 'base64url'))) continue;
    expect(sealedText.open(flipped, 'here')).toBeUndefined();
    expect(sealedText.open(sealed.slice(0, i), 'here')).toBeUndefined();
  }
  for (const text of ['', 'A', '=', 'not base64 at all', 'x'.repeat(100)])
    expect(sealedText.open(text, 'here')).toBeUndefined();
  expect(createSealedText(randomBytes(32)).open(sealed, 'here')).toBeUndefined();
});
