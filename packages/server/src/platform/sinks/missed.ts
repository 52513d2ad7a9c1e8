import { sql, type Kysely, type RawBuilder, type SqlBool } from 'kysely';
import type { Schema } from '../database/schema.ts';
import { callsStart, type Marks } from '../handover/marks.ts';
import { insertEvent } from '../audit-events.ts';
import { inTransaction } from '../database/database.ts';

/** What counting needs to see. */
export type MissedTables = Pick<Schema, 'sinks' | 'sink_states' | 'mcp_tool_calls'>;

/**
 * Before calls are deleted: count for every sink those it has not taken yet. What cannot be sent any more is at least
 * told of. A purge that is repeated after a crash may count some twice; it never counts too few.
 * @param before what is older goes
 * @param free whether a row of `mcp_tool_calls` is held by nothing
 */
export async function noteMissed(
  db: Kysely<MissedTables>,
  workspaceId: string,
  before: string,
  free: RawBuilder<SqlBool>,
): Promise<void> {
  const sinks = await db
    .selectFrom('sinks')
    .innerJoin('sink_states', 'sink_states.sink_id', 'sinks.id')
    .select(['sinks.id', 'marks'])
    .where('include', '!=', 'events')
    .where((row) => row.or([row('workspace_id', '=', workspaceId), row('workspace_id', 'is', null)]))
    .execute();
  if (sinks.length === 0) return;
  const going = db
    .selectFrom('mcp_tool_calls')
    .where('workspace_id', '=', workspaceId)
    .where('created_at', '<', before)
    .where(sql<boolean>`${free}`);
  const nodes = await going.select('node').distinct().execute();
  for (const sink of sinks) {
    const marks = JSON.parse(sink.marks) as Marks;
    let missed = 0;
    for (const { node } of nodes) {
      const { epoch, seq, id } = marks.calls[node] ?? callsStart;
      const { count } = await going
        .select((row) => row.fn.countAll<number>().as('count'))
        .where('node', '=', node)
        .where(sql<boolean>`(end_epoch, end_seq, id) > (${epoch}, ${seq}, ${id})`)
        .executeTakeFirstOrThrow();
      missed += count;
    }
    if (missed === 0) continue;
    await db
      .updateTable('sink_states')
      .set((row) => ({ missed: row('missed', '+', missed) }))
      .where('sink_id', '=', sink.id)
      .execute();
  }
}

/** Make what a sink missed an audit event, once. */
export async function tellMissed(db: Kysely<Schema>, sinkId: string, now: number): Promise<void> {
  await inTransaction(db, async (tx) => {
    const state = await tx
      .selectFrom('sink_states')
      .innerJoin('sinks', 'sinks.id', 'sink_states.sink_id')
      .select(['workspace_id', 'name', 'missed', 'missed_told'])
      .where('sink_id', '=', sinkId)
      .executeTakeFirst();
    if (state === undefined || state.missed <= state.missed_told) return;
    const { numUpdatedRows } = await tx
      .updateTable('sink_states')
      .set({ missed_told: state.missed })
      .where('sink_id', '=', sinkId)
      .where('missed_told', '=', state.missed_told)
      .executeTakeFirstOrThrow();
    if (Number(numUpdatedRows) === 0) return;
    await insertEvent(
      tx,
      {
        workspaceId: state.workspace_id,
        actor: 'system',
        action: 'sinks.missed',
        target: `sink:${state.name}`,
        detail: { rows: state.missed - state.missed_told, reason: 'retention' },
      },
      now,
    );
  });
}
