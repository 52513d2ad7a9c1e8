-- What a console asks for. Same portable subset as 0001.

-- Set for a token the console was given to try tools with; null for every other.
alter table gateway_tokens add column purpose text;

-- The last time a workspace’s log of proof was checked on a node, at an administrator’s wish.
create table log_checks (
  workspace_id text not null,
  node text not null,
  started_at text not null,
  finished_at text not null,
  requested_by text not null,
  records bigint not null,
  ok integer not null,
  reason text,
  primary key (workspace_id, node)
);
