import type { z } from 'zod';
import type { Role } from '@mcpnest/contract/operation';
import { roles } from '@mcpnest/contract/operation';
import type { Invitation, invitationAccept, invitationCreate } from '@mcpnest/contract/schemas/invitations';
import type { Kysely, Selectable } from 'kysely';
import { AppError, conflict, notFound } from '../../domain/errors.ts';
import { newId } from '../../domain/ids.ts';
import { atLeast } from '../../domain/roles.ts';
import { hashToken, mintToken, tokenHint } from '../../domain/token.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { issueKey } from '../api-keys/api-keys.ts';
import type { IssuedKey } from '../api-keys/api-keys.ts';
import { invitationRefused } from '../authenticate.ts';
import type { Change } from '../change.ts';
import { expiryOf } from '../expiry.ts';
import { findOrCreateUser, ownMember, refuseAbove } from '../membership.ts';
import type { WorkspaceRef } from '../operation.ts';
import { insertTeamMember, teamIds } from '../teams/teams.ts';
import { insertMember } from '../workspaces/workspaces.ts';

type InvitationRow = Selectable<Schema['invitations']>;

/** Newest first, those no longer open included. @param at the moment that tells open from expired, as stored text */
export async function listInvitations(db: Kysely<Schema>, workspace: WorkspaceRef, at: string): Promise<Invitation[]> {
  const rows = await invitationsOf(db, workspace).orderBy('id', 'desc').execute();
  const slugs = await teamSlugs(db, workspace);
  return rows.map((row) => toInvitation(row, slugs, at));
}

/**
 * Invite a person. Of the secret only its SHA-256 is kept.
 * @throws AppError `forbidden` for a role above the caller's; `already_exists` for a member, or for a person who has an
 *   open invitation; `invalid_input` for an unknown team
 */
export async function createInvitation(
  change: Change,
  workspace: WorkspaceRef,
  body: z.output<typeof invitationCreate>,
): Promise<{ invitation: Invitation; secret: string }> {
  refuseAbove(change.actor, body.role);
  await refuseMember(change, workspace, body.email);
  const open = await invitationsOf(change.tx, workspace).where('email', '=', body.email).execute();
  if (open.some((row) => stateOf(row, change.at) === 'open')) {
    throw new AppError(
      'already_exists',
      `${body.email} has an open invitation. Revoke it first if its secret is lost: mcpnest invitation revoke <id>`,
    );
  }
  const secret = mintToken('mni_');
  const row: InvitationRow = {
    id: newId(change.now),
    workspace_id: workspace.id,
    email: body.email,
    role: body.role,
    team_ids: JSON.stringify(await teamIds(change.tx, workspace, body.teams, 'body.teams')),
    hash: hashToken(secret),
    hint: tokenHint(secret),
    expires_at: expiryOf(body, change.now)!,
    created_at: change.at,
    created_by: change.actorName,
    inviter_id: (await ownMember(change.tx, workspace, change.actor)) ?? null,
    revoked_at: null,
    accepted_at: null,
    member_id: null,
  };
  await change.tx.insertInto('invitations').values(row).execute();
  await recordInvitation(change, row, { email: row.email, role: row.role, teams: body.teams });
  return { invitation: toInvitation(row, await teamSlugs(change.tx, workspace), change.at), secret };
}

/**
 * End an invitation now. Ending one that has ended already changes nothing.
 * @throws AppError `not_found`; `forbidden` for one to a role above the caller's; `conflict` for an accepted one
 */
export async function revokeInvitation(change: Change, workspace: WorkspaceRef, id: string): Promise<void> {
  const row = await invitationsOf(change.tx, workspace).where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw notFound('invitation', id);
  refuseAbove(change.actor, row.role as Role);
  if (row.accepted_at !== null) {
    throw conflict(`${row.email} has accepted and is a member now. Remove the member instead: mcpnest member remove`);
  }
  if (row.revoked_at !== null) return;
  await change.tx.updateTable('invitations').set({ revoked_at: change.at }).where('id', '=', id).execute();
  await recordInvitation(change, row, { email: row.email });
}

/**
 * End the open invitations a member has sent, so that nobody leaves a door behind that they could not open any more.
 * @param role those to a role above this one; null: all
 * @returns their ids
 */
export async function revokeInvitationsBy(change: Change, memberId: string, role: Role | null): Promise<string[]> {
  const outOfReach = roles.filter((known) => role === null || !atLeast(role, known));
  if (outOfReach.length === 0) return [];
  const rows = await change.tx
    .updateTable('invitations')
    .set({ revoked_at: change.at })
    .where('inviter_id', '=', memberId)
    .where('role', 'in', outOfReach)
    .where('accepted_at', 'is', null)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', change.at)
    .returning('id')
    .execute();
  return rows.map((row) => row.id);
}

