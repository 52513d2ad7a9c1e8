-- Approved definitions of tools. Same portable subset as 0001.

-- Of each tool at most one definition that is approved and one that is refused; definition is the canonical text
-- without _meta that the hash is over.
create table tool_pins (
  server_id text not null references gateway_workspace_servers (id),
  tool text not null,
  state text not null,
  hash text not null,
  definition text not null,
  decided_by text not null,
  decided_at text not null,
  primary key (server_id, tool, state)
);

-- on: only tools whose definition is approved are served.
alter table gateway_workspace_servers add column pinning text not null default 'off';
