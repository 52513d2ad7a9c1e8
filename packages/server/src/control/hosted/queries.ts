import type { Kysely, Selectable } from 'kysely';
import { forbidden, notFound } from '../../domain/errors.ts';
import type { Actor } from '../../domain/roles.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { administers, ownMember } from '../membership.ts';
import type { WorkspaceRef } from '../operation.ts';
import { visibleServers } from '../servers/servers.ts';

export type InstanceRow = Selectable<Schema['hosted_instances']>;

/** An instance with the slug of its server. */
export interface FoundInstance {
  readonly row: InstanceRow;
  readonly slug: string;
}

type Db = Kysely<Schema>;

/** @throws AppError `not_found` */
export async function selectInstance(db: Db, workspace: WorkspaceRef, id: string): Promise<FoundInstance> {
  const found = await instances(db, workspace).where('instance.id', '=', id).executeTakeFirst();
  if (found === undefined) throw notFound('hosted instance', id);
  const { slug, ...row } = found;
  return { row, slug };
}

/** The instances an actor may know of: all for an administrator, for a member their own and those shown to everybody. */
export async function visibleInstances(db: Db, workspace: WorkspaceRef, actor: Actor): Promise<FoundInstance[]> {
  const rows = await instances(db, workspace).orderBy('instance.id').execute();
  const all = rows.map(({ slug, ...row }) => ({ row, slug }));
  if (administers(actor)) return all;
  const own = await ownMember(db, workspace, actor);
  const shown = new Set((await visibleServers(db, workspace, actor)).map(({ id }) => id));
  return all.filter(({ row }) => (row.member_id === null ? shown.has(row.server_id) : row.member_id === own));
}

/** @throws AppError `not_found`, also for an instance that is hidden from the actor */
export async function visibleInstance(
  db: Db,
  workspace: WorkspaceRef,
  actor: Actor,
  id: string,
): Promise<FoundInstance> {
  const found = (await visibleInstances(db, workspace, actor)).find(({ row }) => row.id === id);
  if (found === undefined) throw notFound('hosted instance', id);
  return found;
}

/**
 * An instance the actor may end, restart and listen to: their own, or any for an administrator.
 * @throws AppError `not_found`, `forbidden`
 */
export async function requireOwnInstance(
  db: Db,
  workspace: WorkspaceRef,
  actor: Actor,
  id: string,
): Promise<FoundInstance> {
  const found = await visibleInstance(db, workspace, actor, id);
  // What a member sees and is somebody's is their own.
  if (administers(actor) || found.row.member_id !== null) return found;
  throw forbidden('This instance belongs to the workspace: an administrator looks after it.');
}

const instances = (db: Db, workspace: WorkspaceRef) =>
  db
    .selectFrom('hosted_instances as instance')
    .innerJoin('gateway_workspace_servers as server', 'server.id', 'instance.server_id')
    .selectAll('instance')
    .select('server.slug')
    .where('instance.workspace_id', '=', workspace.id);
