import type { Kysely } from 'kysely';
import { AppError, notFound } from '../domain/errors.ts';
import type { Actor } from '../domain/roles.ts';
import type { Schema } from '../platform/database/schema.ts';
import type { WorkspaceRef } from './operation.ts';

/** @throws AppError `not_found` */
export async function findWorkspace(db: Kysely<Schema>, slug: string): Promise<WorkspaceRef> {
  const row = await workspaces(db).where('workspace.slug', '=', slug).executeTakeFirst();
  if (row === undefined) throw notFound('workspace', slug.slice(0, 100));
  return row;
}

/**
 * The workspace of an operation whose path names none: that of the hosted instance in the path, or `workspace` of body
 * or query. What is beyond the actor's reach is not there for them.
 * @throws AppError `not_found`
 */
export async function namedWorkspace(
  db: Kysely<Schema>,
  actor: Actor,
  input: { readonly params: unknown; readonly query: unknown; readonly body: unknown },
): Promise<WorkspaceRef> {
  const bound = actor.kind === 'user' || actor.kind === 'invited' ? actor.workspace : null;
  const instanceId = textIn(input.params, 'instance');
  if (instanceId !== undefined) return workspaceOfInstance(db, instanceId, bound);
  const slug = textIn(input.body, 'workspace') ?? textIn(input.query, 'workspace');
  if (slug === undefined) throw new AppError('internal', 'The operation names no workspace.');
  if (bound !== null && bound.slug !== slug) throw notFound('workspace', slug);
  return findWorkspace(db, slug);
}

async function workspaceOfInstance(
  db: Kysely<Schema>,
  instanceId: string,
  bound: WorkspaceRef | null,
): Promise<WorkspaceRef> {
  let query = workspaces(db)
    .innerJoin('hosted_instances as instance', 'instance.workspace_id', 'workspace.id')
    .where('instance.id', '=', instanceId);
  if (bound !== null) query = query.where('workspace.id', '=', bound.id);
  const row = await query.executeTakeFirst();
  if (row === undefined) throw notFound('hosted instance', instanceId);
  return row;
}

const workspaces = (db: Kysely<Schema>) =>
  db.selectFrom('gateway_workspaces as workspace').select(['workspace.id', 'workspace.slug']);

/** What was parsed by the operation's own schemas has the fields they declare. */
function textIn(part: unknown, name: 'workspace' | 'instance'): string | undefined {
  if (typeof part !== 'object' || part === null || !Object.hasOwn(part, name)) return undefined;
  const value = (part as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : undefined;
}
