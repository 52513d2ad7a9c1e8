import type { Insertable } from 'kysely';
import { newId } from '../domain/ids.ts';
import { isoTime } from '../platform/clock.ts';
import type { Schema } from '../platform/database/schema.ts';

type Row = Insertable<Schema['mcp_tool_calls']> & { readonly id: string };

let seq = 0;

/** A recorded call, as the journal's shipper writes it. */
export function callRow(now: number, call: Pick<Row, 'workspace_id' | 'token_id'> & Partial<Row>): Row {
  seq++;
  return {
    id: newId(now),
    member_id: null,
    principal_kind: 'workspace',
    server_id: 's',
    server_slug: 'github',
    tool_name: 'delete_repo',
    status: 200,
    outcome: 'ok',
    error_code: null,
    latency_ms: 1,
    upstream_ms: 1,
    created_at: isoTime(now),
    dispatched: 1,
    rule: 'workspace-token',
    would_deny: null,
    approval_id: null,
    policy_version: 1,
    definition_hash: null,
    args_shape: null,
    args_mac: null,
    era: 'modern',
    protocol_version: null,
    client_name: null,
    bytes_in: 1,
    bytes_out: 1,
    trace_id: null,
    node: 'n',
    epoch: 1,
    seq,
    end_epoch: 1,
    end_seq: seq,
    ...call,
  };
}
