import type { Kysely } from 'kysely';
import { compileScope, type Principal } from '../../domain/policy.ts';
import type { Subject } from '../../domain/snapshot.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { WorkspaceRef } from '../operation.ts';

/** Somebody as a caller with a token that is narrowed to nothing. */
export async function principalOf(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  { kind, id }: { readonly kind: 'member' | 'machine'; readonly id: string },
): Promise<Principal> {
  const teams = kind === 'member' ? ((await teamsOf(db, workspace)).get(id) ?? []) : [];
  return make(workspace, {
    tokenId: '',
    kind,
    memberId: kind === 'member' ? id : null,
    machineId: kind === 'machine' ? id : null,
    teams,
    scope: null,
  });
}

/** These members or machines as callers with tokens that are narrowed to nothing, by id. */
export async function principalsOf(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  kind: 'member' | 'machine',
  ids: readonly string[],
): Promise<Map<string, Principal>> {
  const teams = kind === 'member' ? await teamsOf(db, workspace) : new Map<string, string[]>();
  const one = (id: string): Principal =>
    make(workspace, { ...nobody, kind, [`${kind}Id`]: id, teams: teams.get(id) ?? [] });
  return new Map(ids.map((id) => [id, one(id)]));
}

/** Somebody who is in one team and has nothing of their own. */
export const teamPrincipal = (workspace: WorkspaceRef, teamId: string): Principal =>
  make(workspace, { ...nobody, kind: 'member', teams: [teamId] });

/** A workspace token that is narrowed to nothing. */
export const workspacePrincipal = (workspace: WorkspaceRef): Principal =>
  make(workspace, { ...nobody, kind: 'workspace', teams: [] });

const nobody = { tokenId: '', memberId: null, machineId: null, scope: null };

/**
 * Who is behind each token of a workspace, revoked ones included: their bearer can have another. Tokens of members and
 * machines that were removed are left out.
 */
export async function principalsByToken(db: Kysely<Schema>, workspace: WorkspaceRef): Promise<Map<string, Principal>> {
  const teams = await teamsOf(db, workspace);
  const rows = await db
    .selectFrom('gateway_tokens as token')
    .leftJoin('members as member', 'member.id', 'token.member_id')
    .leftJoin('machines as machine', 'machine.id', 'token.machine_id')
    .select(['token.id', 'token.kind', 'token.member_id', 'token.machine_id', 'token.scope'])
    .where('token.workspace_id', '=', workspace.id)
    .where('member.removed_at', 'is', null)
    .where('machine.removed_at', 'is', null)
    .execute();
  return new Map(
    rows.map((row) => [
      row.id,
      make(workspace, {
        tokenId: row.id,
        kind: row.kind,
        memberId: row.member_id,
        machineId: row.machine_id,
        teams: teams.get(row.member_id ?? '') ?? [],
        scope: row.scope === null ? null : (JSON.parse(row.scope) as string[]),
      }),
    ]),
  );
}

/** Whom a caller counts as; undefined for a workspace token. */
export function subjectOfPrincipal({ memberId, machineId }: Principal): Subject | undefined {
  if (memberId !== null) return { kind: 'member', id: memberId };
  return machineId === null ? undefined : { kind: 'machine', id: machineId };
}

const make = (
  workspace: WorkspaceRef,
  { scope, ...rest }: Omit<Principal, 'workspaceId' | 'label' | 'scope'> & { readonly scope: string[] | null },
): Principal => ({ workspaceId: workspace.id, label: '', ...rest, scope: compileScope(scope) });

async function teamsOf(db: Kysely<Schema>, workspace: WorkspaceRef): Promise<Map<string, string[]>> {
  const rows = await db
    .selectFrom('team_members')
    .innerJoin('teams', 'teams.id', 'team_members.team_id')
    .select(['team_id', 'member_id'])
    .where('teams.workspace_id', '=', workspace.id)
    .orderBy('team_id')
    .execute();
  return new Map(
    [...Map.groupBy(rows, (row) => row.member_id)].map(([id, found]) => [id, found.map((row) => row.team_id)]),
  );
}
