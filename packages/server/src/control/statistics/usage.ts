import type { Usage, UsageItem, usageQuery } from '@mcpnest/contract/schemas/statistics';
import { sql, type Kysely } from 'kysely';
import type { z } from 'zod';
import { callFault } from '../../domain/call-fault.ts';
import type { Actor } from '../../domain/roles.ts';
import { isoTime } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { hoursBetween, sumCounts } from '../counts.ts';
import { onlyCallsOf } from '../membership.ts';
import type { WorkspaceRef } from '../operation.ts';
import { readDirectory } from '../subjects.ts';
import { millisecondsOf } from './statistics.ts';

type Query = z.output<typeof usageQuery>;

/** Characters of a day that name it or its month. */
const periodLength = { day: 10, month: 7 } as const;
const mostItems = 10_000;

/**
 * How much was used, by whom or of what. A member is shown their own use only.
 * @param now milliseconds since the epoch
 */
export async function showUsage(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  actor: Actor,
  { by, per, from, to }: Query,
  now: number,
): Promise<Usage> {
  const [first, last] = [from, to].map((time) => (time === undefined ? undefined : Date.parse(time)));
  const hours = await hoursBetween(db, workspace.id, first, last);
  const span = hours === undefined ? { from: first ?? now, to: last ?? now } : millisecondsOf(hours);
  const own = await onlyCallsOf(db, workspace, actor);
  const ofTokens = own === undefined ? undefined : sql`select id from gateway_tokens where member_id = ${own}`;
  const who = await whoOf(db, workspace, by);
  const items = new Map<string, UsageItem>();
  if (hours !== undefined) {
    const columns = [by === 'server' ? 'server_slug' : 'token_id', 'outcome', 'status'] as const;
    const sums = ['calls', 'bytes_in', 'bytes_out'] as const;
    await sumCounts(db, 'caller_counts', { workspaceId: workspace.id, hours, ofTokens, columns, sums }, (row, day) => {
      const period = per === 'all' ? 'all' : day.slice(0, periodLength[per]);
      for (const id of who.ids(row[columns[0]])) {
        const key = JSON.stringify([period, id]);
        let item = items.get(key);
        if (item === undefined) {
          const nothing = { calls: 0, failed: 0, denied: 0, bytesIn: 0, bytesOut: 0 };
          items.set(key, (item = { period, id, name: id === null ? null : who.name(id), ...nothing }));
        }
        item.calls += row.calls;
        if (row.outcome !== 'ok') item.failed += row.calls;
        if (callFault(row.outcome, row.status) === 'denied') item.denied += row.calls;
        item.bytesIn += row.bytes_in;
        item.bytesOut += row.bytes_out;
      }
    });
  }
  const ordered = [...items.values()].sort(
    (a, b) => compare(a.period, b.period) || b.calls - a.calls || compare(a.id ?? '', b.id ?? ''),
  );
  return {
    from: isoTime(span.from),
    to: isoTime(span.to),
    items: ordered.slice(0, mostItems),
    others: ordered.slice(mostItems).reduce((sum, { calls }) => sum + calls, 0),
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** For whom a count is made. */
export interface Who {
  /** Whom the calls of a token, or of a server, count for; several for teams. */
  ids(column: string): readonly (string | null)[];
  name(id: string): string | null;
}

/** Who is behind tokens, as members, machines or teams; or what servers are called. */
export async function whoOf(db: Kysely<Schema>, workspace: WorkspaceRef, by: Query['by']): Promise<Who> {
  if (by === 'server') return { ids: (server) => [server === '' ? null : server], name: () => null };
  const tokens = await db
    .selectFrom('gateway_tokens as token')
    .leftJoin('machines as machine', 'machine.id', 'token.machine_id')
    .select(['token.id', 'token.label', 'token.member_id', 'token.machine_id', 'machine.owner_id'])
    .where('token.workspace_id', '=', workspace.id)
    .execute();
  const known = new Map(tokens.map((row) => [row.id, row]));
  if (by === 'token') return { ids: (id) => [id], name: (id) => known.get(id)?.label ?? null };
  const directory = await readDirectory(db, workspace);
  if (by !== 'team') {
    const column = by === 'member' ? 'member_id' : 'machine_id';
    return {
      ids: (id) => [known.get(id)?.[column] ?? null],
      name: (id) => directory.name({ kind: by, id }).slice(by.length + 1),
    };
  }
  const seats = await db
    .selectFrom('team_members')
    .innerJoin('teams', 'teams.id', 'team_members.team_id')
    .select(['teams.slug', 'teams.name', 'team_members.member_id'])
    .where('teams.workspace_id', '=', workspace.id)
    .execute();
  const teams = Map.groupBy(seats, (row) => row.member_id);
  const names = new Map(seats.map((row) => [row.slug, row.name]));
  return {
    ids: (id) => {
      const token = known.get(id);
      const mine = teams.get(token?.member_id ?? token?.owner_id ?? '');
      return mine === undefined ? [null] : mine.map((row) => row.slug);
    },
    name: (slug) => names.get(slug) ?? null,
  };
}
