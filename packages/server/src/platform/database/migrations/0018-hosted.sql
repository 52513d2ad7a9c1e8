-- Hosted servers: which images may run, what shall run, what does, and what it used. Same portable subset as 0001.

-- Which bytes may run. entry_version: of the catalogue entry they were reviewed as.
create table mcp_allowed_images (
  id text primary key,
  image text not null,
  digest text not null,
  entry_slug text not null,
  entry_version integer not null,
  sbom_ref text,
  allowed_by text not null,
  created_at text not null,
  revoked_at text
);
create unique index mcp_allowed_images_open on mcp_allowed_images (image, digest, entry_version)
  where revoked_at is null;

-- Desired state, written by control. restarts grows with each restart somebody asks for. member_id null = everybody's.
-- published: the revision of the workload that the last snapshot shows.
create table hosted_instances (
  id text primary key,
  workspace_id text not null references gateway_workspaces (id),
  server_id text not null unique references gateway_workspace_servers (id),
  entry_slug text not null,
  entry_version integer not null,
  image text not null,
  digest text not null,
  profile text not null,
  member_id text references members (id),
  token text not null,
  restarts integer not null,
  published integer not null,
  created_at text not null,
  created_by text not null
);
create index hosted_instances_workspace on hosted_instances (workspace_id, id);

-- Values of declared variables, each sealed for its instance and key.
create table hosted_secrets (
  instance_id text not null references hosted_instances (id),
  key text not null,
  sealed text not null,
  primary key (instance_id, key)
);

-- Observed state: control makes and removes the row with its instance, the orchestrator alone changes it. crashes is
-- JSON: when, and of which run. revision grows with whatever snapshots show of it.
create table hosted_workloads (
  instance_id text primary key references hosted_instances (id),
  state text not null,
  since text not null,
  headline text,
  host text,
  port integer,
  crashes text not null,
  retry_at text,
  restarts_done integer not null,
  revision integer not null
);

-- Calls that found their instance asleep. The gateway writes, the orchestrator reads.
create table hosted_wakes (
  instance_id text primary key references hosted_instances (id),
  asked_at text not null
);

create table hosted_usage (
  instance_id text not null references hosted_instances (id),
  day text not null,
  running_seconds integer not null,
  cpu_ms bigint not null,
  memory_peak_bytes bigint not null,
  memory_megabyte_seconds bigint not null,
  primary key (instance_id, day)
);

-- Who may do what only one process does at a time. fence grows with every change of holder.
create table leases (
  name text primary key,
  holder text not null,
  held_until text not null,
  fence integer not null
);
