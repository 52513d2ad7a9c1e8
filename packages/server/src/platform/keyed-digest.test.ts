import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createKeyedDigest } from './keyed-digest.ts';

it('is HMAC-SHA-256 for any key of a block and any text', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.string({ unit: 'grapheme' }), (key, text) => {
      expect(createKeyedDigest(Buffer.from(key))(text)).toBe(createHmac('sha256', key).update(text).digest('hex'));
    }),
  );
});
