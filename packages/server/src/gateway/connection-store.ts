import type { Insertable, Kysely } from 'kysely';
import { inTransaction } from '../platform/database/database.ts';
import type { Schema } from '../platform/database/schema.ts';
import type { GatewayTables } from './store.ts';

type Row = Insertable<Schema['client_connections']>;

/**
 * Write clients as they were seen last. What another process has seen later stays; of each token the newest are kept,
 * since clients name themselves and could do so without an end.
 */
export async function writeConnections(
  db: Kysely<GatewayTables>,
  rows: readonly Row[],
  perToken: number,
): Promise<void> {
  await inTransaction(db, async (tx) => {
    for (let from = 0; from < rows.length; from += 100) {
      await tx
        .insertInto('client_connections')
        .values(rows.slice(from, from + 100))
        .onConflict((clash) =>
          clash
            .columns(['token_id', 'server_id', 'client', 'version', 'era'])
            .doUpdateSet((row) => ({
              revision: row.ref('excluded.revision'),
              last_at: row.ref('excluded.last_at'),
              listed_at: row.ref('excluded.listed_at'),
              stale_since: row.ref('excluded.stale_since'),
            }))
            .whereRef('client_connections.last_at', '<=', 'excluded.last_at'),
        )
        .execute();
    }
    for (const tokenId of new Set(rows.map((row) => row.token_id))) {
      const kept = tx
        .selectFrom('client_connections')
        .select('id')
        .where('token_id', '=', tokenId)
        .orderBy('last_at', 'desc')
        .orderBy('id', 'desc')
        .limit(perToken);
      await tx.deleteFrom('client_connections').where('token_id', '=', tokenId).where('id', 'not in', kept).execute();
    }
  });
}