/** A person who has become a member. */
export interface Accepted {
  readonly workspace: WorkspaceRef;
  readonly memberId: string;
  /** Their first control key, of the role invited to. */
  readonly key: IssuedKey;
}

/**
 * Use up the invitation the actor bears, as `becomeMember` does; its person has a first control key as well.
 * @throws AppError `unauthenticated` when the invitation has been used, revoked or has expired meanwhile;
 *   `already_exists` when its person has become a member otherwise
 */
export async function acceptInvitation(change: Change, body: z.output<typeof invitationAccept>): Promise<Accepted> {
  const { workspace, memberId, email, role } = await becomeMember(change, body.name);
  const label = 'Made with the invitation';
  const key = await issueKey(change, workspace, { email, role, label });
  return { workspace, memberId, key };
}

/**
 * Use up the invitation the actor bears: its person becomes a user where not one yet, a member and part of the teams it
 * names.
 * @throws AppError `unauthenticated` when the invitation has been used, revoked or has expired meanwhile;
 *   `already_exists` when its person has become a member otherwise
 */
export async function becomeMember(
  change: Change,
  name: string | undefined,
): Promise<{ workspace: WorkspaceRef; memberId: string; userId: string; email: string; role: Role }> {
  const { actor } = change;
  if (actor.kind !== 'invited') throw invitationRefused();
  const { workspace } = actor;
  const row = await invitationsOf(change.tx, workspace).where('id', '=', actor.invitationId).executeTakeFirst();
  if (row === undefined || stateOf(row, change.at) !== 'open') throw invitationRefused();
  await refuseMember(change, workspace, row.email);
  const userId = await findOrCreateUser(change, row.email, name);
  const memberId = await insertMember(change, workspace.id, userId, row.role);
  const teams = JSON.parse(row.team_ids) as string[];
  for (const team of teams) await insertTeamMember(change, team, memberId);
  await change.tx
    .updateTable('invitations')
    .set({ accepted_at: change.at, member_id: memberId })
    .where('id', '=', row.id)
    .execute();
  await recordInvitation(change, row, { email: row.email, role: row.role, memberId, teams });
  return { workspace, memberId, userId, email: row.email, role: row.role as Role };
}

function stateOf(row: InvitationRow, at: string): Invitation['state'] {
  if (row.accepted_at !== null) return 'accepted';
  if (row.revoked_at !== null) return 'revoked';
  return row.expires_at <= at ? 'expired' : 'open';
}

const toInvitation = (row: InvitationRow, slugs: ReadonlyMap<string, string>, at: string): Invitation => ({
  id: row.id,
  email: row.email,
  role: row.role as Role,
  teams: (JSON.parse(row.team_ids) as string[]).map((id) => slugs.get(id)).filter((slug) => slug !== undefined),
  state: stateOf(row, at),
  hint: row.hint,
  expiresAt: row.expires_at,
  createdAt: row.created_at,
  createdBy: row.created_by,
  revokedAt: row.revoked_at,
  acceptedAt: row.accepted_at,
  memberId: row.member_id,
});

const invitationsOf = (db: Kysely<Schema>, workspace: WorkspaceRef) =>
  db.selectFrom('invitations').selectAll().where('workspace_id', '=', workspace.id);

/** By id; a team may have been deleted since an invitation named it. */
async function teamSlugs(db: Kysely<Schema>, workspace: WorkspaceRef): Promise<ReadonlyMap<string, string>> {
  const rows = await db.selectFrom('teams').select(['id', 'slug']).where('workspace_id', '=', workspace.id).execute();
  return new Map(rows.map((row) => [row.id, row.slug]));
}

async function refuseMember(change: Change, workspace: WorkspaceRef, email: string): Promise<void> {
  const present = await change.tx
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select('members.id')
    .where('members.workspace_id', '=', workspace.id)
    .where('members.removed_at', 'is', null)
    .where('users.email', '=', email)
    .executeTakeFirst();
  if (present !== undefined) throw new AppError('already_exists', `${email} is a member of this workspace already.`);
}

const recordInvitation = (change: Change, row: InvitationRow, detail: Record<string, unknown>): Promise<void> =>
  change.record({
    workspaceId: row.workspace_id,
    target: `invitation:${row.id}`,
    detail,
    publish: 'nothing',
  });
