-- Stops, failure drills and the replay guard. Same portable subset as 0001.

-- What is stopped: target_id is the id of a member, machine, token or server; tool is empty for all but tools.
create table stops (
  id text primary key,
  workspace_id text not null references gateway_workspaces (id),
  kind text not null,
  target_id text not null,
  tool text not null,
  reason text not null,
  expires_at text,
  created_at text not null,
  created_by text not null,
  unique (workspace_id, kind, target_id, tool)
);

-- Spans of time in which a server is treated as if it failed.
create table drills (
  id text primary key,
  server_id text not null references gateway_workspace_servers (id),
  started_at text not null,
  started_by text not null,
  ends_at text not null
);
create index drills_server on drills (server_id, id);

-- JSON: how repeated calls are met; what is not set has its default.
alter table gateway_workspace_servers add column replay_guard text not null default '{}';

-- Who a drill reached is found by the rule that each of its rows names.
create index mcp_tool_calls_rule on mcp_tool_calls (workspace_id, rule);
