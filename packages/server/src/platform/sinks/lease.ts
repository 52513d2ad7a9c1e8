import type { Kysely } from 'kysely';
import { isoTime } from '../clock.ts';
import type { Schema } from '../database/schema.ts';

type Tables = Pick<Schema, 'sink_states'>;

/** How long a node may send for a sink without saying so again. */
const leaseMs = 20_000;
const renewBeforeMs = 15_000;

/**
 * Hold a sink, or go on holding it, so that one node at a time sends for it. Two that both think they hold it, because
 * their clocks differ, send some records twice and lose none: marks are saved by the holder in the table alone.
 * @param node no two processes have the same
 * @returns whether it is held
 */
export async function holdSink(db: Kysely<Tables>, sinkId: string, node: string, now: number): Promise<boolean> {
  const state = await db
    .selectFrom('sink_states')
    .select(['holder', 'held_until'])
    .where('sink_id', '=', sinkId)
    .executeTakeFirst();
  if (state === undefined) return false;
  const heldUntil = state.held_until === null ? 0 : Date.parse(state.held_until);
  if (state.holder === node && heldUntil - now > renewBeforeMs) return true;
  if (state.holder !== null && state.holder !== node && heldUntil > now) return false;
  const { numUpdatedRows } = await db
    .updateTable('sink_states')
    .set({ holder: node, held_until: isoTime(now + leaseMs) })
    .where('sink_id', '=', sinkId)
    .where((row) =>
      row.or([row('holder', 'is', null), row('holder', '=', node), row('held_until', '<=', isoTime(now))]),
    )
    .executeTakeFirstOrThrow();
  return Number(numUpdatedRows) === 1;
}

/** Let go of what a node holds, so that another need not wait. */
export async function releaseSinks(db: Kysely<Tables>, node: string): Promise<void> {
  await db.updateTable('sink_states').set({ holder: null, held_until: null }).where('holder', '=', node).execute();
}
