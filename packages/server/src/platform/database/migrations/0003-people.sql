-- Teams, machines and invitations. Same portable subset as 0001.

create table teams (
  id text primary key,
  workspace_id text not null references gateway_workspaces (id),
  slug text not null,
  name text not null,
  created_at text not null,
  updated_at text not null,
  unique (workspace_id, slug)
);

create table team_members (
  team_id text not null references teams (id),
  member_id text not null references members (id),
  added_at text not null,
  added_by text not null,
  primary key (team_id, member_id)
);
create index team_members_member on team_members (member_id);

-- Agents, CI and other programs. The owner answers for it: a machine whose owner has been removed is suspended.
create table machines (
  id text primary key,
  workspace_id text not null references gateway_workspaces (id),
  name text not null,
  owner_id text not null references members (id),
  enabled integer not null,
  created_at text not null,
  created_by text not null,
  updated_at text not null,
  removed_at text
);
create unique index machines_name on machines (workspace_id, name) where removed_at is null;

alter table gateway_tokens add column machine_id text references machines (id);
create index gateway_tokens_machine on gateway_tokens (machine_id);

-- Never written; see token_last_use.
alter table gateway_tokens drop column last_used_at;

-- When a token was last used. Written by the gateway, at most once a minute; a token without a row was never used.
create table token_last_use (
  token_id text primary key,
  used_at text not null
);

-- Only the SHA-256 of an invitation's secret is kept. team_ids is JSON.
create table invitations (
  id text primary key,
  workspace_id text not null references gateway_workspaces (id),
  email text not null,
  role text not null,
  team_ids text not null,
  hash text not null unique,
  hint text not null,
  expires_at text not null,
  created_at text not null,
  created_by text not null,
  inviter_id text references members (id),
  revoked_at text,
  accepted_at text,
  member_id text references members (id)
);
create index invitations_workspace on invitations (workspace_id);
