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
  /** What has happened to its files that no waiting mends, with the remedy; undefined while they are what was opened. */
  fault(): string | undefined;
  /** Leave nothing of what was overwritten in a log of writes, as far as others who read let it. Never rejects. */
  settle(): Promise<void>;
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

/** True when another process holds a lock on an SQLite file: SQLITE_BUSY in the low byte, whatever the extended code. */
export const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' && (error.errcode & 0xff) === 5;

/**
 * Why the database cannot be worked with at all, in words for an operator, or undefined when the error is of another
 * kind. Names neither address nor user.
 */
export function connectionProblem(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error ? String(error.code) : '';
  const sqlite = 'errcode' in error ? Number(error.errcode) & 0xff : 0;
  const problem = connectionProblems[code] ?? sqliteProblems[sqlite];
  return problem === undefined ? undefined : `The database cannot be used: ${problem}`;
}

const unreachable = 'nothing answers at its address. Is PostgreSQL running, and is DATABASE_URL right?';

/** By error code of the system, SQLSTATE of PostgreSQL, and primary result code of SQLite. */
const connectionProblems: Readonly<Record<string, string>> = {
  ECONNREFUSED: unreachable,
  ETIMEDOUT: unreachable,
  EHOSTUNREACH: unreachable,
  ENOTFOUND: 'its host name does not exist. Check DATABASE_URL.',
  EAI_AGAIN: 'its host name cannot be resolved now. Check DATABASE_URL and the name service.',
  ENOENT: 'the folder of its file does not exist. Create it, or check DATABASE_URL.',
  EACCES: 'its file may not be opened by this user. Check its owner.',
  EROFS: 'its file is on a disk that is read-only. Make it writable.',
  '28P01': 'the password is wrong. Check DATABASE_URL.',
  '28000': 'PostgreSQL does not let this user in. Check DATABASE_URL and pg_hba.conf.',
  '3D000': 'PostgreSQL has no database of that name. Create it, or check DATABASE_URL.',
  '42501': 'the user lacks rights in it. Make the user its owner.',
  '53100': 'the disk of PostgreSQL is full.',
  '53300': 'PostgreSQL has no connection left. Raise max_connections, or run fewer clients.',
  '57P01': 'PostgreSQL is being stopped.',
  '57P03': 'PostgreSQL is starting or stopping.',
};
const sqliteProblems: Readonly<Record<number, string>> = {
  8: 'its file is read-only. Check its owner and the file system.',
  10: 'its file cannot be read or written. Check the disk and the log of the system.',
  11: 'its file is damaged. Restore it from a backup.',
  13: 'the disk is full. Make room on it; nothing was changed.',
  14: 'its file cannot be opened. Check its owner and the folder.',
  26: 'its file is not a SQLite database. Check DATABASE_URL, or restore the file from a backup.',
};
