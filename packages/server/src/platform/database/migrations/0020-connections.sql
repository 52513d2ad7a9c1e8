-- Which clients have come with which token. Same portable subset as 0001.

-- One row for a token, a URL and a client by the name and version it gives itself; server_id '' is the whole workspace.
-- listed_at: when it last read its tools. stale_since: since when it would be shown others than it has read.
create table client_connections (
  id text primary key,
  workspace_id text not null references gateway_workspaces (id),
  token_id text not null references gateway_tokens (id),
  server_id text not null,
  client text not null,
  version text not null,
  era text not null,
  revision text not null,
  first_at text not null,
  last_at text not null,
  listed_at text,
  stale_since text,
  unique (token_id, server_id, client, version, era)
);
create index client_connections_workspace on client_connections (workspace_id, last_at);
