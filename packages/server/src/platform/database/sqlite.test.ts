import { existsSync, linkSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sql } from 'kysely';
import { afterAll, expect, it } from 'vitest';
import { describeDatabase } from './database.contract.ts';
import { inTransaction } from './database.ts';
import { openSqlite } from './sqlite.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcpnest-sqlite-'));
let files = 0;
const newFile = (): string => join(folder, `${++files}.db`);
afterAll(() => rmSync(folder, { recursive: true }));

describeDatabase('SQLite', async () => {
  const file = newFile();
  return { database: openSqlite(file), again: () => openSqlite(file) };
});

it('creates a file only its owner may read, journal files included', async () => {
  const file = newFile();
  await using database = openSqlite(file);
  await sql`create table t (x integer)`.execute(database.db);
  const modes = [file, `${file}-wal`, `${file}-shm`].map((path) => statSync(path).mode & 0o777);
  expect(modes).toEqual([0o600, 0o600, 0o600]);
});

it('flushes every commit, writes ahead and enforces foreign keys', async () => {
  await using database = openSqlite(newFile());
  const pragma = async (name: string): Promise<unknown> => {
    const { rows } = await sql.raw<Record<string, unknown>>(`pragma ${name}`).execute(database.db);
    return Object.values(rows[0]!)[0];
  };
  expect([await pragma('journal_mode'), await pragma('synchronous'), await pragma('foreign_keys')]).toEqual([
    'wal',
    2,
    1,
  ]);
});

it('works in memory', async () => {
  await using database = openSqlite(':memory:');
  await sql`create table t (x integer)`.execute(database.db);
  await sql`insert into t values (1)`.execute(database.db);
  expect((await sql<{ x: number }>`select x from t`.execute(database.db)).rows.map((row) => row.x)).toEqual([1]);
});

it('waits for another process without holding up the event loop', async () => {
  const file = newFile();
  await using database = openSqlite(file);
  await sql`create table t (x integer)`.execute(database.db);
  using other = new DatabaseSync(file);
  other.exec('begin immediate');

  let ticks = 0;
  const ticking = setInterval(() => ticks++, 5);
  setTimeout(() => other.exec('commit'), 150);
  await inTransaction(database.db, async (tx) => void (await sql`insert into t values (1)`.execute(tx)));
  clearInterval(ticking);
  expect(ticks).toBeGreaterThan(5);
});

it(
  'fails instead of waiting for itself when a query is made beside its own transaction',
  { timeout: 20_000 },
  async () => {
    await using database = openSqlite(':memory:');
    const stuck = inTransaction(database.db, () => sql`select 1`.execute(database.db));
    await expect(stuck).rejects.toThrow('transaction of this process does not end');
    await sql`select 1`.execute(database.db);
  },
);

it.each([
  ['deleted', (file: string) => rmSync(file)],
  ['replaced', (file: string) => renameSync(`${file}.new`, file)],
])('notices that its file was %s, and that it is back', async (_, harm) => {
  const file = newFile();
  await using database = openSqlite(file);
  await sql`create table t (x integer)`.execute(database.db);
  linkSync(file, `${file}.kept`);
  writeFileSync(`${file}.new`, '');
  harm(file);
  const write = (): Promise<unknown> => sql`insert into t values (1)`.execute(database.db);
  await expect(write()).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining(file) as string,
  });
  expect(database.fault()).toContain('Put it back');
  renameSync(`${file}.kept`, file);
  await write();
  expect(database.fault()).toBeUndefined();
});

it('creates nothing where a file is expected', () => {
  const file = newFile();
  expect(() => openSqlite(file, false)).toThrow('is gone');
  expect(existsSync(file)).toBe(false);
});

it.runIf(process.platform === 'linux')('keeps the locks of a file that is opened a second time', async () => {
  const file = newFile();
  await using first = openSqlite(file);
  await sql`create table t (x integer)`.execute(first.db);
  const locks = (): number => readFileSync('/proc/locks', 'utf8').split(`:${statSync(file).ino} `).length - 1;
  expect(locks()).toBe(1);
  await using second = openSqlite(file);
  await sql`select x from t`.execute(second.db);
  expect(locks()).toBe(1);
});

it.each(['wal', 'shm'])(
  'notices that its -%s file was deleted, and loses nothing of it when it is closed',
  async (kind) => {
    const file = newFile();
    {
      await using database = openSqlite(file);
      await sql`create table t (x integer)`.execute(database.db);
      await sql`insert into t values (1)`.execute(database.db);
      rmSync(`${file}-${kind}`);
      await expect(sql`insert into t values (2)`.execute(database.db)).rejects.toMatchObject({ code: 'unavailable' });
      expect(database.fault()).toContain('Restart MCPNest');
    }
    await using again = openSqlite(file);
    expect((await sql`select x from t`.execute(again.db)).rows).toEqual([{ x: 1 }]);
  },
);
