import { readdirSync, readFileSync } from 'node:fs';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../clock.ts';
import { inTransaction, isUniqueViolation, type OpenDatabase } from './database.ts';
import { migrate } from './migrate.ts';

const clock: Clock = { now: () => Date.UTC(2026, 0, 2, 3, 4, 5), monotonic: () => 0 };
const migrations = readdirSync(new URL('./migrations/', import.meta.url)).sort();
const user = (id: string, email = `${id}@example.org`) => ({
  id,
  email,
  name: id,
  created_at: '2026-01-02T03:04:05.000Z',
});

/** What every engine must do alike. `open` gives an empty database each time, `again` a second handle on the same one. */
export function describeDatabase(
  engine: string,
  open: () => Promise<{ database: OpenDatabase; again: () => OpenDatabase }>,
): void {
  describe(`database on ${engine}`, () => {
    let database: OpenDatabase;
    let again: () => OpenDatabase;

    beforeEach(async () => {
      ({ database, again } = await open());
    });
    afterEach(() => database[Symbol.asyncDispose]());

    it('migrates once and finds nothing to do the second time', async () => {
      expect(await migrate(database, clock)).toEqual(migrations);
      expect(await migrate(database, clock)).toEqual([]);
      expect(await database.db.selectFrom('migrations').selectAll().execute()).toEqual(
        migrations.map((name) => ({ name, applied_at: '2026-01-02T03:04:05.000Z' })),
      );
    });

    it('lets one of several simultaneous migrators work and the others wait', async () => {
      await using second = again();
      await using third = again();
      const applied = await Promise.all([database, second, third].map((each) => migrate(each, clock)));
      expect(applied.flat()).toEqual(migrations);
    });

    it('takes lists and names that were there before along when other kinds join the tools', async () => {
      const first = readFileSync(new URL('./migrations/0001-init.sql', import.meta.url), 'utf8').replace(
        /^--.*$/gm,
        '',
      );
      for (const statement of first.split(/;$/m)) {
        if (statement.trim() !== '') await sql.raw(statement).execute(database.db);
      }
      await sql`create table migrations (name text primary key, applied_at text not null)`.execute(database.db);
      await sql`insert into migrations values ('0001-init.sql', 'x')`.execute(database.db);
      await sql`insert into upstream_lists values ('s', 3, '[]', 'then')`.execute(database.db);
      await sql`insert into handed_out_names values ('w', 'query', 's', 'query', 'then')`.execute(database.db);
      expect(await migrate(database, clock)).toEqual(migrations.slice(1));
      expect(await database.db.selectFrom('upstream_lists').selectAll().execute()).toEqual([
        { server_id: 's', kind: 'tools', revision: 3, body: '[]', fetched_at: 'then' },
      ]);
      expect(await database.db.selectFrom('handed_out_names').selectAll().execute()).toEqual([
        { workspace_id: 'w', kind: 'tools', name: 'query', server_id: 's', own: 'query', created_at: 'then' },
      ]);
    });

    it('refuses a database that a newer release has migrated, and changes nothing', async () => {
      await migrate(database, clock);
      await database.db.insertInto('migrations').values({ name: '9999-future.sql', applied_at: 'x' }).execute();
      await expect(migrate(database, clock)).rejects.toThrow(/newer MCPNest.*9999-future\.sql.*backup/);
    });

    describe('with the schema', () => {
      beforeEach(async () => void (await migrate(database, clock)));

      it('keeps a transaction that resolves', async () => {
        const result = await inTransaction(database.db, async (tx) => {
          await tx.insertInto('users').values(user('a')).execute();
          return 7;
        });
        expect(result).toBe(7);
        expect(await userIds()).toEqual(['a']);
      });

      it('leaves nothing of a transaction that rejects, and stays usable', async () => {
        await expect(
          inTransaction(database.db, async (tx) => {
            await tx.insertInto('users').values(user('a')).execute();
            throw new Error('changed my mind');
          }),
        ).rejects.toThrow('changed my mind');
        await database.db.insertInto('users').values(user('b')).execute();
        expect(await userIds()).toEqual(['b']);
      });

      it('runs afterCommit tasks once, after the commit is visible to others, and never after a rollback', async () => {
        await using other = again();
        const seen: unknown[] = [];
        await inTransaction(database.db, async (tx, afterCommit) => {
          afterCommit(async () => void seen.push(await userIds(other)));
          await tx.insertInto('users').values(user('a')).execute();
          expect(seen).toEqual([]);
        });
        expect(seen).toEqual([['a']]);

        const rolledBack = inTransaction(database.db, async (_, afterCommit) => {
          afterCommit(() => void seen.push('nudged'));
          throw new Error('no');
        });
        await expect(rolledBack).rejects.toThrow('no');
        expect(seen).toEqual([['a']]);
      });

      it('does not let a failed nudge make a committed change look failed', async () => {
        await inTransaction(database.db, async (tx, afterCommit) => {
          afterCommit(() => Promise.reject(new Error('the bus is down')));
          await tx.insertInto('users').values(user('a')).execute();
        });
        expect(await userIds()).toEqual(['a']);
      });

      it('keeps what runs beside a transaction out of it', async () => {
        const gate = Promise.withResolvers<void>();
        const failing = inTransaction(database.db, async (tx) => {
          await tx.insertInto('users').values(user('inside')).execute();
          await gate.promise;
          throw new Error('no');
        });
        const outside = database.db.insertInto('users').values(user('outside')).execute();
        gate.resolve();
        await expect(failing).rejects.toThrow('no');
        await outside;
        expect(await userIds()).toEqual(['outside']);
      });

      it('loses no update when transactions overlap', async () => {
        await database.db
          .insertInto('users')
          .values({ ...user('n'), name: '0' })
          .execute();
        const add = (handle: OpenDatabase) =>
          inTransaction(handle.db, async (tx) => {
            await sql`update users set name = cast(cast(name as integer) + 1 as text) where id = 'n'`.execute(tx);
          });
        await using other = again();
        await Promise.all(Array.from({ length: 20 }, (_, i) => add(i % 2 === 0 ? database : other)));
        expect((await database.db.selectFrom('users').select('name').executeTakeFirstOrThrow()).name).toBe('20');
      });

      it('returns count, sum and large integers as numbers', async () => {
        await database.db
          .insertInto('users')
          .values([user('a'), user('b')])
          .execute();
        const row = await database.db
          .selectFrom('users')
          .select((eb) => [
            eb.fn.countAll<number>().as('count'),
            sql<number>`sum(length(id))`.as('sum'),
            sql<number>`cast(9007199254740991 as bigint)`.as('large'),
          ])
          .executeTakeFirstOrThrow();
        expect({ ...row }).toEqual({ count: 2, sum: 2, large: 9_007_199_254_740_991 });
      });

      it('gives flags and nulls back as they went in', async () => {
        await database.db.insertInto('gateway_workspaces').values(workspace).execute();
        await database.db.insertInto('gateway_workspace_servers').values(server).execute();
        const row = await database.db.selectFrom('gateway_workspace_servers').selectAll().executeTakeFirstOrThrow();
        expect({ ...row }).toEqual({
          ...server,
          visibility: null,
          maintainer: null,
          sensitivity: 'none',
          labels: '[]',
          owner_team_id: null,
          pinning: 'off',
          replay_guard: '{}',
        });
      });

      it('upserts with ON CONFLICT and answers with RETURNING', async () => {
        const upsert = (name: string) =>
          database.db
            .insertInto('users')
            .values({ ...user('a'), name })
            .onConflict((clash) => clash.column('id').doUpdateSet({ name }))
            .returning(['id', 'name'])
            .executeTakeFirstOrThrow();
        expect({ ...(await upsert('first')) }).toEqual({ id: 'a', name: 'first' });
        expect({ ...(await upsert('second')) }).toEqual({ id: 'a', name: 'second' });
      });

      it('says how many rows an update or delete touched', async () => {
        await database.db
          .insertInto('users')
          .values([user('a'), user('b')])
          .execute();
        const updated = await database.db.updateTable('users').set({ name: 'x' }).executeTakeFirstOrThrow();
        const deleted = await database.db.deleteFrom('users').where('id', '=', 'a').executeTakeFirstOrThrow();
        expect([updated.numUpdatedRows, deleted.numDeletedRows]).toEqual([2n, 1n]);
      });

      it('pages by keyset over (time, id) without gap or repeat', async () => {
        const events = Array.from({ length: 25 }, (_, i) => ({
          id: `e${String(i).padStart(2, '0')}`,
          workspace_id: null,
          actor: '{}',
          action: 'users.create',
          target: 'x',
          detail: '{}',
          created_at: `2026-01-01T00:00:0${i % 3}.000Z`,
        }));
        await database.db.insertInto('audit_events').values(events).execute();
        const seen: string[] = [];
        let after: { created_at: string; id: string } | undefined;
        for (;;) {
          let query = database.db.selectFrom('audit_events').select(['created_at', 'id']);
          if (after !== undefined) {
            const { created_at, id } = after;
            query = query.where((eb) => eb(eb.refTuple('created_at', 'id'), '>', eb.tuple(created_at, id)));
          }
          const page = await query.orderBy('created_at').orderBy('id').limit(4).execute();
          if (page.length === 0) break;
          seen.push(...page.map((row) => row.id));
          after = page.at(-1);
        }
        const byTime = events.toSorted((a, b) => (a.created_at + a.id < b.created_at + b.id ? -1 : 1));
        expect(seen).toEqual(byTime.map((event) => event.id));
      });

      it('knows a violated primary key or unique index from other errors', async () => {
        await database.db.insertInto('users').values(user('a')).execute();
        const failure = async (work: Promise<unknown>): Promise<unknown> =>
          work.then(
            () => undefined,
            (error) => error,
          );
        const samePrimaryKey = await failure(database.db.insertInto('users').values(user('a', 'b@x')).execute());
        const sameEmail = await failure(database.db.insertInto('users').values(user('b', 'a@example.org')).execute());
        const noSuchUser = await failure(
          database.db
            .insertInto('members')
            .values({ ...member, workspace_id: 'none' })
            .execute(),
        );
        expect([samePrimaryKey, sameEmail].map(isUniqueViolation)).toEqual([true, true]);
        expect(noSuchUser).toBeInstanceOf(Error);
        expect(isUniqueViolation(noSuchUser)).toBe(false);
      });

      it('allows one active row beside removed ones under a partial unique index', async () => {
        await database.db.insertInto('gateway_workspaces').values(workspace).execute();
        await database.db
          .insertInto('gateway_workspace_servers')
          .values({ ...server, removed_at: 'x' })
          .execute();
        await database.db
          .insertInto('gateway_workspace_servers')
          .values({ ...server, id: 's2' })
          .execute();
        const clash = database.db
          .insertInto('gateway_workspace_servers')
          .values({ ...server, id: 's3' })
          .execute();
        await expect(clash).rejects.toSatisfy(isUniqueViolation);
      });

      it('keeps text exactly, quotes and other planes included', async () => {
        const name = `'; drop table users; -- "\\ ${String.fromCodePoint(0x1f980)} \u202e`;
        await database.db
          .insertInto('users')
          .values({ ...user('a'), name })
          .execute();
        expect((await database.db.selectFrom('users').select('name').executeTakeFirstOrThrow()).name).toBe(name);
      });
    });

    async function userIds(handle: OpenDatabase = database): Promise<string[]> {
      return (await handle.db.selectFrom('users').select('id').orderBy('id').execute()).map((row) => row.id);
    }
  });
}

const workspace = { id: 'w', slug: 'acme', name: 'Acme', settings: '{}', created_at: 'x', updated_at: 'x' };
const member = { id: 'm', workspace_id: 'w', user_id: 'nobody', role: 'member', created_at: 'x', removed_at: null };
const server = {
  id: 's',
  workspace_id: 'w',
  slug: 'github',
  name: 'GitHub',
  url: 'https://example.org/mcp',
  position: 1,
  prefix: null,
  enabled: 1,
  config_override: '{}',
  limits: '{}',
  revision: 1,
  created_at: 'x',
  updated_at: 'x',
  removed_at: null,
};
