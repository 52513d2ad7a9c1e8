-- Where checkpoints of the logs of proof are published. Same portable subset as 0001.

-- config: JSON without secrets; sealed: JSON of secrets as the vault sealed it.
create table checkpoint_targets (
  id text primary key,
  name text not null unique,
  kind text not null,
  config text not null,
  sealed text,
  created_by text not null,
  created_at text not null,
  last_success_at text,
  last_error text,
  failing_since text
);
