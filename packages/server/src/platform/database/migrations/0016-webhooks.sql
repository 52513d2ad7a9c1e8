-- Webhooks and what they are told; stops of members with their machines. Same portable subset as 0001.

create table webhooks (
  id text primary key,
  workspace_id text not null references gateway_workspaces (id),
  url text not null,
  events text not null,
  note text not null,
  state text not null,
  why text,
  secret text not null,
  old_secret text,
  old_secret_until text,
  seq integer not null,
  failing_since text,
  attempts integer not null,
  retry_at text,
  leased_by text,
  leased_until text,
  created_at text not null,
  created_by text not null
);
create index webhooks_workspace on webhooks (workspace_id, id);

-- Written in the transaction of what it tells of. data holds names, ids and shapes: no value of an argument.
create table webhook_deliveries (
  id text primary key,
  webhook_id text not null references webhooks (id),
  seq integer not null,
  type text not null,
  data text not null,
  state text not null,
  attempts integer not null,
  status integer,
  problem text,
  latency_ms integer,
  created_at text not null,
  attempted_at text,
  unique (webhook_id, seq)
);
create index webhook_deliveries_waiting on webhook_deliveries (webhook_id, seq) where state = 'waiting';

-- What webhooks were told last of what the gateway writes.
create table told_servers (
  server_id text primary key references gateway_workspace_servers (id),
  health text,
  tools_fetched_at text
);
create table told_tools (
  server_id text not null references gateway_workspace_servers (id),
  tool text not null,
  hash text not null,
  primary key (server_id, tool)
);

-- 0 nothing, 1 that it was asked for, 2 what came of it. What is older than webhooks is told to nobody.
alter table approvals add column announced integer not null default 0;
update approvals set announced = 2;
create index approvals_unannounced on approvals (announced, id) where announced < 2;

alter table stops add column end_announced integer not null default 0;
-- Of a stop of a member: 1 where it is of the machines they own as well. Earlier ones were not.
alter table stops add column machines integer not null default 0;
