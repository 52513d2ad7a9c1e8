-- Portable subset: text ids, text ISO-8601 UTC times, integer 0/1 flags, JSON in text. Never edited once released.

create table users (
  id text primary key,
  email text not null unique,
  name text not null,
  created_at text not null
);

create table gateway_workspaces (
  id text primary key,
  slug text not null unique,
  name text not null,
  settings text not null,
  created_at text not null,
  updated_at text not null
);

create table members (
  id text primary key,
  workspace_id text not null references gateway_workspaces (id),
  user_id text not null references users (id),
  role text not null,
  created_at text not null,
  removed_at text
);
create unique index members_one_active on members (workspace_id, user_id) where removed_at is null;

-- Data-plane tokens (mng_). Only the SHA-256 is kept.
create table gateway_tokens (
  id text primary key,
  workspace_id text not null references gateway_workspaces (id),
  member_id text references members (id),
  kind text not null,
  label text not null,
  hash text not null unique,
  hint text not null,
  scope text,
  expires_at text,
  created_at text not null,
  created_by text not null,
  revoked_at text,
  replaced_by text,
  last_used_at text
);
create index gateway_tokens_workspace on gateway_tokens (workspace_id);

-- Control-plane keys (mnk_). Only the SHA-256 is kept. workspace_id null = the whole instance.
create table api_keys (
  id text primary key,
  user_id text not null references users (id),
  workspace_id text references gateway_workspaces (id),
  role text not null,
  label text not null,
  hash text not null unique,
  hint text not null,
  expires_at text,
  created_at text not null,
  created_by text not null,
  revoked_at text,
  replaced_by text,
  last_used_at text
);

create table gateway_workspace_servers (
  id text primary key,
  workspace_id text not null references gateway_workspaces (id),
  slug text not null,
  name text not null,
  url text not null,
  position integer not null,
  prefix text,
  enabled integer not null,
  config_override text not null,
  limits text not null,
  revision integer not null,
  created_at text not null,
  updated_at text not null,
  removed_at text
);
create unique index gateway_workspace_servers_slug on gateway_workspace_servers (workspace_id, slug) where removed_at is null;

-- Every configuration a server ever had. config holds sealed header values, never plain ones.
create table server_revisions (
  server_id text not null references gateway_workspace_servers (id),
  revision integer not null,
  config text not null,
  author text not null,
  note text not null,
  created_at text not null,
  primary key (server_id, revision)
);

create table network_allow (
  id text primary key,
  host text not null,
  port integer not null,
  note text not null,
  created_by text not null,
  created_at text not null,
  unique (host, port)
);

-- Admin changes, written in the transaction that made them.
create table audit_events (
  id text primary key,
  workspace_id text,
  actor text not null,
  action text not null,
  target text not null,
  detail text not null,
  created_at text not null
);
create index audit_events_time on audit_events (workspace_id, created_at, id);

create table workspace_snapshots (
  workspace_id text primary key references gateway_workspaces (id),
  version bigint not null,
  body text not null,
  created_at text not null
);

-- Last good tool list of each upstream, so that a restart serves from memory at once.
create table upstream_lists (
  server_id text primary key,
  revision integer not null,
  body text not null,
  fetched_at text not null
);

create table upstream_health (
  server_id text primary key,
  state text not null,
  since text not null,
  last_error_class text,
  latency_ms integer,
  checked_at text not null
);

-- A tool name once handed out keeps meaning the same server.
create table handed_out_names (
  workspace_id text not null,
  name text not null,
  server_id text not null,
  tool text not null,
  created_at text not null,
  primary key (workspace_id, name)
);

-- One row per tools/call; metadata only, no value of an argument or a result. A burst of the same denial is one row
-- whose repeat_count says how many calls it stands for; every other row stands for one.
create table mcp_tool_calls (
  id text primary key,
  workspace_id text not null,
  member_id text,
  token_id text not null,
  principal_kind text not null,
  server_id text,
  server_slug text,
  tool_name text not null,
  status integer not null,
  outcome text not null,
  error_code text,
  latency_ms integer not null,
  upstream_ms integer,
  created_at text not null,
  dispatched integer not null,
  rule text,
  policy_version bigint not null,
  definition_hash text,
  args_shape text,
  args_mac text,
  era text not null,
  protocol_version text,
  client_name text,
  bytes_in bigint not null,
  bytes_out bigint not null,
  trace_id text,
  node text not null,
  epoch bigint not null,
  seq bigint not null,
  repeat_count integer not null default 1
);
create unique index mcp_tool_calls_sequence on mcp_tool_calls (node, epoch, seq);
create index mcp_tool_calls_time on mcp_tool_calls (workspace_id, created_at, id);

-- How far each node's journal has been copied into mcp_tool_calls.
create table journal_cursors (
  node text primary key,
  segment text not null,
  byte_offset bigint not null,
  updated_at text not null
);
