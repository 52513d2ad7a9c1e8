import { sql, type Kysely } from 'kysely';
import type { Schema } from './schema.ts';

/** A row of PostgreSQL that nobody else can change for the time being. */
export interface HeldRow {
  /** Whether somebody waits to change a row of that table. */
  waitedFor(): Promise<boolean>;
  release(): Promise<void>;
}

/** Lock one approval, as a slow database would. */
export async function holdApproval(db: Kysely<Schema>, id: string): Promise<HeldRow> {
  const lock = await db.startTransaction().execute();
  await lock.selectFrom('approvals').select('id').where('id', '=', id).forUpdate().execute();
  const waiting = sql`
    select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like 'update%approvals%'`;
  return {
    // Outside the transaction, in which the view would say the same each time.
    waitedFor: async () => (await waiting.execute(db)).rows.length > 0,
    release: async () => {
      await lock.commit().execute();
    },
  };
}
