import type { z } from 'zod';
import type { Role } from '@mcpnest/contract/operation';
import type { Team, TeamDetail, teamCreate, teamUpdate } from '@mcpnest/contract/schemas/teams';
import type { Kysely, Selectable } from 'kysely';
import { alreadyExists, conflict, invalidInput, notFound } from '../../domain/errors.ts';
import { newId } from '../../domain/ids.ts';
import type { Actor } from '../../domain/roles.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { Change } from '../change.ts';
import { administers, ownMember, requireMember } from '../membership.ts';
import type { WorkspaceRef } from '../operation.ts';
import { slugFrom } from '../slug.ts';
import { usesOfTeam } from './uses.ts';

type TeamRow = Selectable<Schema['teams']>;

/** The teams an actor may see, by slug: those they are in, or all for an administrator. */
export async function listTeams(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  actor: Actor,
  member?: string,
): Promise<Team[]> {
  const visible = (await visibleTeams(db, workspace, actor)).orderBy('teams.slug');
  const asked =
    member === undefined
      ? visible
      : visible.where('teams.id', 'in', (made) =>
          made.selectFrom('team_members').select('team_members.team_id').where('team_members.member_id', '=', member),
        );
  return (await asked.execute()).map(toTeam);
}

/** @throws AppError `not_found`, also for a team the actor may not see */
export async function showTeam(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  actor: Actor,
  slug: string,
): Promise<TeamDetail> {
  const row = await (await visibleTeams(db, workspace, actor)).where('teams.slug', '=', slug).executeTakeFirst();
  if (row === undefined) throw notFound('team', slug);
  const members = await db
    .selectFrom('team_members')
    .innerJoin('members', 'members.id', 'team_members.member_id')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select(['members.id', 'users.email', 'users.name', 'members.role'])
    .where('team_members.team_id', '=', row.id)
    .orderBy('users.email')
    .execute();
  return { ...toTeam(row), members: members.map((member) => ({ ...member, role: member.role as Role })) };
}

/** @throws AppError `already_exists`, or `invalid_input` when no slug follows from the name */
export async function createTeam(
  change: Change,
  workspace: WorkspaceRef,
  body: z.output<typeof teamCreate>,
): Promise<Team> {
  const slug = body.slug ?? slugFrom(body.name);
  const taken = await teamsOf(change.tx, workspace).where('slug', '=', slug).executeTakeFirst();
  if (taken !== undefined) throw alreadyExists('team', slug);
  const row: TeamRow = {
    id: newId(change.now),
    workspace_id: workspace.id,
    slug,
    name: body.name,
    created_at: change.at,
    updated_at: change.at,
  };
  await change.tx.insertInto('teams').values(row).execute();
  await recordTeam(change, row, { name: row.name }, 'nothing');
  return toTeam({ ...row, member_count: 0 });
}

/** Give a team another name; its slug, which rules and manifests use, stays. */
export async function renameTeam(
  change: Change,
  workspace: WorkspaceRef,
  slug: string,
  body: z.output<typeof teamUpdate>,
): Promise<Team> {
  const row = await findTeam(change.tx, workspace, slug);
  if (row.name === body.name) return toTeam(row);
  const next = { name: body.name, updated_at: change.at };
  await change.tx.updateTable('teams').set(next).where('id', '=', row.id).execute();
  await recordTeam(change, row, { before: { name: row.name }, after: { name: body.name } }, 'nothing');
  return toTeam({ ...row, ...next });
}

/**
 * Delete a team. Its members stay members of the workspace.
 * @throws AppError `conflict` that says what names the team
 */
export async function removeTeam(change: Change, workspace: WorkspaceRef, slug: string): Promise<void> {
  const row = await findTeam(change.tx, workspace, slug);
  const uses = await usesOfTeam(change, row);
  if (uses.length > 0) {
    const more = uses.length > 5 ? ` and ${uses.length - 5} more` : '';
    throw conflict(
      `The team '${slug}' is named by ${uses.slice(0, 5).join(', ')}${more}. Change or remove that first.`,
    );
  }
  const left = await change.tx
    .deleteFrom('team_members')
    .where('team_id', '=', row.id)
    .returning('member_id as id')
    .execute();
  await change.tx.deleteFrom('teams').where('id', '=', row.id).execute();
  await recordTeam(change, row, { name: row.name, members: left.map(({ id }) => id) }, 'workspace');
}

