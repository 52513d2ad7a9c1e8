import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Cursors } from './cursors.ts';

const cursors = new Cursors();

it('[edge 55] reads back what it wrote, for the same caller and state of the list only', () => {
  const place = fc.record({ tokenId: fc.string(), list: fc.string(), page: fc.integer({ min: 1, max: 999_999 }) });
  fc.assert(
    fc.property(place, place, (one, other) => {
      const cursor = cursors.write(one);
      expect(cursor).toMatch(/^[\w-]+$/);
      expect(cursors.read(cursor, one)).toBe(one.page);
      const same = one.tokenId === other.tokenId && one.list === other.list;
      expect(cursors.read(cursor, other)).toBe(same ? one.page : undefined);
      expect(new Cursors().read(cursor, one), 'of another process').toBeUndefined();
    }),
  );
});

it('[edge 55] knows no cursor it did not write', () => {
  const place = { tokenId: 't', list: 'l' };
  expect(cursors.read('', place)).toBeUndefined();
  const page = (text: string): string => Buffer.from(text).toString('base64url');
  const [, mac] = Buffer.from(cursors.write({ ...place, page: 1 }), 'base64url')
    .toString()
    .split('.');
  for (const forged of [`2.${mac}`, `01.${mac}`, `1.${mac}0`, `0.${mac}`, '1.', `-1.${mac}`]) {
    expect(cursors.read(page(forged), place), forged).toBeUndefined();
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(cursors.read(text, place)).toBeUndefined();
    }),
  );
});
