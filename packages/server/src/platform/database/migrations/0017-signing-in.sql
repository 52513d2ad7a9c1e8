-- Signing in to the console. Same portable subset as 0001.

-- What a person may administer of the whole instance when signed in; null: nothing. Whoever holds a control key of the
-- instance that does not expire keeps its role; later statements win, so the highest counts.
alter table users add column instance_role text;
update users set instance_role = 'member' where id in (
  select user_id from api_keys where workspace_id is null and revoked_at is null and expires_at is null);
update users set instance_role = 'admin' where id in (
  select user_id from api_keys
  where workspace_id is null and revoked_at is null and expires_at is null and role = 'admin');
update users set instance_role = 'owner' where id in (
  select user_id from api_keys
  where workspace_id is null and revoked_at is null and expires_at is null and role = 'owner');

-- argon2id in the PHC string format.
create table passwords (
  user_id text primary key references users (id),
  hash text not null,
  changed_at text not null
);

-- credential_id and public_key are base64url. A counter of 0 says nothing.
create table passkeys (
  id text primary key,
  user_id text not null references users (id),
  name text not null,
  credential_id text not null unique,
  public_key text not null,
  counter integer not null,
  transports text not null,
  created_at text not null,
  last_used_at text
);
create index passkeys_user on passkeys (user_id);

-- Of the session's secret only its SHA-256 is kept.
create table console_sessions (
  id text primary key,
  user_id text not null references users (id),
  hash text not null unique,
  auth_method text not null,
  address text not null,
  browser text not null,
  created_at text not null,
  last_seen_at text not null,
  expires_at text not null,
  ended_at text
);
create index console_sessions_user on console_sessions (user_id);
create index console_sessions_expiry on console_sessions (expires_at);

-- What a passkey is to sign; deleted by being answered. user_id is whose passkey it adds, null to sign in.
create table passkey_challenges (
  id text primary key,
  user_id text references users (id),
  challenge text not null unique,
  expires_at text not null
);
create index passkey_challenges_expiry on passkey_challenges (expires_at);

-- Links that let somebody in once. user_id is null for one that finishes the set-up.
create table entry_links (
  id text primary key,
  kind text not null,
  user_id text references users (id),
  hash text not null unique,
  expires_at text not null,
  created_at text not null,
  created_by text not null,
  used_at text
);
create index entry_links_expiry on entry_links (expires_at);
