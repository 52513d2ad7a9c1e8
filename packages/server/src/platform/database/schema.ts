import type { Generated } from 'kysely';
import type { ProfileName } from '../../domain/hosted/entry.ts';
import type { WorkloadState } from '../../domain/hosted/workload.ts';

/** Row types of every table in migrations/, as both engines return them: flags are 0 or 1, times ISO 8601 in UTC, JSON is text. */
export interface Schema {
  readonly users: UsersTable;
  readonly passwords: PasswordsTable;
  readonly passkeys: PasskeysTable;
  readonly console_sessions: ConsoleSessionsTable;
  readonly passkey_challenges: PasskeyChallengesTable;
  readonly entry_links: EntryLinksTable;
  readonly gateway_workspaces: WorkspacesTable;
  readonly members: MembersTable;
  readonly gateway_tokens: GatewayTokensTable;
  readonly token_last_use: TokenLastUseTable;
  readonly client_connections: ClientConnectionsTable;
  readonly teams: TeamsTable;
  readonly team_members: TeamMembersTable;
  readonly machines: MachinesTable;
  readonly invitations: InvitationsTable;
  readonly access_rules: AccessRulesTable;
  readonly tool_classes: ToolClassesTable;
  readonly tool_pins: ToolPinsTable;
  readonly access_requests: AccessRequestsTable;
  readonly stops: StopsTable;
  readonly drills: DrillsTable;
  readonly approval_settings: ApprovalSettingsTable;
  readonly approvals: ApprovalsTable;
  readonly webhooks: WebhooksTable;
  readonly webhook_deliveries: WebhookDeliveriesTable;
  readonly told_servers: ToldServersTable;
  readonly told_tools: ToldToolsTable;
  readonly api_keys: ApiKeysTable;
  readonly gateway_workspace_servers: ServersTable;
  readonly server_revisions: ServerRevisionsTable;
  readonly manifests: ManifestsTable;
  readonly manifest_revisions: ManifestRevisionsTable;
  readonly network_allow: NetworkAllowTable;
  readonly checkpoint_targets: CheckpointTargetsTable;
  readonly audit_events: AuditEventsTable;
  readonly event_counts: EventCountsTable;
  readonly digest_salts: DigestSaltsTable;
  readonly workspace_snapshots: WorkspaceSnapshotsTable;
  readonly policy_versions: PolicyVersionsTable;
  readonly policy_bodies: PolicyBodiesTable;
  readonly upstream_lists: UpstreamListsTable;
  readonly upstream_health: UpstreamHealthTable;
  readonly health_history: HealthHistoryTable;
  readonly handed_out_names: HandedOutNamesTable;
  readonly mcp_tool_calls: ToolCallsTable;
  readonly call_counts: CallCountsTable;
  readonly caller_counts: CallerCountsTable;
  readonly journal_cursors: JournalCursorsTable;
  readonly log_checks: LogChecksTable;
  readonly retention_graces: RetentionGracesTable;
  readonly legal_holds: LegalHoldsTable;
  readonly purges: PurgesTable;
  readonly retention_clocks: RetentionClocksTable;
  readonly sinks: SinksTable;
  readonly sink_states: SinkStatesTable;
  readonly mcp_allowed_images: AllowedImagesTable;
  readonly hosted_instances: HostedInstancesTable;
  readonly hosted_secrets: HostedSecretsTable;
  readonly hosted_workloads: HostedWorkloadsTable;
  readonly hosted_wakes: HostedWakesTable;
  readonly hosted_usage: HostedUsageTable;
  readonly leases: LeasesTable;
  readonly installation: InstallationTable;
  readonly migrations: MigrationsTable;
}

export interface UsersTable {
  id: string;
  email: string;
  name: string;
  created_at: string;
  /** What the person may administer of the whole instance when signed in. */
  instance_role: 'owner' | 'admin' | 'member' | null;
}

export interface PasswordsTable {
  user_id: string;
  hash: string;
  changed_at: string;
}

export interface PasskeysTable {
  id: string;
  user_id: string;
  name: string;
  /** base64url, as the key. */
  credential_id: string;
  public_key: string;
  counter: number;
  /** JSON: names of transports. */
  transports: string;
  created_at: string;
  last_used_at: string | null;
}

export interface ConsoleSessionsTable {
  id: string;
  user_id: string;
  hash: string;
  auth_method: 'password' | 'passkey' | 'setup' | 'reset' | 'invitation';
  address: string;
  browser: string;
  created_at: string;
  last_seen_at: string;
  expires_at: string;
  ended_at: string | null;
}

export interface PasskeyChallengesTable {
  id: string;
  /** Whose passkey it adds; null to sign in. */
  user_id: string | null;
  challenge: string;
  expires_at: string;
}

