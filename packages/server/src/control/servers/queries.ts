import type { Kysely, Selectable, Transaction } from 'kysely';
import { notFound } from '../../domain/errors.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { selectOpenedEntries } from '../network/network.ts';

export type ServerRow = Selectable<Schema['gateway_workspace_servers']>;
export type HealthRow = Selectable<Schema['upstream_health']>;

type Handle = Kysely<Schema>;
type Writer = Transaction<Schema>;

/** The servers of a workspace that are not removed, in their order. */
export const selectServers = (db: Handle, workspaceId: string): Promise<ServerRow[]> =>
  db
    .selectFrom('gateway_workspace_servers')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('removed_at', 'is', null)
    .orderBy('position')
    .orderBy('id')
    .execute();

/** The server of this slug, unless there is none or it is removed. */
export const findServer = (db: Handle, workspaceId: string, slug: string): Promise<ServerRow | undefined> =>
  db
    .selectFrom('gateway_workspace_servers')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('slug', '=', slug)
    .where('removed_at', 'is', null)
    .executeTakeFirst();

/** @throws AppError `not_found` */
export async function selectServer(db: Handle, workspaceId: string, slug: string): Promise<ServerRow> {
  const row = await findServer(db, workspaceId, slug);
  if (row === undefined) throw notFound('server', slug);
  return row;
}

/** Health rows by server id; a server the gateway has not spoken to has none. */
export async function selectHealth(db: Handle, serverIds: readonly string[]): Promise<Map<string, HealthRow>> {
  if (serverIds.length === 0) return new Map();
  const rows = await db.selectFrom('upstream_health').selectAll().where('server_id', 'in', serverIds).execute();
  return new Map(rows.map((row) => [row.server_id, row]));
}

/** When the failure drills that run began, by server id. */
export async function selectRunningDrills(
  db: Handle,
  serverIds: readonly string[],
  at: string,
): Promise<Map<string, string>> {
  if (serverIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('drills')
    .select(['server_id', 'started_at'])
    .where('server_id', 'in', serverIds)
    .where('ends_at', '>', at)
    .execute();
  return new Map(rows.map((row) => [row.server_id, row.started_at]));
}

/** The opened addresses as `host:port`. */
export async function selectOpened(db: Handle): Promise<Set<string>> {
  return new Set((await selectOpenedEntries(db)).map(({ host, port }) => `${host}:${port}`));
}

/** Slugs of the teams of a workspace, by id. */
export async function selectTeamSlugs(db: Handle, workspaceId: string): Promise<Map<string, string>> {
  const rows = await db.selectFrom('teams').select(['id', 'slug']).where('workspace_id', '=', workspaceId).execute();
  return new Map(rows.map((row) => [row.id, row.slug]));
}

/** Give the servers the positions 1, 2, 3 … in the order of the ids. */
export async function writeOrder(tx: Writer, ordered: readonly ServerRow[]): Promise<void> {
  for (const [index, row] of ordered.entries()) {
    if (row.position === index + 1) continue;
    await tx
      .updateTable('gateway_workspace_servers')
      .set({ position: index + 1 })
      .where('id', '=', row.id)
      .execute();
  }
}

/** Every revision of a server, newest first. */
export const selectRevisions = (db: Handle, serverId: string): Promise<Selectable<Schema['server_revisions']>[]> =>
  db.selectFrom('server_revisions').selectAll().where('server_id', '=', serverId).orderBy('revision', 'desc').execute();

/** @throws AppError `not_found` */
export async function selectRevision(db: Handle, server: ServerRow, revision: number): Promise<string> {
  const row = await db
    .selectFrom('server_revisions')
    .select('config')
    .where('server_id', '=', server.id)
    .where('revision', '=', revision)
    .executeTakeFirst();
  if (row === undefined) throw notFound(`revision of server '${server.slug}'`, String(revision));
  return row.config;
}
