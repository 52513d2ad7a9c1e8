import { sql, type Kysely, type SelectQueryBuilder } from 'kysely';
import type { Schema } from '../database/schema.ts';
import { callsStart, eventsStart, type Marks } from '../handover/marks.ts';
import { nodesOf } from '../handover/walk.ts';

/** What a sink has not taken yet. */
export interface Lag {
  readonly rows: number;
  /** There are more than were counted. */
  readonly more: boolean;
  /** When the oldest of them was made; null: there is none. */
  readonly oldestAt: string | null;
}

/** More are not counted: whoever sees this number knows enough. */
const countUpTo = 10_000;

/** What lies behind the marks, of one workspace or of all. */
export async function lagOf(
  db: Kysely<Schema>,
  { workspace_id, include }: Pick<Schema['sinks'], 'workspace_id' | 'include'>,
  marks: Marks,
): Promise<Lag> {
  let rows = 0;
  let oldestAt: string | null = null;
  const add = async <T extends 'mcp_tool_calls' | 'audit_events'>(
    waiting: SelectQueryBuilder<Schema, T, { at: string }>,
  ): Promise<void> => {
    const first = await waiting.limit(1).executeTakeFirst();
    if (first === undefined) return;
    if (oldestAt === null || first.at < oldestAt) oldestAt = first.at;
    const { count } = await db
      .selectFrom(waiting.limit(countUpTo).as('waiting'))
      .select((row) => row.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    rows += count;
  };
  for (const node of include === 'events' ? [] : await nodesOf(db)) {
    const { epoch, seq, id } = marks.calls[node] ?? callsStart;
    let calls = db
      .selectFrom('mcp_tool_calls')
      .select('created_at as at')
      .where('node', '=', node)
      .where(sql<boolean>`(end_epoch, end_seq, id) > (${epoch}, ${seq}, ${id})`);
    if (workspace_id !== null) calls = calls.where('workspace_id', '=', workspace_id);
    await add(calls.orderBy('end_epoch').orderBy('end_seq').orderBy('id'));
  }
  if (include !== 'calls') {
    const { at, id } = marks.events ?? eventsStart;
    let events = db
      .selectFrom('audit_events')
      .select('created_at as at')
      .where(sql<boolean>`(created_at, id) > (${at}, ${id})`);
    if (workspace_id !== null) events = events.where('workspace_id', '=', workspace_id);
    await add(events.orderBy('created_at').orderBy('id'));
  }
  return { rows, more: rows >= countUpTo, oldestAt };
}
