import { SqliteAdapter, type CompiledQuery, type Kysely, type Transaction } from 'kysely';

/** A write whose text is for one row, with the parameters of many. Only the connection of SQLite knows it. */
export interface RowByRow extends CompiledQuery {
  readonly each: readonly (readonly unknown[])[];
}

export const isRowByRow = (query: CompiledQuery): query is RowByRow => 'each' in query;

/**
 * Whether many rows are written one by one at least cost. SQLite runs in this process: a statement for many rows saves
 * nothing, and keeps aside what each page was before, in case one of them fails. PostgreSQL is a journey away.
 */
export const prefersRowByRow = (db: Pick<Kysely<never>, 'getExecutor'>): boolean =>
  db.getExecutor().adapter instanceof SqliteAdapter;

/**
 * Run a write once for each of many rows.
 * @param one compiled for one row
 * @param each parameters of every run
 * @returns for each whether it changed anything
 */
export async function runForEach<DB>(
  tx: Transaction<DB>,
  one: CompiledQuery,
  each: RowByRow['each'],
): Promise<boolean[]> {
  const query: RowByRow = { ...one, each };
  const { rows } = await tx.executeQuery(query);
  return rows as boolean[];
}
