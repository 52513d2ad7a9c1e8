import type { serverTimelineQuery, Timeline, TimelineEntry } from '@mcpnest/contract/schemas/timelines';
import { sql, type Kysely, type SqlBool } from 'kysely';
import type { z } from 'zod';
import type { Schema } from '../../platform/database/schema.ts';
import type { WorkspaceRef } from '../operation.ts';
import { planCalls, walkCalls } from '../records/records.ts';
import { selectServer, type ServerRow } from '../servers/servers.ts';
import { callHours, firstAndLast, type Span } from './calls.ts';
import { eventsAbout, eventsNaming } from './events.ts';
import { merged, spanOf } from './timelines.ts';

/** What became of a server, or of one of its tools. @throws AppError `not_found` */
export async function serverTimeline(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  slug: string,
  query: z.output<typeof serverTimelineQuery>,
): Promise<Timeline> {
  const row = await selectServer(db, workspace.id, slug);
  const { tool, limit, ...range } = query;
  const span = spanOf(query);
  const named = tool === undefined ? [`server:${slug}`, slug] : [`tool:${slug}:${tool}`, `${slug}:${tool}`, tool];
  const about = await eventsAbout(db, workspace, [`server:${slug}`, `manifest:${slug}`], span);
  const naming = await eventsNaming(db, workspace, ['stops', 'rules', 'drills'], named, span);
  const ofTool = (item: TimelineEntry): boolean =>
    tool === undefined || JSON.stringify(item.facts).includes(JSON.stringify(tool));
  const called =
    tool === undefined
      ? sql<SqlBool>`server_slug = ${slug}`
      : sql<SqlBool>`server_slug = ${slug} and tool_name = ${tool}`;
  const hours = await callHours(db, workspace, { called }, span);
  const filter = { server: slug, ...(tool === undefined ? {} : { tool }), ...range };
  const health = tool === undefined ? await healthChanges(db, row, span) : { items: [], complete: true };
  return {
    subject: tool === undefined ? `server:${slug}` : `tool:${slug}:${tool}`,
    calls: { total: hours.total, ...(await firstAndLast(db, workspace, filter)) },
    tokens: [],
    ...merged(
      [
        { ...about, items: about.items.filter(ofTool) },
        naming,
        hours,
        health,
        tool === undefined ? { items: [], complete: true } : await definitionsSeen(db, workspace, filter),
      ],
      limit,
    ),
  };
}

/** Changes of health, or rows, that are read for one timeline. */
const mostRows = 2_000;

async function healthChanges(
  db: Kysely<Schema>,
  { id }: ServerRow,
  { from, to }: Span,
): Promise<{ items: TimelineEntry[]; complete: boolean }> {
  let rows = db.selectFrom('health_history').selectAll().where('server_id', '=', id);
  if (from !== undefined) rows = rows.where('at', '>=', from);
  if (to !== undefined) rows = rows.where('at', '<', to);
  const found = await rows.orderBy('at', 'desc').limit(mostRows).execute();
  return {
    complete: found.length < mostRows,
    items: found.map((row) => ({
      at: row.at,
      kind: 'health',
      what: row.error_class === null ? row.state : `${row.state}: ${row.error_class}`,
      by: null,
      facts: { state: row.state, errorClass: row.error_class },
    })),
  };
}

/** The definitions recent calls of a tool were made under, each when it was first seen. */
async function definitionsSeen(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  filter: Parameters<typeof planCalls>[2],
): Promise<{ items: TimelineEntry[]; complete: boolean }> {
  const plan = await planCalls(db, workspace.id, filter);
  const { rows, next } = await walkCalls(db, plan, { order: 'newest', limit: mostRows });
  const items: TimelineEntry[] = [];
  for (const [index, row] of rows.entries()) {
    const before = rows[index + 1];
    if (row.definition_hash === null || before?.definition_hash === row.definition_hash) continue;
    // Of the oldest row that was read nothing says whether it was the first of its definition.
    if (before === undefined && next !== undefined) continue;
    const what = `called under the definition ${row.definition_hash.slice(0, 12)}`;
    items.push({ at: row.created_at, kind: 'definition', what, by: null, facts: { hash: row.definition_hash } });
  }
  return { items, complete: next === undefined };
}
