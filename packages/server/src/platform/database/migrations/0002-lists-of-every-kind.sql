-- Prompts, resources and resource templates are listed, named, called and recorded as tools are.

-- Last good list of each kind (tools, prompts, resources, templates) of each upstream.
create table upstream_lists_by_kind (
  server_id text not null,
  kind text not null,
  revision integer not null,
  body text not null,
  fetched_at text not null,
  primary key (server_id, kind)
);
insert into upstream_lists_by_kind (server_id, kind, revision, body, fetched_at)
  select server_id, 'tools', revision, body, fetched_at from upstream_lists;
drop table upstream_lists;
alter table upstream_lists_by_kind rename to upstream_lists;

-- A name or URI once handed out keeps meaning the same server. own is what the server itself calls it.
create table handed_out_names_by_kind (
  workspace_id text not null,
  kind text not null,
  name text not null,
  server_id text not null,
  own text not null,
  created_at text not null,
  primary key (workspace_id, kind, name)
);
insert into handed_out_names_by_kind (workspace_id, kind, name, server_id, own, created_at)
  select workspace_id, 'tools', name, server_id, tool, created_at from handed_out_names;
drop table handed_out_names;
alter table handed_out_names_by_kind rename to handed_out_names;

-- What was asked for: tools/call, prompts/get, resources/read or completion/complete. tool_name is the prompt's name,
-- the URI or URI template as the server lists it, or of any other URI only the scheme.
alter table mcp_tool_calls add column method text not null default 'tools/call';
