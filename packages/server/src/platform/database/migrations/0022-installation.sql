-- The id that tells this installation from others that share something with it. Same portable subset as 0001.
create table installation (
  only_row integer primary key check (only_row = 1),
  id text not null
);
