import type { Drill } from '@mcpnest/contract/schemas/drills';
import type { Kysely } from 'kysely';
import type { Schema } from '../../platform/database/schema.ts';
import type { WorkspaceRef } from '../operation.ts';
import { readDirectory } from '../subjects.ts';

/** Who had calls failed by drills, and how many; by the id of the drill, the most affected first. */
export async function affectedBy(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  drillIds: readonly string[],
): Promise<Map<string, Drill['affected']>> {
  if (drillIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('mcp_tool_calls as call')
    .leftJoin('gateway_tokens as token', 'token.id', 'call.token_id')
    .select(['call.rule', 'token.label', 'call.member_id', 'token.machine_id'])
    .select((row) => row.fn.sum<number | string>('call.repeat_count').as('calls'))
    .where('call.workspace_id', '=', workspace.id)
    .where(
      'call.rule',
      'in',
      drillIds.map((id) => `drill:${id}`),
    )
    .groupBy(['call.rule', 'call.token_id', 'token.label', 'call.member_id', 'token.machine_id'])
    .execute();
  const directory = await readDirectory(db, workspace);
  const nameOf = (row: (typeof rows)[number]): string => {
    if (row.member_id !== null) return directory.name({ kind: 'member', id: row.member_id });
    return row.machine_id === null ? `token:${row.label}` : directory.name({ kind: 'machine', id: row.machine_id });
  };
  const affected = new Map<string, Drill['affected']>();
  for (const [rule, found] of Map.groupBy(rows, (row) => row.rule!)) {
    const calls = new Map<string, number>();
    for (const row of found) calls.set(nameOf(row), (calls.get(nameOf(row)) ?? 0) + Number(row.calls));
    const named = [...calls].map(([who, count]) => ({ who, calls: count }));
    affected.set(
      rule.slice('drill:'.length),
      named.sort((a, b) => b.calls - a.calls || (a.who < b.who ? -1 : 1)),
    );
  }
  return affected;
}
