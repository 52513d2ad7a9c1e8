import type { WorkspaceSettings } from '../../domain/snapshot.ts';
import type { PackScope } from './evidence-tables.ts';

/** A file of the pack that is one JSON object. */
export type JsonFile = () => Promise<object>;

/** How long calls are kept here, and since when there are any. */
export async function retentionNow({ db, workspaceId }: PackScope): Promise<object> {
  const workspace = await db
    .selectFrom('gateway_workspaces')
    .select('settings')
    .where('id', '=', workspaceId)
    .executeTakeFirstOrThrow();
  const { retentionDays, auditMode } = JSON.parse(workspace.settings) as WorkspaceSettings;
  const { oldest } = await db
    .selectFrom('mcp_tool_calls')
    .select((row) => row.fn.min('created_at').as('oldest'))
    .where('workspace_id', '=', workspaceId)
    .executeTakeFirstOrThrow();
  return { retentionDays, auditMode, oldestCall: oldest };
}

/** Where the workspace's records go, and how far they are; no secrets. */
export async function sinksNow({ db, workspaceId }: PackScope): Promise<object> {
  const sinks = await db
    .selectFrom('sinks')
    .innerJoin('sink_states', 'sink_states.sink_id', 'sinks.id')
    .select(['id', 'name', 'kind', 'include', 'paused_at', 'created_at', 'created_by'])
    .select(['delivered', 'missed', 'last_success_at', 'last_error', 'last_error_at', 'failures'])
    .where('workspace_id', '=', workspaceId)
    .orderBy('id')
    .execute();
  return { sinks };
}
