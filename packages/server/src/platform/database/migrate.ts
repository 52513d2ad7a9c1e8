import { readdirSync, readFileSync } from 'node:fs';
import { sql } from 'kysely';
import type { Transaction } from 'kysely';
import { unavailable } from '../../domain/errors.ts';
import type { Clock } from '../clock.ts';
import { isoTime } from '../clock.ts';
import { inTransaction, type OpenDatabase } from './database.ts';
import type { Schema } from './schema.ts';

const folder = new URL('./migrations/', import.meta.url);
/** Any number no one else uses on this database: it names the lock concurrent migrators queue for. */
const migrationLock = 5_627_101;

/**
 * Bring the schema up to date. All outstanding migrations are applied in one transaction, so a failure leaves the
 * database as it was; of several processes that start together one migrates and the others wait.
 *
 * Files are `NNNN-name.sql`, or `NNNN-name.sqlite.sql` and `NNNN-name.postgres.sql` where engines must differ.
 *
 * @param afterwards run in the same transaction when anything was applied, for what must never be behind the schema
 * @returns the names applied now, in order
 * @throws AppError `unavailable` when the database was migrated by a newer release
 */
export async function migrate(
  database: OpenDatabase,
  clock: Clock,
  afterwards?: (tx: Transaction<Schema>) => Promise<void>,
): Promise<string[]> {
  const known = migrationFiles(database.dialect);
  return inTransaction(database.db, async (tx) => {
    if (database.dialect === 'postgres') {
      // An index over every call ever made takes longer than a query may.
      await sql`set local statement_timeout = 0`.execute(tx);
      await sql`select pg_advisory_xact_lock(${migrationLock})`.execute(tx);
    }
    await sql`create table if not exists migrations (name text primary key, applied_at text not null)`.execute(tx);
    const applied = new Set((await tx.selectFrom('migrations').select('name').execute()).map((row) => row.name));

    const foreign = [...applied].filter((name) => !known.includes(name));
    if (foreign.length > 0) {
      throw unavailable(
        `The database was last used by a newer MCPNest (it has ${foreign.join(', ')}). ` +
          'Start that release or a later one, or restore a backup made before the upgrade.',
      );
    }

    const outstanding = known.filter((name) => !applied.has(name));
    for (const name of outstanding) {
      for (const statement of statements(readFileSync(new URL(name, folder), 'utf8'))) {
        await sql.raw(statement).execute(tx);
      }
      await tx
        .insertInto('migrations')
        .values({ name, applied_at: isoTime(clock.now()) })
        .execute();
    }
    if (outstanding.length > 0) await afterwards?.(tx);
    return outstanding;
  });
}

/**
 * Make sure that the schema of a PostgreSQL is the one of this release, and change nothing.
 * @throws AppError `unavailable` that names the remedy
 */
export async function requireMigrated({ db, dialect }: OpenDatabase): Promise<void> {
  const { rows } = await sql<{ there: boolean }>`select exists (select from information_schema.tables
    where table_schema = current_schema() and table_name = 'migrations') as there`.execute(db);
  const applied = rows[0]?.there === true ? await db.selectFrom('migrations').select('name').execute() : [];
  const names = applied.map(({ name }) => name).sort();
  if (names.join() === migrationFiles(dialect).join()) return;
  throw unavailable(
    'The database is that of another release, or of none yet. Start control and gateway of this release first; they bring it up to date.',
  );
}

function migrationFiles(dialect: OpenDatabase['dialect']): string[] {
  const other = dialect === 'sqlite' ? '.postgres.sql' : '.sqlite.sql';
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql') && !name.endsWith(other))
    .sort();
}

/** Drivers take one statement at a time. Migrations end each with a semicolon at the end of a line and nowhere else. */
const statements = (text: string): string[] =>
  text
    .replace(/^\s*--.*$/gm, '')
    .split(/;[ \t]*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
