import type { Kysely } from 'kysely';
import type { Schema } from '../../platform/database/schema.ts';
import type { Change } from '../change.ts';
import type { WorkspaceRef } from '../operation.ts';
import { selectServers, selectTeamSlugs, type ServerRow } from './queries.ts';

/** Say which team a server belongs to. How it is reached and by whom stays as it is. */
export async function setOwner(
  change: Change,
  workspace: WorkspaceRef,
  row: ServerRow,
  teamId: string,
): Promise<ServerRow> {
  if (row.owner_team_id === teamId) return row;
  const next = { owner_team_id: teamId, updated_at: change.at };
  await change.tx.updateTable('gateway_workspace_servers').set(next).where('id', '=', row.id).execute();
  const teams = await selectTeamSlugs(change.tx, workspace.id);
  const named = (id: string | null): object => ({ owner: teams.get(id ?? '') ?? null });
  await change.record({
    workspaceId: workspace.id,
    target: `server:${row.slug}`,
    detail: { before: named(row.owner_team_id), after: named(teamId) },
    publish: 'nothing',
  });
  return { ...row, ...next };
}

/** Slugs of the teams that servers belong to, by slug of the server. */
export async function ownersOf(db: Kysely<Schema>, workspace: WorkspaceRef): Promise<Map<string, string>> {
  const teams = await selectTeamSlugs(db, workspace.id);
  const rows = await selectServers(db, workspace.id);
  return new Map(
    rows.flatMap((row) => {
      const team = teams.get(row.owner_team_id ?? '');
      return team === undefined ? [] : [[row.slug, team] as const];
    }),
  );
}

/** A manifest ends with its server. */
export async function deleteManifestOf(change: Change, serverId: string): Promise<void> {
  const row = await change.tx.selectFrom('manifests').select('id').where('server_id', '=', serverId).executeTakeFirst();
  if (row === undefined) return;
  await change.tx.deleteFrom('manifest_revisions').where('manifest_id', '=', row.id).execute();
  await change.tx.deleteFrom('manifests').where('id', '=', row.id).execute();
}
