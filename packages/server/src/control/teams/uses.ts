import { settingsNamingTeam } from '../approvals/approvals.ts';
import type { Change } from '../change.ts';
import { manifestsOfTeam } from '../manifests/manifests.ts';
import { rulesNamingTeam } from '../rules/rules.ts';
import { serversShownTo } from '../servers/servers.ts';
import { publishingOf } from '../workspaces/workspaces.ts';

/**
 * What names a team, in words for people; while there is anything, the team cannot be deleted. Whatever comes to name
 * teams answers here.
 */
export async function usesOfTeam(
  change: Change,
  team: { readonly id: string; readonly workspace_id: string; readonly slug: string },
): Promise<string[]> {
  const invitations = await change.tx
    .selectFrom('invitations')
    .select(['email', 'team_ids'])
    .where('workspace_id', '=', team.workspace_id)
    .where('accepted_at', 'is', null)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', change.at)
    .orderBy('email')
    .execute();
  return [
    ...invitations
      .filter((row) => (JSON.parse(row.team_ids) as string[]).includes(team.id))
      .map((row) => `the invitation of ${row.email}`),
    ...(await rulesNamingTeam(change, team.id)),
    ...(await serversShownTo(change, team.workspace_id, team.id)),
    ...(await manifestsOfTeam(change, team.id)),
    ...((await publishingOf(change.tx, team.workspace_id)).includes(team.slug) ? ['the setting `publishing`'] : []),
    ...(await settingsNamingTeam(change, team)),
  ];
}
