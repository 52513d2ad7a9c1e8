import type { Kysely } from 'kysely';
import { isoTime } from './clock.ts';
import { isUniqueViolation } from './database/database.ts';
import type { Schema } from './database/schema.ts';

export type LeaseTables = Pick<Schema, 'leases'>;

/** How long a holder may be silent before another takes over. */
export const leaseMs = 15_000;
/** A lease that ends later than this is not written again. */
const renewBeforeMs = 10_000;

/**
 * Hold a lease, or go on holding it, so that one process at a time does the work it names. A holder that hangs and
 * comes back finds the fence higher than its own: what it still writes names its fence and changes nothing.
 * @param holder no two processes have the same
 * @param now milliseconds since the epoch
 * @returns the fence under which it is held; undefined: another holds it
 */
export async function holdLease(
  db: Kysely<LeaseTables>,
  name: string,
  holder: string,
  now: number,
): Promise<number | undefined> {
  const row = await db.selectFrom('leases').selectAll().where('name', '=', name).executeTakeFirst();
  const held_until = isoTime(now + leaseMs);
  if (row === undefined) {
    try {
      await db.insertInto('leases').values({ name, holder, held_until, fence: 1 }).execute();
      return 1;
    } catch (error) {
      if (isUniqueViolation(error)) return undefined;
      throw error;
    }
  }
  const ends = Date.parse(row.held_until);
  if (row.holder === holder && ends - now > renewBeforeMs) return row.fence;
  if (row.holder !== holder && ends > now) return undefined;
  const fence = row.holder === holder ? row.fence : row.fence + 1;
  const { numUpdatedRows } = await db
    .updateTable('leases')
    .set({ holder, held_until, fence })
    .where('name', '=', name)
    .where('holder', '=', row.holder)
    .where('fence', '=', row.fence)
    .where('held_until', '=', row.held_until)
    .executeTakeFirstOrThrow();
  return Number(numUpdatedRows) === 1 ? fence : undefined;
}

/** Let go of a lease, so that another need not wait. */
export async function releaseLease(db: Kysely<LeaseTables>, name: string, holder: string, now: number): Promise<void> {
  await db
    .updateTable('leases')
    .set({ held_until: isoTime(now) })
    .where('name', '=', name)
    .where('holder', '=', holder)
    .execute();
}