/** Put a member into a team; one who is in it already stays. */
export async function joinTeam(change: Change, workspace: WorkspaceRef, slug: string, memberId: string): Promise<void> {
  const row = await findTeam(change.tx, workspace, slug);
  await requireMember(change.tx, workspace, memberId);
  if (await insertTeamMember(change, row.id, memberId)) await recordTeam(change, row, { memberId }, 'workspace');
}

/** Take a member out of a team; one who is not in it stays out. */
export async function leaveTeam(
  change: Change,
  workspace: WorkspaceRef,
  slug: string,
  memberId: string,
): Promise<void> {
  const row = await findTeam(change.tx, workspace, slug);
  await requireMember(change.tx, workspace, memberId);
  const { numDeletedRows } = await change.tx
    .deleteFrom('team_members')
    .where('team_id', '=', row.id)
    .where('member_id', '=', memberId)
    .executeTakeFirst();
  if (numDeletedRows > 0n) await recordTeam(change, row, { memberId }, 'workspace');
}

/** Take a member out of every team. @returns the slugs */
export async function leaveTeams(change: Change, memberId: string): Promise<string[]> {
  const left = await change.tx
    .deleteFrom('team_members')
    .where('member_id', '=', memberId)
    .returning('team_id')
    .execute();
  if (left.length === 0) return [];
  const rows = await change.tx
    .selectFrom('teams')
    .select('slug')
    .where(
      'id',
      'in',
      left.map((row) => row.team_id),
    )
    .orderBy('slug')
    .execute();
  return rows.map((row) => row.slug);
}

/**
 * The ids of teams given by slug, in the order given.
 * @param path of the list in the input
 * @throws AppError `invalid_input` for a slug that is no team of this workspace
 */
export async function teamIds(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  slugs: readonly string[],
  path: string,
): Promise<string[]> {
  const known = new Map((await teamsOf(db, workspace).execute()).map((row) => [row.slug, row.id]));
  return [...new Set(slugs)].map((slug, index) => {
    const id = known.get(slug);
    if (id !== undefined) return id;
    throw invalidInput(`'${slug}' is no team of this workspace. Create it first: mcpnest team create ${slug}`, [
      { path: `${path}.${index}`, message: `'${slug}' is no team of this workspace` },
    ]);
  });
}

/** Add a row to `team_members`; the caller has authorised it. @returns whether there was none */
export async function insertTeamMember(change: Change, teamId: string, memberId: string): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await change.tx
    .insertInto('team_members')
    .values({ team_id: teamId, member_id: memberId, added_at: change.at, added_by: change.actorName })
    .onConflict((clash) => clash.columns(['team_id', 'member_id']).doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows !== 0n;
}

const toTeam = (row: TeamRow & { readonly member_count: number }): Team => ({
  id: row.id,
  slug: row.slug,
  name: row.name,
  memberCount: row.member_count,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

const teamsOf = (db: Kysely<Schema>, workspace: WorkspaceRef) =>
  db
    .selectFrom('teams')
    .selectAll('teams')
    .select((row) =>
      row
        .selectFrom('team_members')
        .select((inner) => inner.fn.countAll<number>().as('count'))
        .whereRef('team_members.team_id', '=', 'teams.id')
        .$asScalar()
        .$notNull()
        .as('member_count'),
    )
    .where('teams.workspace_id', '=', workspace.id);

async function visibleTeams(db: Kysely<Schema>, workspace: WorkspaceRef, actor: Actor) {
  const all = teamsOf(db, workspace);
  if (administers(actor)) return all;
  const own = (await ownMember(db, workspace, actor)) ?? '';
  return all.where('teams.id', 'in', (row) =>
    row.selectFrom('team_members').select('team_id').where('member_id', '=', own),
  );
}

async function findTeam(db: Kysely<Schema>, workspace: WorkspaceRef, slug: string) {
  const row = await teamsOf(db, workspace).where('teams.slug', '=', slug).executeTakeFirst();
  if (row === undefined) throw notFound('team', slug);
  return row;
}

const recordTeam = (
  change: Change,
  row: TeamRow,
  detail: Record<string, unknown>,
  publish: 'workspace' | 'nothing',
): Promise<void> => change.record({ workspaceId: row.workspace_id, target: `team:${row.slug}`, detail, publish });
