-- Where in its node's journal a call was closed. Same portable subset as 0001.

-- Position, on node, of the record that closed the call: its outcome or denial, or for one that was cut off the record
-- that told so, which several calls may share. Rows from before have the position of their own record.
alter table mcp_tool_calls add column end_epoch bigint not null default 0;
alter table mcp_tool_calls add column end_seq bigint not null default 0;
update mcp_tool_calls set end_epoch = epoch, end_seq = seq;

-- Rows come in this order, node by node, so that who follows them misses none.
create index mcp_tool_calls_end on mcp_tool_calls (workspace_id, node, end_epoch, end_seq, id);
