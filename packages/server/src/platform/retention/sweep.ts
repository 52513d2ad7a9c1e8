import { sql, type Kysely, type RawBuilder } from 'kysely';
import { isoTime } from '../clock.ts';
import type { Schema } from '../database/schema.ts';

/** Rows of one kind that go when they are older than a term. */
export interface Sweep {
  readonly table: keyof Schema;
  /** The column whose time counts. */
  readonly time: string;
  readonly days: number;
  /** Which rows of the table it is about, with nothing in it that a hold keeps. */
  readonly where: RawBuilder<unknown>;
}

export const dayMs = 86_400_000;
/** Days of data that may go in one run: a clock far in the future costs two days of rows, not all of them. */
export const daysPerRun = 2;
const rowsPerDelete = 500;

/**
 * Up to which moment things may go.
 * @param oldest of what may go, milliseconds
 */
export const boundOf = (now: number, days: number, oldest: number): number =>
  Math.min(now - days * dayMs, oldest + daysPerRun * dayMs);

/** Up to which moment rows may go, as stored time; undefined when there are none to ask. */
export async function dueBefore(db: Kysely<Schema>, now: number, what: Sweep): Promise<string | undefined> {
  const { rows: edge } = await sql<{ at: string | null }>`
    select min(${sql.ref(what.time)}) as at from ${sql.table(what.table)} where ${what.where}`.execute(db);
  const oldest = edge[0]?.at ?? null;
  return oldest === null ? undefined : isoTime(boundOf(now, what.days, Date.parse(oldest)));
}

/**
 * Delete what is older. Small bites: each is a transaction of its own, and other writers get their turn between them.
 * @returns how many rows
 */
export async function deleteBefore(db: Kysely<Schema>, before: string, what: Sweep): Promise<number> {
  const { table, where } = what;
  for (let gone = 0; ;) {
    const { rows } = await sql`
      delete from ${sql.table(table)} where id in (
        select id from ${sql.table(table)} where ${sql.ref(what.time)} < ${before} and ${where}
        limit ${sql.lit(rowsPerDelete)}
      ) returning id`.execute(db);
    gone += rows.length;
    if (rows.length < rowsPerDelete) return gone;
  }
}

/** Delete what is past its term, at most two days of it. @returns how many rows */
export async function sweep(db: Kysely<Schema>, now: number, what: Sweep): Promise<number> {
  const before = await dueBefore(db, now, what);
  return before === undefined ? 0 : deleteBefore(db, before, what);
}
