import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OpenDatabase } from '../platform/database/database.ts';
import { migrate } from '../platform/database/migrate.ts';
import { writeConnections } from './connection-store.ts';

/** What holds of the clients that are written down on either engine. */
export function describeConnectionStore(engine: string, open: () => Promise<OpenDatabase>): void {
  describe(`connections on ${engine}`, () => {
    const ids = { workspace_id: 'w', token_id: 't' };
    let database: OpenDatabase;
    beforeEach(async () => {
      database = await open();
      await migrate(database, { now: () => 0, monotonic: () => 0 });
      const made = { created_at: at(0), updated_at: at(0) };
      await database.db
        .insertInto('gateway_workspaces')
        .values({ id: 'w', slug: 'w', name: 'w', settings: '{}', ...made })
        .execute();
      const token = { id: 't', workspace_id: 'w', kind: 'workspace' as const, label: 't', hash: 'h', hint: 'h' };
      const none = { member_id: null, machine_id: null, scope: null, expires_at: null };
      await database.db
        .insertInto('gateway_tokens')
        .values({ ...token, ...none, created_at: at(0), created_by: 'x', revoked_at: null, replaced_by: null })
        .execute();
    });
    afterEach(() => database[Symbol.asyncDispose]());

    const row = (client: string, minute: number, more: { stale_since?: string } = {}) => ({
      ...{ ...ids, id: `${client}/${minute}`, server_id: '', client, version: '1', era: 'legacy' },
      ...{ revision: '2025-11-25', first_at: at(0), last_at: at(minute), listed_at: null, stale_since: null, ...more },
    });
    const at = (minute: number): string => new Date(Date.UTC(2026, 10, 21, 12, minute)).toISOString();
    const stored = () => database.db.selectFrom('client_connections').selectAll().orderBy('client').execute();

    it('keeps one row for a client, as it was seen last, whichever gateway writes it', async () => {
      await writeConnections(database.db, [row('a', 5, { stale_since: at(5) })], 20);
      await writeConnections(database.db, [row('a', 3)], 20);
      expect(await stored()).toMatchObject([{ id: 'a/5', last_at: at(5), stale_since: at(5) }]);
      await writeConnections(database.db, [row('a', 9)], 20);
      expect(await stored()).toMatchObject([{ id: 'a/5', first_at: at(0), last_at: at(9), stale_since: null }]);
    });

    it('keeps the newest of a token and no more', async () => {
      const many = Array.from({ length: 130 }, (_, n) => row(`c${String(n).padStart(3, '0')}`, n));
      await writeConnections(database.db, many, 3);
      expect((await stored()).map(({ client }) => client)).toEqual(['c127', 'c128', 'c129']);
    });
  });
}
