import type { Kysely, Transaction } from 'kysely';
import type { Schema } from './schema.ts';

/**
 * An open database and the seam between its two engines. Disposing it closes every connection.
 *
 * What both engines promise, held by database.contract.ts: times and JSON are text, integers and `count(*)` come back
 * as numbers, a transaction that throws leaves nothing, and a row with a key that exists is refused in a way
 * `isUniqueViolation` knows.
 */
export interface OpenDatabase extends AsyncDisposable {
  readonly db: Kysely<Schema>;
  readonly dialect: 'sqlite' | 'postgres';
}

/**
 * Run `work` in one transaction: committed when it resolves, rolled back when it rejects.
 *
 * Tasks given to `afterCommit` run once the change is durable and never after a rollback; this promise waits for them.
 * A task that fails does not make a committed change look failed, so it must carry nothing but a nudge. Inside `work`
 * only SQL through `tx` is allowed: on SQLite every other query waits until the transaction ends.
 */
export async function inTransaction<T, DB = Schema>(
  db: Kysely<DB>,
  work: (tx: Transaction<DB>, afterCommit: (task: () => void | Promise<void>) => void) => Promise<T>,
): Promise<T> {
  const tasks: (() => void | Promise<void>)[] = [];
  const result = await db.transaction().execute((tx) => work(tx, (task) => void tasks.push(task)));
  await Promise.allSettled(tasks.map(async (task) => task()));
  return result;
}

/** True when an insert or update was refused because of a primary key or unique index, on either engine. */
export function isUniqueViolation(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  // PostgreSQL: SQLSTATE unique_violation. SQLite: SQLITE_CONSTRAINT_UNIQUE and SQLITE_CONSTRAINT_PRIMARYKEY.
  if ('code' in error && error.code === '23505') return true;
  return 'errcode' in error && (error.errcode === 2067 || error.errcode === 1555);
}
