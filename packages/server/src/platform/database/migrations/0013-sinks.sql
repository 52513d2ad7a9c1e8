-- Where records are sent as they come. Same portable subset as 0001.

-- workspace_id null = the whole instance. config is JSON without secrets; secrets is JSON, name to sealed value.
create table sinks (
  id text primary key,
  workspace_id text references gateway_workspaces (id),
  name text not null,
  kind text not null,
  include text not null,
  config text not null,
  secrets text not null,
  paused_at text,
  created_at text not null,
  created_by text not null
);
create index sinks_workspace on sinks (workspace_id, name);

-- How far each sink is, and which node sends for it until when. marks is JSON: the last record of each node that was taken.
create table sink_states (
  sink_id text primary key references sinks (id),
  marks text not null,
  holder text,
  held_until text,
  delivered bigint not null default 0,
  last_success_at text,
  failures integer not null default 0,
  last_error text,
  last_error_at text,
  next_attempt_at text,
  missed bigint not null default 0,
  missed_told bigint not null default 0
);

-- Records of the whole instance are read in this order, node by node, and its changes in the order of time.
create index mcp_tool_calls_end_all on mcp_tool_calls (node, end_epoch, end_seq, id);
create index audit_events_all on audit_events (created_at, id);
