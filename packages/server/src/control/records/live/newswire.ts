import { sql, type Kysely } from 'kysely';
import type { Clock } from '../../../platform/clock.ts';
import type { Schema } from '../../../platform/database/schema.ts';
import { callsStart, eventsStart, type Marks } from '../../../platform/handover/marks.ts';
import type { EventRecord } from '../../../platform/handover/record.ts';
import { marksAtEnd, nextEvents, nodesOf, placeOfEvent, settledBefore } from '../../../platform/handover/walk.ts';
import type { Log } from '../../../platform/log.ts';
import type { CallRow } from '../walk.ts';

const pollMs = 1_000;
/** Rows that are read of one node, or changes, in one poll; what is behind them then is skipped. */
const mostRows = 500;

/** What was recorded since the last poll. */
export interface News {
  readonly calls: readonly CallRow[];
  readonly changes: readonly EventRecord[];
  /** There was more than is read at once. */
  readonly skipped: boolean;
  /** Members of whose calls some were among that. */
  readonly skippedOf: ReadonlySet<string>;
}

export interface Listener {
  /** From here on nothing is missed. */
  ready(): void;
  tell(news: News): void;
}

/**
 * Tells what is recorded in workspaces as it comes: one poll a second for all who listen to a workspace, and none where
 * nobody does.
 */
export class Newswire {
  readonly #deps: { readonly db: Kysely<Schema>; readonly clock: Clock; readonly log: Log };
  readonly #desks = new Map<string, Desk>();

  constructor(deps: { readonly db: Kysely<Schema>; readonly clock: Clock; readonly log: Log }) {
    this.#deps = deps;
  }

  /** Hear of everything from now on. @returns stops it */
  listen(workspaceId: string, listener: Listener): () => void {
    let desk = this.#desks.get(workspaceId);
    if (desk === undefined) this.#desks.set(workspaceId, (desk = new Desk(this.#deps, workspaceId)));
    desk.join(listener);
    return () => {
      desk.listeners.delete(listener);
      if (desk.listeners.size > 0 || this.#desks.get(workspaceId) !== desk) return;
      this.#desks.delete(workspaceId);
      desk.close();
    };
  }
}

class Desk {
  readonly listeners = new Set<Listener>();
  readonly #deps: { readonly db: Kysely<Schema>; readonly clock: Clock; readonly log: Log };
  readonly #scope: { readonly workspaceId: string };
  #marks: Marks | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(deps: { readonly db: Kysely<Schema>; readonly clock: Clock; readonly log: Log }, workspaceId: string) {
    this.#deps = deps;
    this.#scope = { workspaceId };
  }

  join(listener: Listener): void {
    this.listeners.add(listener);
    if (this.#marks !== undefined) listener.ready();
    else if (this.#timer === undefined) this.#wait(0);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #wait(milliseconds: number): void {
    this.#timer = setTimeout(() => void this.#poll(), milliseconds).unref();
  }

  async #poll(): Promise<void> {
    try {
      await this.#read();
    } catch (error) {
      // A database that is away comes back; the marks stay where they were.
      this.#deps.log.warn({ err: error }, 'control: new records could not be read for those who watch');
    }
    if (!this.#closed) this.#wait(pollMs);
  }

  async #read(): Promise<void> {
    const { db, clock } = this.#deps;
    if (this.#marks === undefined) {
      this.#marks = await marksAtEnd(db, this.#scope, clock.now());
      for (const listener of [...this.listeners]) listener.ready();
      return;
    }
    const marks = { calls: { ...this.#marks.calls }, events: this.#marks.events };
    const calls: CallRow[] = [];
    let skipped = false;
    for (const node of await nodesOf(db)) {
      const rows = await callsAfter(db, this.#scope.workspaceId, node, marks.calls[node] ?? callsStart);
      const last = rows.at(-1);
      if (last !== undefined) marks.calls[node] = { epoch: last.end_epoch, seq: last.end_seq, id: last.id };
      calls.push(...rows);
      skipped ||= rows.length === mostRows;
    }
    const to = settledBefore(clock.now());
    const changes = await nextEvents(db, this.#scope, { after: marks.events ?? eventsStart, to }, mostRows);
    const last = changes.at(-1);
    if (last !== undefined) marks.events = placeOfEvent(last);
    skipped ||= changes.length === mostRows;
    // Whoever is behind by more than a poll takes in sees the newest rather than ever older ones.
    const next = skipped ? await marksAtEnd(db, this.#scope, clock.now()) : marks;
    const skippedOf = skipped ? await callersBetween(db, this.#scope.workspaceId, marks, next) : nobody;
    this.#marks = next;
    if (calls.length + changes.length === 0) return;
    calls.sort((a, b) => (a.created_at < b.created_at ? -1 : 1));
    for (const listener of [...this.listeners]) listener.tell({ calls, changes, skipped, skippedOf });
  }
}

const nobody: ReadonlySet<string> = new Set();

/** Members who have calls between two marks. */
async function callersBetween(
  db: Kysely<Schema>,
  workspaceId: string,
  after: Marks,
  upTo: Marks,
): Promise<ReadonlySet<string>> {
  const callers = new Set<string>();
  for (const [node, last] of Object.entries(upTo.calls)) {
    const first = after.calls[node] ?? callsStart;
    const rows = await db
      .selectFrom('mcp_tool_calls')
      .select('member_id')
      .distinct()
      .where('workspace_id', '=', workspaceId)
      .where('node', '=', node)
      .where(sql<boolean>`(end_epoch, end_seq, id) > (${first.epoch}, ${first.seq}, ${first.id})`)
      .where(sql<boolean>`(end_epoch, end_seq, id) <= (${last.epoch}, ${last.seq}, ${last.id})`)
      .where('member_id', 'is not', null)
      .execute();
    for (const { member_id: id } of rows) if (id !== null) callers.add(id);
  }
  return callers;
}

/** Calls of a workspace in the order in which a node closed them. */
function callsAfter(
  db: Kysely<Schema>,
  workspaceId: string,
  node: string,
  after: { readonly epoch: number; readonly seq: number; readonly id: string },
): Promise<CallRow[]> {
  const place = sql`(end_epoch, end_seq, mcp_tool_calls.id)`;
  return db
    .selectFrom('mcp_tool_calls')
    .leftJoin('gateway_tokens', 'gateway_tokens.id', 'mcp_tool_calls.token_id')
    .selectAll('mcp_tool_calls')
    .select('gateway_tokens.machine_id')
    .where('mcp_tool_calls.workspace_id', '=', workspaceId)
    .where('node', '=', node)
    .where(sql<boolean>`${place} > (${after.epoch}, ${after.seq}, ${after.id})`)
    .orderBy('end_epoch')
    .orderBy('end_seq')
    .orderBy('mcp_tool_calls.id')
    .limit(mostRows)
    .execute();
}
