import fc from 'fast-check';
import { expect, it } from 'vitest';
import { GrowingBuffer } from './growing-buffer.ts';

it('holds what was put in, whatever the pieces, in at most twice the memory', () => {
  fc.assert(
    fc.property(fc.nat(50), fc.array(fc.uint8Array({ maxLength: 40 })), (capacity, pieces) => {
      const buffer = new GrowingBuffer(capacity);
      for (const piece of pieces) {
        const foretold = buffer.capacityFor(piece.length);
        buffer.push(piece);
        expect(buffer.capacity).toBe(foretold);
      }
      const all = Buffer.concat(pieces);
      expect(buffer.view()).toEqual(all);
      expect(buffer.length).toBe(all.length);
      expect(buffer.capacity).toBeLessThanOrEqual(Math.max(capacity, 2 * all.length));
      buffer.clear();
      buffer.push(Buffer.from('again'));
      expect(buffer.view().toString()).toBe('again');
    }),
  );
});
