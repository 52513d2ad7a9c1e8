-- Counts beside the rows, so that long spans are answered without reading them. Same portable subset as 0001.

-- Calls by hour (UTC, as 2026-11-21T12) and what was called; nobody is named. latency_bucket is the lower bound of the
-- bucket in milliseconds, -1 for calls without a duration of their own: those that reached no server or never ended.
-- latency_ms, upstream_ms and the bytes are sums.
create table call_counts (
  workspace_id text not null,
  hour text not null,
  server_slug text not null,
  tool_name text not null,
  method text not null,
  outcome text not null,
  status integer not null,
  latency_bucket integer not null,
  calls bigint not null,
  would_deny bigint not null,
  latency_ms bigint not null,
  upstream_calls bigint not null,
  upstream_ms bigint not null,
  bytes_in bigint not null,
  bytes_out bigint not null,
  primary key (workspace_id, hour, server_slug, tool_name, method, outcome, status, latency_bucket)
);
create index call_counts_server on call_counts (workspace_id, server_slug, hour);

-- Calls by hour and token: who used how much. Goes with the rows.
create table caller_counts (
  workspace_id text not null,
  hour text not null,
  token_id text not null,
  server_slug text not null,
  outcome text not null,
  status integer not null,
  calls bigint not null,
  bytes_in bigint not null,
  bytes_out bigint not null,
  primary key (workspace_id, hour, token_id, server_slug, outcome, status)
);
create index caller_counts_token on caller_counts (token_id, hour);

insert into call_counts
  select workspace_id, hour, server_slug, tool_name, method, outcome, status, latency_bucket,
    sum(repeat_count), sum(case when would_deny is null then 0 else repeat_count end),
    sum(case when latency_bucket < 0 then 0 else latency_ms end),
    sum(case when upstream_ms is null then 0 else 1 end), sum(coalesce(upstream_ms, 0)),
    sum(bytes_in * repeat_count), sum(bytes_out * repeat_count)
  from (
    select workspace_id, substr(created_at, 1, 13) as hour, coalesce(server_slug, '') as server_slug, tool_name, method,
      outcome, status, repeat_count, would_deny, latency_ms, upstream_ms, bytes_in, bytes_out,
      case when dispatched = 0 or outcome = 'unknown' then -1
      when latency_ms < 1 then 0
      when latency_ms < 2 then 1
      when latency_ms < 3 then 2
      when latency_ms < 4 then 3
      when latency_ms < 6 then 4
      when latency_ms < 8 then 6
      when latency_ms < 12 then 8
      when latency_ms < 16 then 12
      when latency_ms < 24 then 16
      when latency_ms < 32 then 24
      when latency_ms < 48 then 32
      when latency_ms < 64 then 48
      when latency_ms < 96 then 64
      when latency_ms < 128 then 96
      when latency_ms < 192 then 128
      when latency_ms < 256 then 192
      when latency_ms < 384 then 256
      when latency_ms < 512 then 384
      when latency_ms < 768 then 512
      when latency_ms < 1024 then 768
      when latency_ms < 1536 then 1024
      when latency_ms < 2048 then 1536
      when latency_ms < 3072 then 2048
      when latency_ms < 4096 then 3072
      when latency_ms < 6144 then 4096
      when latency_ms < 8192 then 6144
      when latency_ms < 12288 then 8192
      when latency_ms < 16384 then 12288
      when latency_ms < 24576 then 16384
      when latency_ms < 32768 then 24576
      when latency_ms < 49152 then 32768
      when latency_ms < 65536 then 49152
      when latency_ms < 98304 then 65536
      when latency_ms < 131072 then 98304
      when latency_ms < 196608 then 131072
      when latency_ms < 262144 then 196608
      when latency_ms < 393216 then 262144
      when latency_ms < 524288 then 393216
      when latency_ms < 786432 then 524288
      when latency_ms < 1048576 then 786432
      else 1048576 end as latency_bucket
    from mcp_tool_calls
  ) as call
  group by workspace_id, hour, server_slug, tool_name, method, outcome, status, latency_bucket;

insert into caller_counts
  select workspace_id, substr(created_at, 1, 13), token_id, coalesce(server_slug, ''), outcome, status,
    sum(repeat_count), sum(bytes_in * repeat_count), sum(bytes_out * repeat_count)
  from mcp_tool_calls
  group by workspace_id, substr(created_at, 1, 13), token_id, coalesce(server_slug, ''), outcome, status;

-- One index for each way rows are looked for, in the order they are shown.
create index mcp_tool_calls_token on mcp_tool_calls (token_id, created_at);
create index mcp_tool_calls_server on mcp_tool_calls (workspace_id, server_slug, created_at);
create index mcp_tool_calls_tool on mcp_tool_calls (workspace_id, tool_name, created_at);
create index mcp_tool_calls_failed on mcp_tool_calls (workspace_id, created_at) where outcome <> 'ok';
create index mcp_tool_calls_error on mcp_tool_calls (workspace_id, error_code, created_at) where error_code is not null;
create index mcp_tool_calls_trace on mcp_tool_calls (workspace_id, trace_id, created_at) where trace_id is not null;
create index mcp_tool_calls_approval on mcp_tool_calls (workspace_id, approval_id, created_at) where approval_id is not null;
drop index mcp_tool_calls_rule;
create index mcp_tool_calls_rule on mcp_tool_calls (workspace_id, rule, created_at);
create index audit_events_target on audit_events (workspace_id, target, created_at);

-- When a server's state changed, as the gateway saw it.
create table health_history (
  server_id text not null,
  at text not null,
  state text not null,
  error_class text,
  primary key (server_id, at)
);

-- Who looks after a server, and what it touches. labels is JSON: short words.
alter table gateway_workspace_servers add column maintainer text;
alter table gateway_workspace_servers add column sensitivity text not null default 'none';
alter table gateway_workspace_servers add column labels text not null default '[]';
