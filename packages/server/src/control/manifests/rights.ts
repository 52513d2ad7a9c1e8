import type { Kysely } from 'kysely';
import { forbidden, invalidInput, notFound } from '../../domain/errors.ts';
import type { Actor } from '../../domain/roles.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { Change } from '../change.ts';
import { administers, ownMember } from '../membership.ts';
import type { WorkspaceRef } from '../operation.ts';
import { publishingOf } from '../workspaces/workspaces.ts';
import { findManifest, type ManifestRow } from './queries.ts';

interface Team {
  readonly id: string;
  readonly slug: string;
}

/** For which team an actor publishes, and whether that takes effect without an administrator. */
export interface Publisher {
  readonly team: Team;
  readonly direct: boolean;
}

/**
 * Publishing is for administrators and for members of the owning team.
 * @throws AppError `forbidden` for a member who is not in it, whether it exists or not; `invalid_input` for an
 *   administrator who names a team that does not exist
 */
export async function requirePublisher(change: Change, workspace: WorkspaceRef, owner: string): Promise<Publisher> {
  const teams = await teamsInReach(change.tx, workspace, change.actor);
  const team = teams.find(({ slug }) => slug === owner);
  if (administers(change.actor)) {
    if (team !== undefined) return { team, direct: true };
    throw invalidInput(`owner: no team '${owner}' here. ${teamsInWords('There are', teams)}`, [
      { path: 'body.owner', message: `'${owner}' is no team here` },
    ]);
  }
  if (team === undefined) {
    throw forbidden(`owner: you are not in a team '${owner}'. ${teamsInWords('You may publish for', teams)}`);
  }
  return { team, direct: (await publishingOf(change.tx, workspace.id)).includes(team.slug) };
}

/** Of a missing team, which there are. */
export const teamsInWords = (lead: string, teams: readonly Team[]): string =>
  teams.length === 0
    ? 'There is no team to choose: an administrator makes one (mcpnest team create).'
    : `${lead}: ${teams
        .slice(0, 20)
        .map(({ slug }) => slug)
        .join(', ')}${teams.length > 20 ? ', …' : ''}.`;

/** The teams an actor acts for, by slug: all for an administrator, for a member those they are in. */
export async function teamsInReach(db: Kysely<Schema>, workspace: WorkspaceRef, actor: Actor): Promise<Team[]> {
  const teams = db.selectFrom('teams').select(['teams.id', 'teams.slug']).where('workspace_id', '=', workspace.id);
  if (administers(actor)) return teams.orderBy('teams.slug').execute();
  const own = await ownMember(db, workspace, actor);
  if (own === undefined) return [];
  return teams
    .innerJoin('team_members', 'team_members.team_id', 'teams.id')
    .where('team_members.member_id', '=', own)
    .orderBy('teams.slug')
    .execute();
}

/** @throws AppError `not_found`, also for a manifest of a team the actor does not act for */
export async function requireManifest(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  actor: Actor,
  name: string,
): Promise<ManifestRow> {
  const row = await findManifest(db, workspace.id, name);
  if (row === undefined) throw notFound('manifest', name);
  if (administers(actor)) return row;
  const teams = await teamsInReach(db, workspace, actor);
  if (!teams.some(({ id }) => id === row.owner_team_id)) throw notFound('manifest', name);
  return row;
}
