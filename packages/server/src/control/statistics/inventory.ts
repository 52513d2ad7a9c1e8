import type { inventory, InventoryItem, inventoryQuery } from '@mcpnest/contract/schemas/inventory';
import { sql, type Kysely } from 'kysely';
import type { z } from 'zod';
import { isoTime } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { WorkspaceRef } from '../operation.ts';
import { custodyOf, ownersOf, serverHealth, type ServerRow } from '../servers/servers.ts';

const dayMs = 86_400_000;
const levels: readonly InventoryItem['sensitivity'][] = ['none', 'internal', 'confidential', 'restricted'];

/** Every server with who looks after it, what it touches and when it last did. @param now milliseconds */
export async function showInventory(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  query: z.output<typeof inventoryQuery>,
  now: number,
): Promise<z.output<typeof inventory>> {
  const rows = await readServers(db, workspace.id);
  const at = isoTime(now);
  const health = await serverHealth(db, rows, at);
  const owners = await ownersOf(db, workspace);
  const people = await peopleOf(db, workspace);
  const since = isoTime(now - query.days * dayMs);
  const all: InventoryItem[] = rows.map((row) => {
    const { state, checkedAt, pendingReview } = health.get(row.id)!;
    const custody = custodyOf(row);
    const owner = owners.get(row.slug) ?? null;
    const lastUsedAt = row.last_call ?? (row.last_hour === null ? null : `${row.last_hour}:00:00.000Z`);
    return {
      server: row.slug,
      name: row.name,
      enabled: row.enabled === 1,
      online: row.enabled === 1 && state !== 'down' && state !== 'drill' && state !== 'unknown',
      state: row.enabled === 1 ? state : 'disabled',
      owner,
      ...custody,
      orphaned: whyOrphaned(owner, custody.maintainer, people),
      lastUsedAt,
      lastHealthyAt: state === 'healthy' ? checkedAt : row.last_healthy,
      pendingReview,
      used: lastUsedAt !== null && lastUsedAt >= since,
    };
  });
  const count = (holds: (item: InventoryItem) => boolean): number => all.filter(holds).length;
  return {
    items: all.filter((item) => wanted(item, query)),
    counts: {
      servers: all.length,
      online: count(({ online }) => online),
      used: count(({ used }) => used),
      orphaned: count(({ orphaned }) => orphaned !== null),
      sensitive: count(({ sensitivity }) => levels.indexOf(sensitivity) >= 2),
    },
  };
}

function wanted(item: InventoryItem, query: z.output<typeof inventoryQuery>): boolean {
  const { online, used, orphaned, sensitivity, label, maintainer, owner } = query;
  const is = (asked: 'true' | 'false' | undefined, value: boolean): boolean =>
    asked === undefined || value === (asked === 'true');
  return (
    is(online, item.online) &&
    is(used, item.used) &&
    is(orphaned, item.orphaned !== null) &&
    (sensitivity === undefined || levels.indexOf(item.sensitivity) >= levels.indexOf(sensitivity)) &&
    (label === undefined || item.labels.includes(label)) &&
    (maintainer === undefined || item.maintainer?.toLowerCase() === maintainer.toLowerCase()) &&
    (owner === undefined || item.owner === owner)
  );
}

interface People {
  /** Email addresses of members. */
  readonly present: ReadonlySet<string>;
  /** Of those who were, and are no longer. */
  readonly left: ReadonlySet<string>;
  /** Slugs of teams that have somebody in them. */
  readonly teams: ReadonlySet<string>;
}

function whyOrphaned(owner: string | null, maintainer: string | null, people: People): string | null {
  const person = maintainer?.toLowerCase();
  if (person !== undefined) {
    const gone = people.left.has(person) && !people.present.has(person);
    return gone ? `its maintainer ${maintainer} has left` : null;
  }
  if (owner === null) return 'it has neither owner nor maintainer';
  return people.teams.has(owner) ? null : `nobody is in the team ${owner} it belongs to`;
}

async function peopleOf(db: Kysely<Schema>, workspace: WorkspaceRef): Promise<People> {
  const members = await db
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select(['users.email', 'members.removed_at'])
    .where('members.workspace_id', '=', workspace.id)
    .execute();
  const teams = await db
    .selectFrom('teams')
    .innerJoin('team_members', 'team_members.team_id', 'teams.id')
    .select('teams.slug')
    .distinct()
    .where('teams.workspace_id', '=', workspace.id)
    .execute();
  const emails = (removed: boolean): Set<string> =>
    new Set(members.filter((row) => (row.removed_at !== null) === removed).map((row) => row.email));
  return { present: emails(false), left: emails(true), teams: new Set(teams.map((row) => row.slug)) };
}

/** Servers with their last call, each found at the end of an index: rows first, counts where those are gone. */
function readServers(
  db: Kysely<Schema>,
  workspaceId: string,
): Promise<(ServerRow & { last_call: string | null; last_hour: string | null; last_healthy: string | null })[]> {
  const server = 'gateway_workspace_servers';
  return db
    .selectFrom(server)
    .selectAll(server)
    .select([
      sql<string | null>`(select max(created_at) from mcp_tool_calls
        where workspace_id = ${workspaceId} and server_slug = ${sql.ref(`${server}.slug`)})`.as('last_call'),
      sql<string | null>`(select max(hour) from call_counts
        where workspace_id = ${workspaceId} and server_slug = ${sql.ref(`${server}.slug`)})`.as('last_hour'),
      // Healthy until it was something else.
      sql<string | null>`(select min(later.at) from health_history later
        where later.server_id = ${sql.ref(`${server}.id`)} and later.at > (select max(health_history.at) from health_history
          where health_history.server_id = ${sql.ref(`${server}.id`)} and state = 'healthy'))`.as('last_healthy'),
    ])
    .where('workspace_id', '=', workspaceId)
    .where('removed_at', 'is', null)
    .orderBy('position')
    .execute();
}
