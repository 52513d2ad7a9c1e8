-- Who may call what. Same portable subset as 0001.

-- subject_id is empty for everybody. Of the same effect, subject and object there is one rule.
create table access_rules (
  id text primary key,
  workspace_id text not null references gateway_workspaces (id),
  effect text not null,
  subject_kind text not null,
  subject_id text not null,
  object text not null,
  absolute integer not null,
  expires_at text,
  note text not null,
  created_at text not null,
  created_by text not null,
  unique (workspace_id, effect, subject_kind, subject_id, object)
);

-- What administrators say a tool does. A tool without a row counts as write.
create table tool_classes (
  server_id text not null references gateway_workspace_servers (id),
  tool text not null,
  class text not null,
  set_by text not null,
  set_at text not null,
  primary key (server_id, tool)
);

create table access_requests (
  id text primary key,
  workspace_id text not null references gateway_workspaces (id),
  member_id text not null references members (id),
  object text not null,
  reason text not null,
  days integer not null,
  created_at text not null,
  decision text,
  decided_at text,
  decided_by text,
  answer text,
  rule_id text
);
create index access_requests_workspace on access_requests (workspace_id, id);

-- JSON: whom a server is shown to; null = the whole workspace.
alter table gateway_workspace_servers add column visibility text;

-- The rule that would have refused a call, were enforcement on.
alter table mcp_tool_calls add column would_deny text;
