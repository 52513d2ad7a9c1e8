import type { Kysely } from 'kysely';
import { forbidden, notFound } from '../../domain/errors.ts';
import { roleOf } from '../../domain/roles.ts';
import type { SnapshotStop } from '../../domain/snapshot.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { Change } from '../change.ts';
import { ownMember, refuseAbove, requireMember } from '../membership.ts';
import type { WorkspaceRef } from '../operation.ts';
import { readDirectory, type Directory } from '../subjects.ts';

/** What a stop is about. */
export type StopTarget = Pick<SnapshotStop, 'kind' | 'targetId' | 'tool'>;

/**
 * What a target names here.
 * @throws AppError `not_found`; `forbidden` for a member above the actor
 */
export async function requireTarget(change: Change, workspace: WorkspaceRef, text: string): Promise<StopTarget> {
  const at = text.indexOf(':');
  const kind = text.slice(0, at) as SnapshotStop['kind'];
  const name = text.slice(at + 1);
  switch (kind) {
    case 'member':
    case 'machine': {
      const found = (await readDirectory(change.tx, workspace)).find(text);
      if (found === undefined || found.kind !== kind) throw notFound(kind, name);
      if (kind === 'member') refuseAbove(change.actor, (await requireMember(change.tx, workspace, found.id)).role);
      return { kind, targetId: found.id, tool: '' };
    }
    case 'token':
      return { kind, targetId: await tokenId(change, workspace, name), tool: '' };
    case 'server':
      return { kind, targetId: await serverId(change, workspace, name), tool: '' };
    case 'tool': {
      const end = name.indexOf(':');
      return { kind, targetId: await serverId(change, workspace, name.slice(0, end)), tool: name.slice(end + 1) };
    }
  }
}

async function tokenId(change: Change, workspace: WorkspaceRef, id: string): Promise<string> {
  const row = await change.tx
    .selectFrom('gateway_tokens')
    .select('id')
    .where('workspace_id', '=', workspace.id)
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  if (row === undefined) throw notFound('token', id);
  return row.id;
}

async function serverId(change: Change, workspace: WorkspaceRef, slug: string): Promise<string> {
  const row = await change.tx
    .selectFrom('gateway_workspace_servers')
    .select('id')
    .where('workspace_id', '=', workspace.id)
    .where('slug', '=', slug)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
  if (row === undefined) throw notFound('server', slug);
  return row.id;
}

/**
 * An administrator who was stopped does not let themself go on.
 * @throws AppError `forbidden`
 */
export async function refuseOwn(change: Change, workspace: WorkspaceRef, target: StopTarget): Promise<void> {
  const own = await ownMember(change.tx, workspace, change.actor);
  if (own === undefined || roleOf(change.actor) === 'owner') return;
  if ((await holderOf(change, target)) === own)
    throw forbidden('Nobody lifts a stop of their own. Ask another administrator or an owner.');
}

/** The member a target belongs to; null for servers, tools and workspace tokens. */
async function holderOf({ tx }: Change, { kind, targetId }: StopTarget): Promise<string | null> {
  if (kind === 'member') return targetId;
  if (kind === 'server' || kind === 'tool') return null;
  const machines = tx.selectFrom('machines').select('owner_id');
  if (kind === 'machine') return (await machines.where('id', '=', targetId).executeTakeFirstOrThrow()).owner_id;
  const token = await tx
    .selectFrom('gateway_tokens')
    .select(['member_id', 'machine_id'])
    .where('id', '=', targetId)
    .executeTakeFirstOrThrow();
  if (token.machine_id === null) return token.member_id;
  return (await machines.where('id', '=', token.machine_id).executeTakeFirstOrThrow()).owner_id;
}

/** The machines of a workspace as targets are written, by the member who owns them. */
export async function machinesByOwner(
  db: Kysely<Schema>,
  workspace: Pick<WorkspaceRef, 'id'>,
): Promise<Map<string, string[]>> {
  const rows = await db
    .selectFrom('machines')
    .select(['name', 'owner_id'])
    .where('workspace_id', '=', workspace.id)
    .where('removed_at', 'is', null)
    .orderBy('name')
    .execute();
  const byOwner = Map.groupBy(rows, (row) => row.owner_id);
  return new Map([...byOwner].map(([owner, of]) => [owner, of.map(({ name }) => `machine:${name}`)]));
}

/** Writes targets as they are sent. What has been removed keeps its last name. */
export async function targetNames(
  db: Kysely<Schema>,
  workspace: Pick<WorkspaceRef, 'id'>,
): Promise<(target: StopTarget) => string> {
  const directory: Directory = await readDirectory(db, workspace);
  const servers = await db
    .selectFrom('gateway_workspace_servers')
    .select(['id', 'slug'])
    .where('workspace_id', '=', workspace.id)
    .execute();
  const slugs = new Map(servers.map((row) => [row.id, row.slug]));
  return ({ kind, targetId: id, tool }) => {
    if (kind === 'member' || kind === 'machine') return directory.name({ kind, id });
    if (kind === 'token') return `token:${id}`;
    return kind === 'server' ? `server:${slugs.get(id)}` : `tool:${slugs.get(id)}:${tool}`;
  };
}
