import type { Kysely } from 'kysely';
import { AppError, notFound } from '../domain/errors.ts';
import type { Actor } from '../domain/roles.ts';
import type { Schema } from '../platform/database/schema.ts';
import { actorOfSession } from './console-session.ts';
import type { WorkspaceRef } from './operation.ts';

/** @throws AppError `not_found` */
export async function findWorkspace(db: Kysely<Schema>, slug: string): Promise<WorkspaceRef> {
  const row = await workspaces(db).where('workspace.slug', '=', slug).executeTakeFirst();
  if (row === undefined) throw notFound('workspace', slug.slice(0, 100));
  return row;
}

/** Where an operation is whose path names no workspace, and who its actor is there. */
export interface NamedPlace {
  readonly actor: Actor;
  readonly workspace: WorkspaceRef;
}

/**
 * The workspace of an operation whose path names none: that of the hosted instance in the path, or `workspace` of body
 * or query. What is beyond the actor's reach is not there for them: another's instance is answered as one that does not
 * exist. Who is signed in counts as what they are in that very workspace.
 * @throws AppError `not_found`
 */
export async function placeNamed(
  db: Kysely<Schema>,
  actor: Actor,
  input: { readonly params: unknown; readonly query: unknown; readonly body: unknown },
): Promise<NamedPlace> {
  const instanceId = textIn(input.params, 'instance');
  const slug = textIn(input.body, 'workspace') ?? textIn(input.query, 'workspace');
  if (instanceId === undefined && slug === undefined)
    throw new AppError('internal', 'The operation names no workspace.');
  const absent = (): AppError =>
    instanceId === undefined ? notFound('workspace', slug!) : notFound('hosted instance', instanceId);
  const workspace = await (
    instanceId === undefined
      ? workspaces(db).where('workspace.slug', '=', slug!)
      : workspaces(db)
          .innerJoin('hosted_instances as instance', 'instance.workspace_id', 'workspace.id')
          .where('instance.id', '=', instanceId)
  ).executeTakeFirst();
  // Asked in any case, so that not even the time it takes tells whether there is such a workspace.
  const placed = await actorIn(db, actor, workspace?.slug ?? '', absent);
  if (workspace === undefined) throw absent();
  return { actor: placed, workspace };
}

/** @throws AppError `absent` for a workspace that the actor must not learn of */
async function actorIn(db: Kysely<Schema>, actor: Actor, slug: string, absent: () => AppError): Promise<Actor> {
  if (actor.kind !== 'user') return actor;
  if (actor.credential.kind === 'session') {
    const session = { id: actor.credential.id, user_id: actor.userId };
    return actorOfSession(db, session, { scope: 'workspace' }, slug).catch((error: unknown) => {
      throw error instanceof AppError && error.code === 'not_found' ? absent() : error;
    });
  }
  if (actor.workspace === 'none' || (actor.workspace !== null && actor.workspace.slug !== slug)) throw absent();
  return actor;
}

const workspaces = (db: Kysely<Schema>) =>
  db.selectFrom('gateway_workspaces as workspace').select(['workspace.id', 'workspace.slug']);

/** What was parsed by the operation's own schemas has the fields they declare. */
function textIn(part: unknown, name: 'workspace' | 'instance'): string | undefined {
  if (typeof part !== 'object' || part === null || !Object.hasOwn(part, name)) return undefined;
  const value = (part as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : undefined;
}
