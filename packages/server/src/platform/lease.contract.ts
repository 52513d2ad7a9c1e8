import { describe, expect, it } from 'vitest';
import type { OpenDatabase } from './database/database.ts';
import { holdLease, leaseMs, releaseLease } from './lease.ts';

const now = Date.UTC(2026, 10, 21, 12);

/** What a lease promises, on every engine. */
export function describeLease(name: string, open: () => Promise<OpenDatabase>): void {
  describe(name, () => {
    it('[ORC-01] is held by one at a time, taken over when its holder is silent, and fenced', async () => {
      await using database = await open();
      const { db } = database;
      const race = await Promise.all(['a', 'b', 'c'].map((holder) => holdLease(db, 'x', holder, now)));
      expect(race.filter((fence) => fence !== undefined)).toEqual([1]);
      const holder = ['a', 'b', 'c'][race.findIndex((fence) => fence === 1)]!;
      expect(await holdLease(db, 'x', holder, now + 14_000)).toBe(1);
      expect(await holdLease(db, 'x', 'd', now + leaseMs)).toBeUndefined();
      const late = now + 14_000 + leaseMs;
      const takers = await Promise.all(['d', 'e'].map((other) => holdLease(db, 'x', other, late)));
      expect(takers.filter((fence) => fence !== undefined)).toEqual([2]);
      const taker = ['d', 'e'][takers.indexOf(2)]!;
      expect(await holdLease(db, 'x', holder, late + 1)).toBeUndefined();
      await releaseLease(db, 'x', holder, late + 2);
      expect(await holdLease(db, 'x', holder, late + 3)).toBeUndefined();
      await releaseLease(db, 'x', taker, late + 4);
      expect(await holdLease(db, 'x', holder, late + 4)).toBe(3);
      expect(await holdLease(db, 'y', 'z', now)).toBe(1);
    });
  });
}
