import type { Kysely, Transaction } from 'kysely';
import { randomHex } from '../domain/ids.ts';
import type { Schema } from './database/schema.ts';

/** The quarter of a moment, UTC, as `2026Q4`: sorts by time. */
export function quarterOf(at: number): string {
  const date = new Date(at);
  return `${date.getUTCFullYear()}Q${Math.floor(date.getUTCMonth() / 3) + 1}`;
}

/** When a quarter as `quarterOf` writes it begins; milliseconds since the epoch. */
export const quarterStart = (quarter: string): number =>
  Date.UTC(Number(quarter.slice(0, 4)), 3 * (Number(quarter.slice(5)) - 1));

/** When the quarter of a moment ends; milliseconds since the epoch. */
export function quarterEnd(at: number): number {
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), 3 * Math.floor(date.getUTCMonth() / 3) + 3);
}

/**
 * The salts a workspace's digests are made with from now on: of this quarter and the next, made where they are missing.
 * @param at milliseconds since the epoch
 */
export async function currentSalts(
  tx: Transaction<Schema>,
  workspaceId: string,
  at: number,
): Promise<{ quarter: string; salt: string }[]> {
  const quarters = [quarterOf(at), quarterOf(quarterEnd(at))];
  const fresh = quarters.map((quarter) => ({ workspace_id: workspaceId, quarter, salt: randomHex() }));
  await tx
    .insertInto('digest_salts')
    .values(fresh)
    .onConflict((clash) => clash.doNothing())
    .execute();
  return tx
    .selectFrom('digest_salts')
    .select(['quarter', 'salt'])
    .where('workspace_id', '=', workspaceId)
    .where('quarter', 'in', quarters)
    .orderBy('quarter')
    .execute();
}

/**
 * Destroy the keys of digests that are older than a workspace keeps its records: afterwards nobody can tell what they
 * were of, in copies of records either. A workspace in which nothing changes goes on with its newest.
 * @param before milliseconds since the epoch
 * @returns how many are gone
 */
export async function destroyDigestKeys(
  db: Kysely<Pick<Schema, 'digest_salts'>>,
  workspaceId: string,
  before: number,
): Promise<number> {
  const { newest } = await db
    .selectFrom('digest_salts')
    .select((row) => row.fn.max('quarter').as('newest'))
    .where('workspace_id', '=', workspaceId)
    .where('quarter', '<=', quarterOf(before))
    .executeTakeFirstOrThrow();
  if (newest === null) return 0;
  const { numDeletedRows } = await db
    .deleteFrom('digest_salts')
    .where('workspace_id', '=', workspaceId)
    .where('quarter', '<', newest)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
