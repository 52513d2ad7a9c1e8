import { closeSync, openSync, statSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CompiledQuery,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely';
import { unavailable } from '../../domain/errors.ts';
import { isBusy, type OpenDatabase } from './database.ts';
import { isRowByRow } from './row-by-row.ts';
import type { Schema } from './schema.ts';

/** How long a statement waits for another process that holds the write lock. */
const busyWaitMs = 5_000;
const busyPollMs = 10;
/** How long a query waits for a transaction of this process. */
const turnWaitMs = 10_000;
/** Prepared statements kept; the product has far fewer texts, batch inserts of every size aside. */
const maxStatements = 256;

/**
 * Open or create a SQLite database (WAL, every commit flushed to disk, foreign keys enforced).
 *
 * There is one connection and the engine is synchronous, so transactions of this process queue for it, first come first
 * served. Another process with the same file open is waited for up to 5 s without holding up the event loop.
 *
 * @param file path of the file, or `:memory:`
 * @param create false: it is there already. Beside a database whose name is gone, a new one would take its -wal away
 * @throws AppError `unavailable` when it is a folder, or not there and may not be created
 */
export function openSqlite(file: string, create = true): OpenDatabase {
  // Opened only where it is not there: closing any descriptor of a file gives up every lock this process has on it.
  const there = file === ':memory:' ? undefined : statSync(file, { throwIfNoEntry: false });
  if (there?.isDirectory() === true) throw unavailable(`The database file ${file} is a folder. Check DATABASE_URL.`);
  if (file !== ':memory:' && there === undefined) {
    if (!create) throw unavailable(`The database file ${file} is gone. Put it back.`);
    // Created here so that only the owner may read it; SQLite gives its -wal and -shm files the same mode.
    closeSync(openSync(file, 'a', 0o600));
  }
  const engine = new DatabaseSync(file, { enableForeignKeyConstraints: true, timeout: busyWaitMs });
  if (file !== ':memory:') engine.exec('pragma journal_mode = wal');
  engine.exec('pragma synchronous = full');
  // What was erased or deleted is not left in the free space of the file.
  engine.exec('pragma secure_delete = on');
  engine.exec('pragma busy_timeout = 0');

  const fault = file === ':memory:' ? () => undefined : watchFiles(file);
  const sameFile = (): void => {
    const problem = fault();
    if (problem !== undefined) throw unavailable(problem);
  };
  const db = new Kysely<Schema>({ dialect: nodeSqliteDialect(engine, sameFile) });
  async function settle(): Promise<void> {
    // Refused while another process writes: its own checkpoints do the same later.
    await sql`pragma wal_checkpoint(truncate)`.execute(db).catch(() => undefined);
  }
  return { db, dialect: 'sqlite', fault, settle, [Symbol.asyncDispose]: () => db.destroy() };
}

/**
 * An open file outlives its name: deleted or replaced, it would be read and written on and nobody would see it, the
 * command line least of all, which opens the name. The files of the write-ahead log are there from the first use to the
 * last close; a commit to one without a name dies with the process.
 * @returns what is wrong, with the remedy; undefined while each name leads to the file it led to first
 */
function watchFiles(file: string): () => string | undefined {
  const first = new Map<string, { ino: number; dev: number }>();
  const same = (name: string): boolean => {
    const now = statSync(name, { throwIfNoEntry: false });
    const known = first.get(name);
    if (known !== undefined) return now?.ino === known.ino && now.dev === known.dev;
    if (now !== undefined) first.set(name, { ino: now.ino, dev: now.dev });
    return true;
  };
  same(file);
  return () => {
    if (!same(file))
      return `The database file ${file} was deleted or replaced while in use. Put it back, or restore a backup and restart MCPNest.`;
    if (!same(`${file}-wal`) || !same(`${file}-shm`))
      return `${file}-wal or ${file}-shm was deleted or replaced while in use. Restart MCPNest without kill -9: ending, it writes into ${file} what they held.`;
    return undefined;
  };
}

function nodeSqliteDialect(engine: DatabaseSync, sameFile: () => void): Dialect {
  return {
    // Kysely queues for a single connection by itself, but without end; the queue below has a time limit.
    createAdapter: () => Object.defineProperty(new SqliteAdapter(), 'supportsMultipleConnections', { value: true }),
    createDriver: () => driver(engine, sameFile),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

function driver(engine: DatabaseSync, sameFile: () => void): Driver {
  const turns = createMutex();
  const connection = connect(engine);
  const run = async (statement: string): Promise<void> => {
    await connection.executeQuery(CompiledQuery.raw(statement));
  };
  return {
    init: async () => {},
    acquireConnection: async () => {
      sameFile();
      await turns.lock();
      return connection;
    },
    releaseConnection: async () => turns.unlock(),
    // Taking the write lock at once: a transaction that read first and wrote later could fail halfway as busy.
    beginTransaction: () => run('begin immediate'),
    commitTransaction: () => run('commit'),
    rollbackTransaction: async () => {
      // SQLite has already rolled back by itself after some errors, a full disk for one.
      if (engine.isTransaction) await run('rollback');
    },
    destroy: async () => {
      if (engine.isOpen) engine.close();
    },
  };
}

function connect(engine: DatabaseSync): DatabaseConnection {
  const prepared = new Map<string, StatementSync>();
  const prepare = (text: string): StatementSync => {
    let statement = prepared.get(text);
    if (statement === undefined) {
      statement = engine.prepare(text);
      if (prepared.size >= maxStatements) prepared.delete(prepared.keys().next().value!);
      prepared.set(text, statement);
    }
    return statement;
  };
  return {
    executeQuery: <R>(query: CompiledQuery): Promise<QueryResult<R>> =>
      whenNotBusy(() => {
        const statement = prepare(query.sql);
        if (isRowByRow(query)) {
          const each = query.each as readonly SQLInputValue[][];
          return { rows: each.map((values) => statement.run(...values).changes !== 0) as R[] };
        }
        const parameters = query.parameters as SQLInputValue[];
        if (statement.columns().length > 0) {
          const rows = statement.all(...parameters) as R[];
          // With RETURNING the rows are what changed.
          return query.query.kind === 'SelectQueryNode' ? { rows } : { rows, numAffectedRows: BigInt(rows.length) };
        }
        const { changes, lastInsertRowid } = statement.run(...parameters);
        return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
      }),
    streamQuery: () => {
      throw unavailable('Rows are paged, not streamed: a stream would hold the only connection.');
    },
  };
}

/** Sleep between tries instead of letting the engine wait: it would wait on the thread that serves every call. */
async function whenNotBusy<T>(attempt: () => T): Promise<T> {
  for (let waitedMs = 0; ; waitedMs += busyPollMs) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (waitedMs >= busyWaitMs) {
        throw unavailable('The database is locked by another process.', { cause: error });
      }
    }
    await sleep(busyPollMs);
  }
}

/** First come, first served. A query made beside its own transaction would wait for itself: it fails after a while. */
function createMutex(): { lock(): Promise<void>; unlock(): void } {
  const waiting = new Set<() => void>();
  let locked = false;
  return {
    lock: async () => {
      if (!locked) {
        locked = true;
        return;
      }
      await new Promise<void>((resolve, reject) => {
        const turn = (): void => {
          clearTimeout(timer);
          resolve();
        };
        const timer = setTimeout(() => {
          waiting.delete(turn);
          reject(unavailable('The database is busy: a transaction of this process does not end.'));
        }, turnWaitMs);
        waiting.add(turn);
      });
    },
    // The lock is handed over, never free in between.
    unlock: () => {
      const [next] = waiting;
      if (next === undefined) locked = false;
      else {
        waiting.delete(next);
        next();
      }
    },
  };
}
