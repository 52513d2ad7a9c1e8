-- How long records are kept, what must not be deleted, and what was. Same portable subset as 0001.

-- After a shortening the longer term goes on until a moment, and the shortening can be undone until then.
create table retention_graces (
  workspace_id text not null,
  days integer not null,
  until text not null,
  requested_at text not null,
  requested_by text not null,
  primary key (workspace_id, days)
);

-- What must not be deleted, by the word of two people. No reference to the workspace, the member or the server: a hold
-- outlasts them. scope_id is empty for a workspace; an absent bound of time is open. *_person says who: a user's id, or
-- local for the operator at the data folder.
create table legal_holds (
  id text primary key,
  workspace_id text not null,
  name text not null,
  reason text not null,
  scope_kind text not null,
  scope_id text not null,
  from_at text,
  to_at text,
  requested_at text not null,
  requested_by text not null,
  requested_person text not null,
  confirmed_at text,
  confirmed_by text,
  confirmed_person text,
  release_requested_at text,
  release_requested_by text,
  release_requested_person text,
  release_reason text,
  released_at text,
  released_by text,
  released_person text,
  -- 1: one person and the operator at the data folder, because there was nobody else.
  single_person integer not null
);
create index legal_holds_workspace on legal_holds (workspace_id, id);

-- One line of a workspace and day: a node that has it deletes that day's rows, and says here what came of it.
-- workspace_id is empty for events of the instance.
create table purges (
  workspace_id text not null,
  ran_on text not null,
  node text not null,
  ran_at text not null,
  calls integer not null,
  events integer not null,
  others integer not null,
  held integer not null,
  hold_ids text not null,
  primary key (workspace_id, ran_on)
);

-- What each node's clock looked like when it last asked whether anything is due.
create table retention_clocks (
  node text primary key,
  checked_at text not null,
  -- Wall clock against monotonic clock since the process began, milliseconds.
  drift_ms bigint not null,
  -- Why nothing was deleted; null: no reason against it.
  withheld text
);
