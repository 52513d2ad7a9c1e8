-- What decisions rested on is kept, and events have their place in the journal's chain. Same portable subset as 0001.

alter table mcp_tool_calls add column policy_digest text;
alter table mcp_tool_calls add column policy_age_ms integer;
alter table mcp_tool_calls add column tool_class text;
alter table mcp_tool_calls add column auth_method text;

-- Policies without token hashes and sealed credentials: canonical JSON, deflated, base64. Versions that say the same share one.
create table policy_bodies (
  workspace_id text not null,
  digest text not null,
  body text not null,
  primary key (workspace_id, digest)
);
-- Every version of a workspace's snapshot, with the event it followed from.
create table policy_versions (
  workspace_id text not null,
  version bigint not null,
  digest text not null,
  created_at text not null,
  event_id text,
  primary key (workspace_id, version)
);
create index policy_versions_time on policy_versions (workspace_id, created_at);
create index policy_versions_digest on policy_versions (workspace_id, digest);

-- target, detail and salt are null once a person's details were erased: commitment, over salt and both, stays.
-- chain_* say where in which node's journal the event is, and chain_mac that nothing of this was changed since; a node
-- that has claimed an event and not yet written it has no chain_seq.
create table audit_events_chained (
  id text primary key,
  workspace_id text,
  actor text not null,
  action text not null,
  target text,
  detail text,
  created_at text not null,
  salt text,
  commitment text,
  chain_node text,
  chain_claimed_at text,
  chain_epoch bigint,
  chain_seq bigint,
  chain_mac text
);
insert into audit_events_chained (id, workspace_id, actor, action, target, detail, created_at)
  select id, workspace_id, actor, action, target, detail, created_at from audit_events;
drop table audit_events;
alter table audit_events_chained rename to audit_events;
create index audit_events_time on audit_events (workspace_id, created_at, id);
create index audit_events_unchained on audit_events (id) where chain_seq is null;

-- What happens too often for an event each: one event of a minute, made once it is over. workspace_id is empty for the instance.
create table event_counts (
  minute text not null,
  actor text not null,
  action text not null,
  workspace_id text not null,
  target text not null,
  count integer not null,
  primary key (minute, actor, action, workspace_id, target)
);

-- What keys of argument digests are derived with, besides the key of the installation: without it nobody can tell what
-- a digest was of, so deleting a row is destroying the key.
create table digest_salts (
  workspace_id text not null,
  quarter text not null,
  salt text not null,
  primary key (workspace_id, quarter)
);