export interface EntryLinksTable {
  id: string;
  kind: 'setup' | 'reset';
  /** Null for the set-up. */
  user_id: string | null;
  hash: string;
  expires_at: string;
  created_at: string;
  created_by: string;
  used_at: string | null;
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
  /** Null: issued to be kept. */
  purpose: Generated<'console' | null>;
}

export interface ClientConnectionsTable {
  id: string;
  workspace_id: string;
  token_id: string;
  /** Empty: the whole workspace. */
  server_id: string;
  client: string;
  version: string;
  era: string;
  revision: string;
  first_at: string;
  last_at: string;
  listed_at: string | null;
  stale_since: string | null;
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

export interface ApprovalSettingsTable {
  server_id: string;
  /** A tool, a pattern of tools, or a class. */
  target: string;
  /** JSON: subjects. */
  approvers: string;
  expires_minutes: number;
  set_by: string;
  set_at: string;
}

export interface ApprovalsTable {
  id: string;
  workspace_id: string;
  token_id: string;
  principal_kind: 'workspace' | 'member' | 'machine';
  member_id: string | null;
  machine_id: string | null;
  server_id: string;
  server_slug: string;
  tool: string;
  definition_hash: string;
  /** Keyed digest of what is sent along with the name, hex. */
  args_mac: string;
  /** JSON: declared names with type and size class. */
  args_shape: string;
  /** Keyed digest of requester, server, tool, definition and arguments, hex. */
  call_key: string;
  policy_version: number;
  /** JSON: subjects as `team:id`. */
  approvers: string;
  state: 'pending' | 'approved' | 'refused' | 'expired' | 'used' | 'void';
  created_at: string;
  expires_at: string;
  decided_at: string | null;
  decided_by: string | null;
  /** Why it was refused. */
  reason: string | null;
  used_at: string | null;
  /** How often the call was sent; more than once only to go on after the server asked for input. */
  sends: number;
  /** What webhooks have been told: 0 nothing, 1 that it was asked for, 2 what came of it. Control's. */
  announced: Generated<number>;
}

export interface WebhooksTable {
  id: string;
  workspace_id: string;
  url: string;
  /** JSON: names of events. */
  events: string;
  note: string;
  state: 'active' | 'paused' | 'gone';
  why: 'asked' | 'failing' | 'gone' | null;
  /** Sealed. */
  secret: string;
  /** Sealed; the one before, with which deliveries are signed as well until then. */
  old_secret: string | null;
  old_secret_until: string | null;
  /** Of the newest delivery. */
  seq: number;
  failing_since: string | null;
  /** Failed attempts since then. */
  attempts: number;
  retry_at: string | null;
  /** The process that delivers at the moment, and how long nobody else does. */
  leased_by: string | null;
  leased_until: string | null;
  created_at: string;
  created_by: string;
}

export interface WebhookDeliveriesTable {
  id: string;
  webhook_id: string;
  seq: number;
  type: string;
  /** JSON: names, ids and shapes; no value of an argument. */
  data: string;
  state: 'waiting' | 'delivered' | 'dropped';
  attempts: number;
  status: number | null;
  problem: 'address' | 'no_answer' | 'refused' | null;
  latency_ms: number | null;
  created_at: string;
  attempted_at: string | null;
}

/** What webhooks were told last of a server. */
export interface ToldServersTable {
  server_id: string;
  health: string | null;
  /** Of the list of tools that was compared. */
  tools_fetched_at: string | null;
}

/** Definitions of tools that are held back and were told of. */
export interface ToldToolsTable {
  server_id: string;
  tool: string;
  hash: string;
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
  /** Null = the administrators. */
  owner_team_id: Generated<string | null>;
  /** JSON; what is not set has its default. */
  replay_guard: Generated<string>;
  pinning: Generated<'on' | 'off'>;
  /** Who looks after it: an email address, or words. */
  maintainer: Generated<string | null>;
  sensitivity: Generated<'none' | 'internal' | 'confidential' | 'restricted'>;
  /** JSON: short words. */
  labels: Generated<string>;
  revision: number;
  created_at: string;
  updated_at: string;
  removed_at: string | null;
}

export interface StopsTable {
  id: string;
  workspace_id: string;
  kind: 'member' | 'machine' | 'token' | 'server' | 'tool';
  target_id: string;
  tool: string;
  reason: string;
  expires_at: string | null;
  created_at: string;
  created_by: string;
  /** 1: webhooks have been told that it ended by itself. */
  end_announced: Generated<number>;
  /** Of a member: 1 where it is of the machines they own, too. */
  machines: Generated<number>;
}

export interface DrillsTable {
  id: string;
  server_id: string;
  started_at: string;
  started_by: string;
  ends_at: string;
}

export interface ServerRevisionsTable {
  server_id: string;
  revision: number;
  config: string;
  author: string;
  note: string;
  created_at: string;
}

export interface ManifestsTable {
  id: string;
  workspace_id: string;
  name: string;
  owner_team_id: string;
  /** Null until a revision has taken effect. */
  server_id: string | null;
  active_revision: number | null;
  /** The newest. */
  revision: number;
  created_at: string;
  updated_at: string;
}

export interface ManifestRevisionsTable {
  manifest_id: string;
  revision: number;
  state: 'active' | 'waiting' | 'refused' | 'replaced';
  /** JSON, as it was read: names as they are shown, defaults filled in. */
  document: string;
  author: string;
  created_at: string;
  decided_at: string | null;
  decided_by: string | null;
  answer: string | null;
}

export interface NetworkAllowTable {
  id: string;
  host: string;
  port: number;
  note: string;
  created_by: string;
  created_at: string;
}

export interface CheckpointTargetsTable {
  id: string;
  name: string;
  kind: 'folder' | 'https' | 's3';
  /** JSON; nothing secret. */
  config: string;
  /** JSON of secrets, sealed; null where there are none. */
  sealed: string | null;
  created_by: string;
  created_at: string;
  last_success_at: string | null;
  last_error: string | null;
  failing_since: string | null;
}

export interface AuditEventsTable {
  id: string;
  workspace_id: string | null;
  actor: string;
  action: string;
  /** Null, with detail and salt, once it was erased. */
  target: string | null;
  /** JSON. */
  detail: string | null;
  created_at: string;
  /** 16 random bytes, hex. */
  salt: string | null;
  /** Over salt, target and detail, hex; null only for an event of an earlier release that is not in the chain yet. */
  commitment: string | null;
  /** The node that has claimed or written it. */
  chain_node: Generated<string | null>;
  chain_claimed_at: Generated<string | null>;
  chain_epoch: Generated<number | null>;
  /** Null: not in the journal yet. */
  chain_seq: Generated<number | null>;
  /** Keyed digest of its place and of what the journal says of it, hex. */
  chain_mac: Generated<string | null>;
}

export interface EventCountsTable {
  /** Time of its begin. */
  minute: string;
  actor: string;
  action: string;
  /** Empty for the instance. */
  workspace_id: string;
  target: string;
  count: number;
}

export interface DigestSaltsTable {
  workspace_id: string;
  /** `2026Q4`, UTC. */
  quarter: string;
  /** 16 random bytes, hex. */
  salt: string;
}

export interface WorkspaceSnapshotsTable {
  workspace_id: string;
  version: number;
  body: string;
  created_at: string;
}

export interface PolicyVersionsTable {
  workspace_id: string;
  version: number;
  digest: string;
  created_at: string;
  event_id: string | null;
}

export interface PolicyBodiesTable {
  workspace_id: string;
  /** SHA-256 of the canonical text, hex. */
  digest: string;
  /** The canonical text, deflated, base64. */
  body: string;
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

export interface HealthHistoryTable {
  server_id: string;
  /** When the state began. */
  at: string;
  state: string;
  error_class: string | null;
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
  approval_id: string | null;
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
  /** Position, on `node`, of the record that closed the call. */
  end_epoch: Generated<number>;
  end_seq: Generated<number>;
  /** Digest of the policy that decided; null in rows from before. */
  policy_digest: Generated<string | null>;
  /** Milliseconds since the policy had last been confirmed. */
  policy_age_ms: Generated<number | null>;
  /** Of a tool, when it was decided. */
  tool_class: Generated<string | null>;
  auth_method: Generated<string | null>;
  /** `tools/call`, `prompts/get`, `resources/read` or `completion/complete`. */
  method: Generated<string>;
  /** Calls the row stands for; more than one only for a burst of the same denial. */
  repeat_count: Generated<number>;
}

export interface CallCountsTable {
  workspace_id: string;
  /** UTC, as `2026-11-21T12`. */
  hour: string;
  /** Empty: of no server. */
  server_slug: string;
  tool_name: string;
  method: string;
  outcome: string;
  status: number;
  /** Lower bound in milliseconds; -1: calls without a duration of their own. */
  latency_bucket: number;
  calls: number;
  would_deny: number;
  /** Sum over the calls that have a bucket. */
  latency_ms: number;
  /** Calls whose server was asked, and the milliseconds it took for them. */
  upstream_calls: number;
  upstream_ms: number;
  bytes_in: number;
  bytes_out: number;
}

export interface CallerCountsTable {
  workspace_id: string;
  /** UTC, as `2026-11-21T12`. */
  hour: string;
  token_id: string;
  /** Empty: of no server. */
  server_slug: string;
  outcome: string;
  status: number;
  calls: number;
  bytes_in: number;
  bytes_out: number;
}

export interface JournalCursorsTable {
  node: string;
  segment: string;
  byte_offset: number;
  updated_at: string;
}

export interface LogChecksTable {
  workspace_id: string;
  node: string;
  started_at: string;
  finished_at: string;
  requested_by: string;
  records: number;
  ok: number;
  /** What was found wrong; null where nothing was. */
  reason: string | null;
}

export interface RetentionGracesTable {
  workspace_id: string;
  /** The longer term. */
  days: number;
  /** Until when it goes on. */
  until: string;
  requested_at: string;
  requested_by: string;
}

export interface LegalHoldsTable {
  id: string;
  workspace_id: string;
  name: string;
  reason: string;
  scope_kind: 'workspace' | 'member' | 'machine' | 'server';
  /** Empty for a workspace. */
  scope_id: string;
  /** Not before / before; null = open. */
  from_at: string | null;
  to_at: string | null;
  requested_at: string;
  requested_by: string;
  /** Id of a user, or `local`. */
  requested_person: string;
  confirmed_at: string | null;
  confirmed_by: string | null;
  confirmed_person: string | null;
  release_requested_at: string | null;
  release_requested_by: string | null;
  release_requested_person: string | null;
  release_reason: string | null;
  released_at: string | null;
  released_by: string | null;
  released_person: string | null;
  single_person: number;
}

export interface PurgesTable {
  /** Empty for events of the instance. */
  workspace_id: string;
  /** Day (UTC). */
  ran_on: string;
  node: string;
  ran_at: string;
  calls: number;
  events: number;
  others: number;
  /** Calls that are past their term and kept by holds. */
  held: number;
  /** JSON: ids. */
  hold_ids: string;
}

export interface RetentionClocksTable {
  node: string;
  checked_at: string;
  drift_ms: number;
  withheld: string | null;
}

export interface SinksTable {
  id: string;
  /** Null = the whole instance. */
  workspace_id: string | null;
  name: string;
  kind: 'http' | 'otlp' | 'syslog' | 's3';
  include: 'all' | 'calls' | 'events';
  /** JSON, without secrets. */
  config: string;
  /** JSON: name to sealed value. */
  secrets: string;
  paused_at: string | null;
  created_at: string;
  created_by: string;
}

export interface SinkStatesTable {
  sink_id: string;
  /** JSON: the last record of each node that was taken. */
  marks: string;
  /** The node that sends for it, until `held_until`. */
  holder: string | null;
  held_until: string | null;
  delivered: Generated<number>;
  last_success_at: string | null;
  /** In a row. */
  failures: Generated<number>;
  /** Its class, never what the other side said. */
  last_error: string | null;
  last_error_at: string | null;
  next_attempt_at: string | null;
  /** Records that retention deleted before they were taken, and how many of them have been told of. */
  missed: Generated<number>;
  missed_told: Generated<number>;
}

export interface MigrationsTable {
  name: string;
  applied_at: string;
}

export interface AllowedImagesTable {
  id: string;
  /** Name without tag and digest. */
  image: string;
  digest: string;
  entry_slug: string;
  entry_version: number;
  sbom_ref: string | null;
  allowed_by: string;
  created_at: string;
  revoked_at: string | null;
}

export interface HostedInstancesTable {
  id: string;
  workspace_id: string;
  server_id: string;
  entry_slug: string;
  entry_version: number;
  image: string;
  digest: string;
  profile: ProfileName;
  /** Null = everybody's. */
  member_id: string | null;
  /** JSON: the addresses its values name. */
  reaches: string;
  /** Sealed: the bearer token its bridge asks for. */
  token: string;
  /** Restarts asked for so far. */
  restarts: number;
  /** Revision of the workload that the last snapshot shows. */
  published: number;
  created_at: string;
  created_by: string;
}

export interface HostedSecretsTable {
  instance_id: string;
  key: string;
  sealed: string;
}

export interface HostedWorkloadsTable {
  instance_id: string;
  state: WorkloadState;
  since: string;
  headline: string | null;
  /** Both or neither. */
  host: string | null;
  port: number | null;
  /** JSON: crashes of the last ten minutes. */
  crashes: string;
  retry_at: string | null;
  /** Which of the restarts asked for have been made. */
  restarts_done: number;
  /** Grows with whatever snapshots show of it. */
  revision: number;
}

export interface HostedWakesTable {
  instance_id: string;
  asked_at: string;
}

export interface HostedUsageTable {
  instance_id: string;
  day: string;
  running_seconds: number;
  cpu_ms: number;
  memory_peak_bytes: number;
  memory_megabyte_seconds: number;
}

/** One row. */
export interface InstallationTable {
  only_row: 1;
  id: string;
}

export interface LeasesTable {
  name: string;
  holder: string;
  held_until: string;
  /** Grows with every change of holder. */
  fence: number;
}
