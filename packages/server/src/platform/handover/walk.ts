import { sql, type Kysely } from 'kysely';
import { isoTime } from '../clock.ts';
import type { Schema } from '../database/schema.ts';
import { callsStart, eventsStart, type CallPlace, type EventPlace, type Marks } from './marks.ts';
import { callRecord, eventRecord, type CallRecord, type EventRecord, type HandoverRecord } from './record.ts';

/** Which records: of one workspace, or with null of all. */
export interface Scope {
  readonly workspaceId: string | null;
}

/** Bounds of `createdAt`: from the first, before the second. */
export interface Period {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/**
 * A change may become visible a moment after a later one: its transaction took longer, or its node's clock is behind.
 * So the newest are left for the next time.
 */
const settleMs = 5_000;

/** Until when changes can be relied on to be complete. */
export const settledBefore = (now: number): string => isoTime(now - settleMs);

/** Every node that has written calls, in the order of their names. */
export async function nodesOf(db: Kysely<Schema>): Promise<string[]> {
  const rows = await db.selectFrom('journal_cursors').select('node').orderBy('node').execute();
  return rows.map((row) => row.node);
}

/** Where the records end now. */
export async function marksAtEnd(db: Kysely<Schema>, scope: Scope, now: number): Promise<Marks> {
  const calls: Record<string, CallPlace> = {};
  for (const node of await nodesOf(db)) {
    let last = db
      .selectFrom('mcp_tool_calls')
      .select(['end_epoch as epoch', 'end_seq as seq', 'id'])
      .where('node', '=', node);
    if (scope.workspaceId !== null) last = last.where('workspace_id', '=', scope.workspaceId);
    const row = await last
      .orderBy('end_epoch', 'desc')
      .orderBy('end_seq', 'desc')
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (row !== undefined) calls[node] = row;
  }
  let last = db
    .selectFrom('audit_events')
    .select(['created_at as at', 'id'])
    .where('created_at', '<', settledBefore(now));
  if (scope.workspaceId !== null) last = last.where('workspace_id', '=', scope.workspaceId);
  const event = await last.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(1).executeTakeFirst();
  return { calls, events: event ?? null };
}

export interface CallRange extends Period {
  readonly node: string;
  readonly after: CallPlace;
  /** The last one wanted. */
  readonly upTo?: CallPlace | undefined;
}

/** The next calls of a node, in the order in which it closed them. */
export async function nextCalls(
  db: Kysely<Schema>,
  scope: Scope,
  { node, after, upTo, from, to }: CallRange,
  limit: number,
): Promise<CallRecord[]> {
  const place = sql`(end_epoch, end_seq, mcp_tool_calls.id)`;
  let query = db
    .selectFrom('mcp_tool_calls')
    .leftJoin('gateway_tokens', 'gateway_tokens.id', 'mcp_tool_calls.token_id')
    .selectAll('mcp_tool_calls')
    .select('gateway_tokens.machine_id')
    .where('node', '=', node)
    .where(sql<boolean>`${place} > (${after.epoch}, ${after.seq}, ${after.id})`);
  if (upTo !== undefined) query = query.where(sql<boolean>`${place} <= (${upTo.epoch}, ${upTo.seq}, ${upTo.id})`);
  if (scope.workspaceId !== null) query = query.where('mcp_tool_calls.workspace_id', '=', scope.workspaceId);
  if (from !== undefined) query = query.where('mcp_tool_calls.created_at', '>=', from);
  if (to !== undefined) query = query.where('mcp_tool_calls.created_at', '<', to);
  const rows = await query.orderBy('end_epoch').orderBy('end_seq').orderBy('mcp_tool_calls.id').limit(limit).execute();
  return rows.map(callRecord);
}

export interface EventRange extends Period {
  readonly after: EventPlace;
  readonly upTo?: EventPlace | undefined;
  readonly before?: string | undefined;
}

/** The next changes, by time and id. */
export async function nextEvents(
  db: Kysely<Schema>,
  scope: Scope,
  { after, upTo, before, from, to }: EventRange,
  limit: number,
): Promise<EventRecord[]> {
  const place = sql`(created_at, id)`;
  let query = db
    .selectFrom('audit_events')
    .selectAll()
    .where(sql<boolean>`${place} > (${after.at}, ${after.id})`);
  if (upTo !== undefined) query = query.where(sql<boolean>`${place} <= (${upTo.at}, ${upTo.id})`);
  if (before !== undefined) query = query.where('created_at', '<', before);
  if (scope.workspaceId !== null) query = query.where('workspace_id', '=', scope.workspaceId);
  if (from !== undefined) query = query.where('created_at', '>=', from);
  if (to !== undefined) query = query.where('created_at', '<', to);
  return (await query.orderBy('created_at').orderBy('id').limit(limit).execute()).map(eventRecord);
}

export const placeOfCall = (call: CallRecord): CallPlace => ({ epoch: call.endEpoch, seq: call.endSeq, id: call.id });
export const placeOfEvent = (event: EventRecord): EventPlace => ({ at: event.createdAt, id: event.id });

export interface Walk extends Period {
  readonly scope: Scope;
  readonly kinds: ReadonlySet<HandoverRecord['kind']>;
  readonly after: Marks;
  readonly upTo: Marks;
}

/** Small enough that reading one holds nobody up, on an engine that answers in the thread that asks. */
const pageRows = 200;

/** Everything between two marks, page by page: calls node by node, then changes. Memory is bounded by a page. */
export async function* pagesBetween(db: Kysely<Schema>, walk: Walk): AsyncGenerator<readonly HandoverRecord[]> {
  const { scope, kinds, after, upTo, from, to } = walk;
  if (kinds.has('call')) {
    for (const [node, last] of Object.entries(upTo.calls)) {
      let at = after.calls[node] ?? callsStart;
      for (;;) {
        const page = await nextCalls(db, scope, { node, after: at, upTo: last, from, to }, pageRows);
        if (page.length > 0) yield page;
        if (page.length < pageRows) break;
        at = placeOfCall(page.at(-1)!);
      }
    }
  }
  if (kinds.has('event') && upTo.events !== null) {
    let at = after.events ?? eventsStart;
    for (;;) {
      const page = await nextEvents(db, scope, { after: at, upTo: upTo.events, from, to }, pageRows);
      if (page.length > 0) yield page;
      if (page.length < pageRows) break;
      at = placeOfEvent(page.at(-1)!);
    }
  }
}
