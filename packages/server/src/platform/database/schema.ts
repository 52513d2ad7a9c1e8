import type { Generated } from 'kysely';

/** Row types of every table in migrations/, as both engines return them: flags are 0 or 1, times ISO 8601 in UTC, JSON is text. */
export interface Schema {
  readonly users: UsersTable;
  readonly gateway_workspaces: WorkspacesTable;
  readonly members: MembersTable;
  readonly gateway_tokens: GatewayTokensTable;
  readonly token_last_use: TokenLastUseTable;
  readonly teams: TeamsTable;
  readonly team_members: TeamMembersTable;
  readonly machines: MachinesTable;
  readonly invitations: InvitationsTable;
  readonly access_rules: AccessRulesTable;
  readonly tool_classes: ToolClassesTable;
  readonly tool_pins: ToolPinsTable;
  readonly access_requests: AccessRequestsTable;
  readonly api_keys: ApiKeysTable;
  readonly gateway_workspace_servers: ServersTable;
  readonly server_revisions: ServerRevisionsTable;
  readonly network_allow: NetworkAllowTable;
  readonly audit_events: AuditEventsTable;
  readonly workspace_snapshots: WorkspaceSnapshotsTable;
  readonly upstream_lists: UpstreamListsTable;
  readonly upstream_health: UpstreamHealthTable;
  readonly handed_out_names: HandedOutNamesTable;
  readonly mcp_tool_calls: ToolCallsTable;
  readonly journal_cursors: JournalCursorsTable;
  readonly migrations: MigrationsTable;
}

export interface UsersTable {
  id: string;
  email: string;
  name: string;
  created_at: string;
}

export interface WorkspacesTable {
  id: string;
  slug: string;
  name: string;
  settings: string;
  created_at: string;
  updated_at: string;
}

export interface MembersTable {
  id: string;
  workspace_id: string;
  user_id: string;
  role: string;
  created_at: string;
  removed_at: string | null;
}

export interface GatewayTokensTable {
  id: string;
  workspace_id: string;
  member_id: string | null;
  machine_id: string | null;
  kind: 'workspace' | 'member' | 'machine';
  label: string;
  hash: string;
  hint: string;
  scope: string | null;
  expires_at: string | null;
  created_at: string;
  created_by: string;
  revoked_at: string | null;
  replaced_by: string | null;
}

export interface TokenLastUseTable {
  token_id: string;
  used_at: string;
}

export interface TeamsTable {
  id: string;
  workspace_id: string;
  slug: string;
  name: string;
  created_at: string;
  updated_at: string;
}

export interface TeamMembersTable {
  team_id: string;
  member_id: string;
  added_at: string;
  added_by: string;
}

export interface MachinesTable {
  id: string;
  workspace_id: string;
  name: string;
  owner_id: string;
  enabled: number;
  created_at: string;
  created_by: string;
  updated_at: string;
  removed_at: string | null;
}

export interface InvitationsTable {
  id: string;
  workspace_id: string;
  email: string;
  role: string;
  /** JSON: ids. */
  team_ids: string;
  hash: string;
  hint: string;
  expires_at: string;
  created_at: string;
  created_by: string;
  /** The member who invited; null when whoever did is no member of the workspace. */
  inviter_id: string | null;
  revoked_at: string | null;
  accepted_at: string | null;
  /** Who came of it. */
  member_id: string | null;
}

export interface AccessRulesTable {
  id: string;
  workspace_id: string;
  effect: 'allow' | 'deny';
  subject_kind: 'everybody' | 'member' | 'team' | 'machine';
  /** Empty for everybody. */
  subject_id: string;
  object: string;
  absolute: number;
  expires_at: string | null;
  note: string;
  created_at: string;
  created_by: string;
}

export interface ToolClassesTable {
  server_id: string;
  tool: string;
  class: 'read' | 'write' | 'destructive';
  set_by: string;
  set_at: string;
}

export interface ToolPinsTable {
  server_id: string;
  tool: string;
  state: 'approved' | 'refused';
  hash: string;
  /** Canonical JSON without `_meta`. */
  definition: string;
  decided_by: string;
  decided_at: string;
}

export interface AccessRequestsTable {
  id: string;
  workspace_id: string;
  member_id: string;
  object: string;
  reason: string;
  /** Days asked for. */
  days: number;
  created_at: string;
  /** Null while it waits. */
  decision: 'granted' | 'refused' | null;
  decided_at: string | null;
  decided_by: string | null;
  answer: string | null;
  /** The rule it was granted with. */
  rule_id: string | null;
}

export interface ApiKeysTable {
  id: string;
  user_id: string;
  workspace_id: string | null;
  role: string;
  label: string;
  hash: string;
  hint: string;
  expires_at: string | null;
  created_at: string;
  created_by: string;
  revoked_at: string | null;
  replaced_by: string | null;
  last_used_at: string | null;
}

export interface ServersTable {
  id: string;
  workspace_id: string;
  slug: string;
  name: string;
  url: string;
  position: number;
  prefix: string | null;
  enabled: number;
  config_override: string;
  limits: string;
  /** JSON: subjects; null = the whole workspace. */
  visibility: Generated<string | null>;
  pinning: Generated<'on' | 'off'>;
  revision: number;
  created_at: string;
  updated_at: string;
  removed_at: string | null;
}

export interface ServerRevisionsTable {
  server_id: string;
  revision: number;
  config: string;
  author: string;
  note: string;
  created_at: string;
}

export interface NetworkAllowTable {
  id: string;
  host: string;
  port: number;
  note: string;
  created_by: string;
  created_at: string;
}

export interface AuditEventsTable {
  id: string;
  workspace_id: string | null;
  actor: string;
  action: string;
  target: string;
  detail: string;
  created_at: string;
}

export interface WorkspaceSnapshotsTable {
  workspace_id: string;
  version: number;
  body: string;
  created_at: string;
}

export interface UpstreamListsTable {
  server_id: string;
  kind: string;
  revision: number;
  body: string;
  fetched_at: string;
}

export interface UpstreamHealthTable {
  server_id: string;
  state: string;
  since: string;
  last_error_class: string | null;
  latency_ms: number | null;
  checked_at: string;
}

export interface HandedOutNamesTable {
  workspace_id: string;
  kind: string;
  name: string;
  server_id: string;
  own: string;
  created_at: string;
}

export interface ToolCallsTable {
  id: string;
  workspace_id: string;
  member_id: string | null;
  token_id: string;
  principal_kind: string;
  server_id: string | null;
  server_slug: string | null;
  tool_name: string;
  status: number;
  outcome: string;
  error_code: string | null;
  latency_ms: number;
  upstream_ms: number | null;
  created_at: string;
  dispatched: number;
  rule: string | null;
  would_deny: string | null;
  policy_version: number;
  definition_hash: string | null;
  args_shape: string | null;
  args_mac: string | null;
  era: string;
  protocol_version: string | null;
  client_name: string | null;
  bytes_in: number;
  bytes_out: number;
  trace_id: string | null;
  node: string;
  epoch: number;
  seq: number;
  /** `tools/call`, `prompts/get`, `resources/read` or `completion/complete`. */
  method: Generated<string>;
  /** Calls the row stands for; more than one only for a burst of the same denial. */
  repeat_count: Generated<number>;
}

export interface JournalCursorsTable {
  node: string;
  segment: string;
  byte_offset: number;
  updated_at: string;
}

export interface MigrationsTable {
  name: string;
  applied_at: string;
}
