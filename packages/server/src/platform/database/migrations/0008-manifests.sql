-- Servers that teams publish by a manifest. Same portable subset as 0001.

create table manifests (
  id text primary key,
  workspace_id text not null references gateway_workspaces (id),
  name text not null,
  owner_team_id text not null references teams (id),
  -- Null until a revision has taken effect.
  server_id text references gateway_workspace_servers (id),
  active_revision integer,
  revision integer not null,
  created_at text not null,
  updated_at text not null
);
create unique index manifests_name on manifests (workspace_id, name);

create table manifest_revisions (
  manifest_id text not null references manifests (id),
  revision integer not null,
  state text not null,
  document text not null,
  author text not null,
  created_at text not null,
  decided_at text,
  decided_by text,
  answer text,
  primary key (manifest_id, revision)
);

-- The team a server belongs to; null = the administrators.
alter table gateway_workspace_servers add column owner_team_id text references teams (id);
