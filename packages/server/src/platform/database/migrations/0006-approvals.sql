-- Approvals of single calls. Same portable subset as 0001.

-- Tools whose calls wait for somebody. approvers is JSON: members and teams besides administrators.
create table approval_settings (
  server_id text not null references gateway_workspace_servers (id),
  target text not null,
  approvers text not null,
  expires_minutes integer not null,
  set_by text not null,
  set_at text not null,
  primary key (server_id, target)
);

-- One row per call somebody was asked to approve. No value of an argument: shape and keyed digests only.
create table approvals (
  id text primary key,
  workspace_id text not null references gateway_workspaces (id),
  token_id text not null,
  principal_kind text not null,
  member_id text,
  machine_id text,
  server_id text not null,
  server_slug text not null,
  tool text not null,
  definition_hash text not null,
  args_mac text not null,
  args_shape text not null,
  call_key text not null,
  policy_version bigint not null,
  approvers text not null,
  state text not null,
  created_at text not null,
  expires_at text not null,
  decided_at text,
  decided_by text,
  reason text,
  used_at text,
  sends integer not null
);
-- However many ask for the same call at once, one request waits.
create unique index approvals_one_open on approvals (call_key) where state in ('pending', 'approved');
create index approvals_call on approvals (call_key);
create index approvals_token on approvals (token_id, args_mac);
create index approvals_time on approvals (workspace_id, created_at, id);

alter table mcp_tool_calls add column approval_id text;
