import { sql, type Kysely } from 'kysely';
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
  const add = (found: readonly { readonly at: string }[]): void => {
    rows += found.length;
    const first = found[0]?.at;
    if (first !== undefined && (oldestAt === null || first < oldestAt)) oldestAt = first;
  };
  for (const node of include === 'events' ? [] : await nodesOf(db)) {
    const { epoch, seq, id } = marks.calls[node] ?? callsStart;
    let calls = db
      .selectFrom('mcp_tool_calls')
      .select('created_at as at')
      .where('node', '=', node)
      .where(sql<boolean>`(end_epoch, end_seq, id) > (${epoch}, ${seq}, ${id})`);
    if (workspace_id !== null) calls = calls.where('workspace_id', '=', workspace_id);
    add(await calls.orderBy('end_epoch').orderBy('end_seq').orderBy('id').limit(countUpTo).execute());
  }
  if (include !== 'calls') {
    const { at, id } = marks.events ?? eventsStart;
    let events = db
      .selectFrom('audit_events')
      .select('created_at as at')
      .where(sql<boolean>`(created_at, id) > (${at}, ${id})`);
    if (workspace_id !== null) events = events.where('workspace_id', '=', workspace_id);
    add(await events.orderBy('created_at').orderBy('id').limit(countUpTo).execute());
  }
  return { rows, more: rows >= countUpTo, oldestAt };
}
