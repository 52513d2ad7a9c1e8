import type { Dependencies, dependencyQuery } from '@mcpnest/contract/schemas/charts';
import { sql, type Kysely } from 'kysely';
import type { z } from 'zod';
import { callFault } from '../../domain/call-fault.ts';
import { isoTime } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { sumCounts } from '../counts.ts';
import type { WorkspaceRef } from '../operation.ts';
import { readDirectory } from '../subjects.ts';
import { whoOf } from './usage.ts';
import { dayMs, hoursIn, windowOf } from './window.ts';

const mostEdges = 2_000;

type Query = z.output<typeof dependencyQuery>;
type Edge = Dependencies['edges'][number];
type Use = Pick<Edge, 'calls' | 'failed' | 'denied'>;

/**
 * Who used which server, and how it went. Calls of no server are left out.
 * @param now milliseconds since the epoch
 * @throws AppError `invalid_input` for a span that is empty or too long
 */
export async function showDependencies(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  query: Query,
  now: number,
): Promise<Dependencies> {
  const window = windowOf(query, now, { usualMs: 7 * dayMs, mostMs: 92 * dayMs });
  const callersOf = await callersBehind(db, workspace, query.by);
  const servers = new Map<string, Dependencies['servers'][number]>();
  const edges = new Map<string, Edge>();
  const hours = await hoursIn(db, workspace.id, window);
  if (hours !== undefined)
    await sumCounts<'token_id' | 'server_slug' | 'outcome' | 'status', 'calls'>(
      db,
      'caller_counts',
      {
        workspaceId: workspace.id,
        hours,
        where: [query.server === undefined ? sql`server_slug <> ''` : sql`server_slug = ${query.server}`],
        columns: ['token_id', 'server_slug', 'outcome', 'status'],
        sums: ['calls'],
      },
      (row) => {
        const { server_slug: server } = row;
        count(
          entry(servers, server, () => ({ server, ...nothing })),
          row,
        );
        for (const from of callersOf(row.token_id))
          count(
            entry(edges, JSON.stringify([from, server]), () => ({ from, server, ...nothing })),
            row,
          );
      },
    );
  const ordered = mostFirst([...edges.values()], ({ from, server }) => `${from} ${server}`);
  return {
    ...{ from: isoTime(window.from), to: isoTime(window.to) },
    servers: mostFirst([...servers.values()], ({ server }) => server),
    edges: ordered.slice(0, mostEdges),
    others: ordered.slice(mostEdges).reduce((sum, { calls }) => sum + calls, 0),
  };
}

const nothing: Use = { calls: 0, failed: 0, denied: 0 };

function entry<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}

function count(use: Use, row: { readonly outcome: string; readonly status: number; readonly calls: number }): void {
  use.calls += row.calls;
  if (row.outcome !== 'ok') use.failed += row.calls;
  if (callFault(row.outcome, row.status) === 'denied') use.denied += row.calls;
}

const mostFirst = <Counted extends Use>(all: Counted[], name: (one: Counted) => string): Counted[] =>
  all.sort((a, b) => b.calls - a.calls || (name(a) < name(b) ? -1 : 1));

/** Names of who is behind a token; several where its member is in several teams. */
async function callersBehind(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  by: Query['by'],
): Promise<(tokenId: string) => readonly string[]> {
  if (by === 'team') {
    const teams = await whoOf(db, workspace, 'team');
    return (tokenId) => teams.ids(tokenId).map((slug) => (slug === null ? 'workspace' : `team:${slug}`));
  }
  const directory = await readDirectory(db, workspace);
  const [members, machines] = [await whoOf(db, workspace, 'member'), await whoOf(db, workspace, 'machine')];
  return (tokenId) => {
    const [member, machine] = [members.ids(tokenId)[0] ?? null, machines.ids(tokenId)[0] ?? null];
    if (member !== null) return [directory.name({ kind: 'member', id: member })];
    return [machine === null ? 'workspace' : directory.name({ kind: 'machine', id: machine })];
  };
}
