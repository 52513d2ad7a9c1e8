import type { Stats, statsQuery } from '@mcpnest/contract/schemas/statistics';
import { sql, type Kysely } from 'kysely';
import type { z } from 'zod';
import { latencyError } from '../../domain/latency.ts';
import { isoTime } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { hourStart, hoursBetween, sumCounts, type CountTerm, type Hours } from '../counts.ts';
import type { WorkspaceRef } from '../operation.ts';
import { healthyShare } from './healthy-share.ts';
import { Summary, summaryColumns, summarySums } from './summary.ts';

/** By how much a percentile may be off, in percent. */
export const errorPercent = Math.ceil(latencyError * 100);

const mostItems = 1_000;

/** Failures, availability and latency of a span, by server or by tool. @param now milliseconds since the epoch */
export async function showStats(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  query: z.output<typeof statsQuery>,
  now: number,
): Promise<Stats> {
  const { by, server, tool } = query;
  const [from, to] = [query.from, query.to].map((time) => (time === undefined ? undefined : Date.parse(time)));
  const hours = await hoursBetween(db, workspace.id, from, to);
  const where: CountTerm[] = [];
  if (server !== undefined) where.push(sql`server_slug = ${server}`);
  if (tool !== undefined) where.push(sql`tool_name = ${tool}`);
  const { total, groups } = await summarise(db, workspace, hours, by, where);
  const ordered = [...groups.values()].sort((a, b) => b.summary.calls - a.summary.calls);
  const shown = ordered.slice(0, mostItems);
  const span = hours === undefined ? { from: from ?? now, to: to ?? now } : millisecondsOf(hours);
  const ids = await serverIds(db, workspace);
  const items: Stats['items'] = [];
  for (const one of shown) {
    const id = ids.get(one.server);
    items.push({
      server: one.server === '' ? null : one.server,
      tool: one.tool,
      ...one.summary.view(),
      healthyShare: id === undefined ? null : await healthyShare(db, id, { ...span, to: Math.min(span.to, now) }),
    });
  }
  return {
    ...{ from: isoTime(span.from), to: isoTime(span.to), errorPercent },
    total: total.view(),
    items,
    others: ordered.slice(mostItems).reduce((sum, { summary }) => sum + summary.calls, 0),
  };
}

interface Group {
  readonly server: string;
  readonly tool: string | null;
  readonly summary: Summary;
}

/** Calls of some hours, all together and by server or tool. */
export async function summarise(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  hours: Hours | undefined,
  by: 'server' | 'tool',
  where: readonly CountTerm[] = [],
): Promise<{ total: Summary; groups: ReadonlyMap<string, Group> }> {
  const total = new Summary();
  const groups = new Map<string, Group>();
  if (hours === undefined) return { total, groups };
  const columns = ['server_slug', ...(by === 'tool' ? (['tool_name'] as const) : []), ...summaryColumns] as const;
  await sumCounts<'server_slug' | 'tool_name' | (typeof summaryColumns)[number], (typeof summarySums)[number]>(
    db,
    'call_counts',
    { workspaceId: workspace.id, hours, where, columns, sums: summarySums },
    (row) => {
      const tool = by === 'tool' ? row.tool_name : null;
      const key = JSON.stringify([row.server_slug, tool]);
      let group = groups.get(key);
      if (group === undefined) groups.set(key, (group = { server: row.server_slug, tool, summary: new Summary() }));
      group.summary.add(row);
      total.add(row);
    },
  );
  return { total, groups };
}

/** Hours as milliseconds since the epoch. */
export const millisecondsOf = ({ from, to }: Hours): { from: number; to: number } => ({
  from: hourStart(from),
  to: hourStart(to),
});

/** Ids of the servers there are, by slug. */
async function serverIds(db: Kysely<Schema>, workspace: WorkspaceRef): Promise<Map<string, string>> {
  const rows = await db
    .selectFrom('gateway_workspace_servers')
    .select(['id', 'slug'])
    .where('workspace_id', '=', workspace.id)
    .where('removed_at', 'is', null)
    .execute();
  return new Map(rows.map((row) => [row.slug, row.id]));
}
