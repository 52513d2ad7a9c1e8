import type { z } from 'zod';
import type { Role } from '@mcpnest/contract/operation';
import type { Member, memberAdd } from '@mcpnest/contract/schemas/members';
import type { Kysely } from 'kysely';
import { alreadyExists, conflict, forbidden, notFound } from '../../domain/errors.ts';
import { newId } from '../../domain/ids.ts';
import { atLeast, roleOf } from '../../domain/roles.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { revokeUserKeys } from '../api-keys/api-keys.ts';
import type { Change } from '../change.ts';
import type { WorkspaceRef } from '../operation.ts';
import { revokeMemberTokens } from '../tokens/tokens.ts';
import { insertMember } from '../workspaces/workspaces.ts';

/** The people of a workspace, by email. */
export async function listMembers(db: Kysely<Schema>, workspaceId: string): Promise<Member[]> {
  return (await selectMembers(db, workspaceId).orderBy('users.email').execute()).map(toMember);
}

/**
 * Add a person, who becomes a user of the instance when not one yet.
 * @throws AppError `already_exists`; `forbidden` for a role above the caller's
 */
export async function addMember(
  change: Change,
  workspace: WorkspaceRef,
  body: z.output<typeof memberAdd>,
): Promise<Member> {
  refuseAbove(change, body.role);
  const userId = await findOrCreateUser(change, body.email, body.name);
  const present = await selectMembers(change.tx, workspace.id).where('members.user_id', '=', userId).executeTakeFirst();
  if (present !== undefined) throw alreadyExists('member', body.email);
  const id = await insertMember(change, workspace.id, userId, body.role);
  await recordMember(change, workspace, id, { email: body.email, role: body.role });
  return findMember(change, workspace, id);
}

/** The user of an email address, made when unknown; an existing user keeps their name. @returns the user's id */
export async function findOrCreateUser(change: Change, email: string, name: string | undefined): Promise<string> {
  const known = await change.tx.selectFrom('users').select('id').where('email', '=', email).executeTakeFirst();
  if (known !== undefined) return known.id;
  const id = newId(change.now);
  const user = { id, email, name: name ?? email.split('@', 1)[0]!, created_at: change.at };
  await change.tx.insertInto('users').values(user).execute();
  return id;
}

/**
 * Give a member another role. Their control keys follow at once: a key never counts for more than its member.
 * @throws AppError `not_found`; `forbidden` for someone or a role above the caller; `conflict` for the last owner
 */
export async function updateMember(change: Change, workspace: WorkspaceRef, id: string, role: Role): Promise<Member> {
  const member = await findMember(change, workspace, id);
  refuseAbove(change, member.role);
  refuseAbove(change, role);
  if (member.role === role) return member;
  if (member.role === 'owner') await keepAnOwner(change, workspace, member);
  await change.tx.updateTable('members').set({ role }).where('id', '=', id).execute();
  await recordMember(change, workspace, id, { email: member.email, before: { role: member.role }, after: { role } });
  return { ...member, role };
}

/**
 * Remove a person: their tokens and control keys in this workspace end in the same transaction. Nobody else notices.
 * @throws AppError `not_found`; `forbidden` for someone above the caller; `conflict` for the last owner
 */
export async function removeMember(change: Change, workspace: WorkspaceRef, id: string): Promise<void> {
  const member = await findMember(change, workspace, id);
  refuseAbove(change, member.role);
  if (member.role === 'owner') await keepAnOwner(change, workspace, member);
  await change.tx.updateTable('members').set({ removed_at: change.at }).where('id', '=', id).execute();
  const tokens = await revokeMemberTokens(change, id);
  const keys = await revokeUserKeys(change, workspace, member.userId);
  await recordMember(change, workspace, id, { email: member.email, role: member.role, ended: { tokens, keys } });
}

const selectMembers = (db: Kysely<Schema>, workspaceId: string) =>
  db
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select(['members.id', 'members.user_id', 'members.role', 'members.created_at', 'users.email', 'users.name'])
    .where('members.workspace_id', '=', workspaceId)
    .where('members.removed_at', 'is', null);

interface MemberRow {
  readonly id: string;
  readonly user_id: string;
  readonly email: string;
  readonly name: string;
  readonly role: string;
  readonly created_at: string;
}

const toMember = (row: MemberRow): Member => ({
  id: row.id,
  userId: row.user_id,
  email: row.email,
  name: row.name,
  role: row.role as Role,
  createdAt: row.created_at,
});

async function findMember(change: Change, workspace: WorkspaceRef, id: string): Promise<Member> {
  const row = await selectMembers(change.tx, workspace.id).where('members.id', '=', id).executeTakeFirst();
  if (row === undefined) throw notFound('member', id);
  return toMember(row);
}

async function keepAnOwner(change: Change, workspace: WorkspaceRef, leaving: Member): Promise<void> {
  const owners = await selectMembers(change.tx, workspace.id).where('members.role', '=', 'owner').execute();
  if (owners.some((owner) => owner.id !== leaving.id)) return;
  throw conflict(`${leaving.email} is the last owner of this workspace. Make someone else an owner first.`);
}

const recordMember = (
  change: Change,
  workspace: WorkspaceRef,
  id: string,
  detail: Record<string, unknown>,
): Promise<void> => change.record({ workspaceId: workspace.id, target: `member:${id}`, detail, publish: 'workspace' });

function refuseAbove(change: Change, role: Role): void {
  if (atLeast(roleOf(change.actor), role)) return;
  throw forbidden(`Your role is ${roleOf(change.actor)}; ${role} is above it.`);
}
