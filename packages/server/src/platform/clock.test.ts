import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isoTime, isoTimes } from './clock.ts';

it('times written one after another are what each is by itself', () => {
  const time = fc.oneof(
    fc.nat(5_000),
    fc.integer({ min: -5_000, max: 4e12 }),
    fc.double({ min: 0, max: 4e12, noNaN: true }),
  );
  fc.assert(
    fc.property(fc.array(time), (times) => {
      const write = isoTimes();
      // Forward and back again, so that seconds are left and returned to.
      for (const at of [...times, ...times.toReversed()]) expect(write(at)).toBe(isoTime(Math.floor(at)));
    }),
  );
});
