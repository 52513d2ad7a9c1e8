import type { TimelineEntry } from '@mcpnest/contract/schemas/timelines';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import type { Schema } from '../../platform/database/schema.ts';
import { readDetail, readEvents } from '../../platform/audit-events.ts';
import { emailsOf } from '../actor-emails.ts';
import type { WorkspaceRef } from '../operation.ts';
import type { Span } from './calls.ts';

/** Events that are read of one question; of more, the newest. */
const mostEvents = 2_000;
/** Events that are looked at in one statement, where no index knows which are wanted: calls share the process with us. */
const windowEvents = 2_000;
/** Events that are looked at for one question. */
const mostLookedAt = 100_000;

interface Found {
  readonly items: TimelineEntry[];
  readonly complete: boolean;
}

/** What was changed about any of these targets, newest first. */
export async function eventsAbout(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  targets: readonly string[],
  span: Span,
): Promise<Found> {
  if (targets.length === 0) return { items: [], complete: true };
  return read(db, spanned(db, workspace, span).where('target', 'in', targets));
}

/** Changes of these nouns whose details name something, as rules and stops name who or what they are about. */
export async function eventsNaming(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  nouns: readonly string[],
  named: readonly string[],
  span: Span,
): Promise<Found> {
  const quoted = named.map((name) => JSON.stringify(name));
  const names = ({ facts }: TimelineEntry): boolean => {
    const text = JSON.stringify(facts);
    return quoted.some((name) => text.includes(name));
  };
  const items: TimelineEntry[] = [];
  let { to } = span;
  for (let looked = windowEvents; ; looked += windowEvents) {
    const window = spanned(db, workspace, { ...span, to });
    const edge = (
      await window
        .select('created_at')
        .orderBy('created_at', 'desc')
        .offset(windowEvents - 1)
        .limit(1)
        .executeTakeFirst()
    )?.created_at;
    const rows = window.where((row) => row.or(nouns.map((noun) => row('action', 'like', `${noun}.%`))));
    const found = await read(db, edge === undefined ? rows : rows.where('created_at', '>=', edge));
    items.push(...found.items.filter(names));
    if (edge === undefined || !found.complete || looked >= mostLookedAt)
      return { items, complete: edge === undefined && found.complete };
    to = edge;
    await nextTurn();
  }
}

function spanned(db: Kysely<Schema>, workspace: WorkspaceRef, { from, to }: Span) {
  let rows = db.selectFrom('audit_events').where('workspace_id', '=', workspace.id);
  if (from !== undefined) rows = rows.where('created_at', '>=', from);
  if (to !== undefined) rows = rows.where('created_at', '<', to);
  return rows;
}

async function read(db: Kysely<Schema>, rows: ReturnType<typeof spanned>): Promise<Found> {
  const { rows: found, cut } = await readEvents(rows.orderBy('created_at', 'desc').orderBy('id', 'desc'), mostEvents);
  const emails = await emailsOf(
    db,
    found.map((row) => row.actor),
  );
  return {
    complete: !cut,
    items: found.map((row) => ({
      at: row.created_at,
      kind: 'change',
      what: `${row.action} ${row.target ?? '(erased)'}`,
      by: emails.get(row.actor) ?? row.actor,
      // An event's detail is an object, or gone.
      facts: (readDetail(row.detail) ?? {}) as Record<string, unknown>,
    })),
  };
}
