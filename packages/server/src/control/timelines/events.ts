import type { TimelineEntry } from '@mcpnest/contract/schemas/timelines';
import type { Kysely } from 'kysely';
import type { Schema } from '../../platform/database/schema.ts';
import { emailsOf } from '../actor-emails.ts';
import type { WorkspaceRef } from '../operation.ts';
import type { Span } from './calls.ts';

/** Events that are read of one question; of more, the newest. */
const mostEvents = 2_000;

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
  const rows = spanned(db, workspace, span).where((row) =>
    row.or(nouns.map((noun) => row('action', 'like', `${noun}.%`))),
  );
  const { items, complete } = await read(db, rows);
  const quoted = named.map((name) => JSON.stringify(name));
  const names = ({ facts }: TimelineEntry): boolean => {
    const text = JSON.stringify(facts);
    return quoted.some((name) => text.includes(name));
  };
  return { items: items.filter(names), complete };
}

function spanned(db: Kysely<Schema>, workspace: WorkspaceRef, { from, to }: Span) {
  let rows = db.selectFrom('audit_events').selectAll().where('workspace_id', '=', workspace.id);
  if (from !== undefined) rows = rows.where('created_at', '>=', from);
  if (to !== undefined) rows = rows.where('created_at', '<', to);
  return rows;
}

async function read(db: Kysely<Schema>, rows: ReturnType<typeof spanned>): Promise<Found> {
  const found = await rows.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(mostEvents).execute();
  const emails = await emailsOf(
    db,
    found.map((row) => row.actor),
  );
  return {
    complete: found.length < mostEvents,
    items: found.map((row) => ({
      at: row.created_at,
      kind: 'change',
      what: `${row.action} ${row.target ?? '(erased)'}`,
      by: emails.get(row.actor) ?? row.actor,
      facts: factsOf(row.detail),
    })),
  };
}

/** Erased with the person it spoke of, or spoilt: the event itself stays. */
function factsOf(detail: string | null): Record<string, unknown> {
  try {
    return detail === null ? {} : (JSON.parse(detail) as Record<string, unknown>);
  } catch {
    return {};
  }
}
