import type { z } from 'zod';
import type { tailQuery } from '@mcpnest/contract/schemas/tail';
import type { Kysely } from 'kysely';
import type { Schema } from '../../../platform/database/schema.ts';
import type { CallRow } from '../walk.ts';

export type TailQuery = z.output<typeof tailQuery>;

/** Whether a call that was just recorded is asked for; as the filters of a search decide it. */
export function matches(query: TailQuery, team: ReadonlySet<string> | undefined, row: CallRow): boolean {
  const same = (wanted: unknown, is: unknown): boolean => wanted === undefined || wanted === is;
  return (
    same(query.memberId, row.member_id) &&
    same(query.machineId, row.machine_id) &&
    same(query.tokenId, row.token_id) &&
    (team === undefined || (row.member_id !== null && team.has(row.member_id))) &&
    same(query.server, row.server_slug) &&
    same(query.tool, row.tool_name) &&
    row.tool_name.startsWith(query.toolPrefix ?? '') &&
    same(query.class, row.tool_class) &&
    same(query.method, row.method) &&
    same(query.outcome, row.outcome) &&
    (query.failed === undefined || row.outcome !== 'ok') &&
    same(query.status, row.status) &&
    same(query.statusClass, `${Math.floor(row.status / 100)}xx`) &&
    same(query.errorCode, row.error_code) &&
    same(query.rule, row.rule) &&
    same(query.client, row.client_name)
  );
}

/** Ids of the members of a team now; undefined where none is named. */
export async function membersOf(
  db: Kysely<Schema>,
  workspaceId: string,
  team: string | undefined,
): Promise<ReadonlySet<string> | undefined> {
  if (team === undefined) return undefined;
  const rows = await db
    .selectFrom('team_members')
    .innerJoin('teams', 'teams.id', 'team_members.team_id')
    .select('member_id')
    .where('teams.workspace_id', '=', workspaceId)
    .where('teams.slug', '=', team)
    .execute();
  return new Set(rows.map((row) => row.member_id));
}
