import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Secret } from '../../domain/secret.ts';
import type { OpenDatabase } from './database.ts';
import type { Schema } from './schema.ts';

/** Connections of one process. */
const poolSize = 10;
const connectTimeoutMs = 5_000;
const statementTimeoutMs = 30_000;

/**
 * Open a PostgreSQL database through a pool of connections, made as they are needed.
 * @param url `postgres://user:password@host:port/database`; `sslmode` and the other libpq parameters are honoured
 */
export function openPostgres(url: Secret): OpenDatabase {
  const pool = new pg.Pool({
    connectionString: url.reveal(),
    max: poolSize,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    application_name: 'mcpnest',
    types: { getTypeParser: numberParser },
  });
  // A connection that breaks is replaced by the pool, and its statements are refused; without a listener the event
  // would end the process. The pool listens to idle connections alone, so one lent to a transaction needs its own.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  return {
    db,
    dialect: 'postgres',
    fault: () => undefined,
    settle: async () => undefined,
    [Symbol.asyncDispose]: () => db.destroy(),
  };
}

type TypeId = Parameters<typeof pg.types.getTypeParser>[0];

const wideNumbers = new Set<TypeId>([pg.types.builtins.INT8, pg.types.builtins.NUMERIC]);

/** `count(*)` is an int8 and `sum()` a numeric: the driver gives both as text, SQLite gives numbers. */
function numberParser(type: TypeId, format?: 'text' | 'binary'): (text: string) => unknown {
  return wideNumbers.has(type) ? Number : pg.types.getTypeParser(type, format ?? 'text');
}
