import type { Role } from '@mcpnest/contract/operation';
import type { Kysely } from 'kysely';
import { forbidden, notFound } from '../domain/errors.ts';
import { newId } from '../domain/ids.ts';
import { atLeast, roleOf } from '../domain/roles.ts';
import type { Actor } from '../domain/roles.ts';
import type { Schema } from '../platform/database/schema.ts';
import type { Change } from './change.ts';
import type { WorkspaceRef } from './operation.ts';

/** A person's place in one workspace. */
export interface Membership {
  readonly id: string;
  readonly role: Role;
}

/** @throws AppError `not_found` for who is not, or no longer, a member of this workspace */
export async function requireMember(db: Kysely<Schema>, workspace: WorkspaceRef, id: string): Promise<Membership> {
  const row = await memberships(db, workspace).where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw notFound('member', id);
  return { id: row.id, role: row.role as Role };
}

/** The membership of the actor themself; undefined for who is none, as the local operator. @returns its id */
export async function ownMember(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  actor: Actor,
): Promise<string | undefined> {
  if (actor.kind !== 'user') return undefined;
  return (await memberships(db, workspace).where('user_id', '=', actor.userId).executeTakeFirst())?.id;
}

const memberships = (db: Kysely<Schema>, workspace: WorkspaceRef) =>
  db
    .selectFrom('members')
    .select(['id', 'role'])
    .where('workspace_id', '=', workspace.id)
    .where('removed_at', 'is', null);

/** Whether the actor administers the workspace, rather than only what is their own. */
export const administers = (actor: Actor): boolean => atLeast(roleOf(actor), 'admin');

/**
 * Whose calls the actor may see: all, or those of one member, who is nobody where the actor is no member.
 * @returns id of the one member; undefined for all
 */
export async function onlyCallsOf(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  actor: Actor,
): Promise<string | undefined> {
  return administers(actor) ? undefined : ((await ownMember(db, workspace, actor)) ?? '');
}

/**
 * The ladder: nobody acts on someone above them, or gives what is above them.
 * @throws AppError `forbidden`
 */
export function refuseAbove(actor: Actor, role: Role): void {
  if (atLeast(roleOf(actor), role)) return;
  throw forbidden(`Your role is ${roleOf(actor)}; ${role} is above it.`);
}

/** The user of an email address, made when unknown; an existing user keeps their name. @returns the user's id */
export async function findOrCreateUser(change: Change, email: string, name: string | undefined): Promise<string> {
  const known = await change.tx.selectFrom('users').select('id').where('email', '=', email).executeTakeFirst();
  if (known !== undefined) return known.id;
  const id = newId(change.now);
  const user = { id, email, name: name ?? email.split('@', 1)[0]!, created_at: change.at, instance_role: null };
  await change.tx.insertInto('users').values(user).execute();
  return id;
}
