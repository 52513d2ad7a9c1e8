import type { z } from 'zod';
import type { Role } from '@mcpnest/contract/operation';
import type { Member, memberAdd } from '@mcpnest/contract/schemas/members';
import type { Kysely } from 'kysely';
import { alreadyExists, conflict, notFound } from '../../domain/errors.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { nameOf } from '../actor-emails.ts';
import { announce } from '../announce.ts';
import { revokeUserKeys } from '../api-keys/api-keys.ts';
import type { Change } from '../change.ts';
import { revokeInvitationsBy } from '../invitations/invitations.ts';
import { findOrCreateUser, refuseAbove } from '../membership.ts';
import type { WorkspaceRef } from '../operation.ts';
import { machinesOf } from '../machines/machines.ts';
import { removeRulesOf } from '../rules/rules.ts';
import { leaveTeams } from '../teams/teams.ts';
import { revokeTokensOf } from '../tokens/tokens.ts';
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
  refuseAbove(change.actor, body.role);
  const userId = await findOrCreateUser(change, body.email, body.name);
  const present = await selectMembers(change.tx, workspace.id).where('members.user_id', '=', userId).executeTakeFirst();
  if (present !== undefined) throw alreadyExists('member', body.email);
  const id = await insertMember(change, workspace.id, userId, body.role);
  await recordMember(change, workspace, id, { email: body.email, role: body.role });
  return showMember(change.tx, workspace, id);
}

/**
 * Give a member another role. Their control keys follow at once: a key never counts for more than its member. Open
 * invitations they sent to a role now above them end.
 * @throws AppError `not_found`; `forbidden` for someone or a role above the caller; `conflict` for the last owner
 */
export async function updateMember(change: Change, workspace: WorkspaceRef, id: string, role: Role): Promise<Member> {
  const member = await showMember(change.tx, workspace, id);
  refuseAbove(change.actor, member.role);
  refuseAbove(change.actor, role);
  if (member.role === role) return member;
  if (member.role === 'owner') await keepAnOwner(change, workspace, member);
  await change.tx.updateTable('members').set({ role }).where('id', '=', id).execute();
  const ended = { invitations: await revokeInvitationsBy(change, id, role) };
  const roles = { before: { role: member.role }, after: { role } };
  await recordMember(change, workspace, id, { email: member.email, ...roles, ended });
  return { ...member, role };
}

/**
 * Remove a person. In the same transaction their tokens and control keys in this workspace and the open invitations
 * they sent end, they leave their teams, rules that name them are deleted, and machines they own are suspended. Nobody else notices.
 * @throws AppError `not_found`; `forbidden` for someone above the caller; `conflict` for the last owner
 */
export async function removeMember(change: Change, workspace: WorkspaceRef, id: string): Promise<void> {
  const member = await showMember(change.tx, workspace, id);
  refuseAbove(change.actor, member.role);
  if (member.role === 'owner') await keepAnOwner(change, workspace, member);
  await change.tx.updateTable('members').set({ removed_at: change.at }).where('id', '=', id).execute();
  const ended = {
    tokens: await revokeTokensOf(change, 'member_id', id),
    keys: await revokeUserKeys(change, workspace, member.userId),
    invitations: await revokeInvitationsBy(change, id, null),
  };
  const suspended = { machines: await machinesOf(change.tx, id) };
  const left = { teams: await leaveTeams(change, id), rules: await removeRulesOf(change, 'member', id) };
  await recordMember(change, workspace, id, { email: member.email, role: member.role, ended, suspended, left });
  const who = { memberId: id, member: `member:${member.email}`, machines: suspended.machines.length };
  const data = { ...who, removedBy: await nameOf(change) };
  await announce(change, workspace.id, { type: 'member.removed', data });
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

/** @throws AppError `not_found` */
export async function showMember(db: Kysely<Schema>, workspace: WorkspaceRef, id: string): Promise<Member> {
  const row = await selectMembers(db, workspace.id).where('members.id', '=', id).executeTakeFirst();
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
