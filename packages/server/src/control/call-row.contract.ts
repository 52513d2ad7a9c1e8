import type { Insertable } from 'kysely';
import type { Schema } from '../platform/database/schema.ts';

type Row = Insertable<Schema['mcp_tool_calls']>;

let seq = 0;

/** A call as the shipper writes it, for tests that need one on record. */
export const callRow = ({
  id,
  workspaceId,
  tokenId,
  ...more
}: { readonly id: string; readonly workspaceId: string; readonly tokenId: string } & Partial<Row>): Row => ({
  ...{ id, workspace_id: workspaceId, member_id: null, token_id: tokenId, principal_kind: 'machine' },
  ...{ server_id: 'server-1', server_slug: 'acme-one', tool_name: 'list_issues', method: 'tools/call' },
  ...{ status: 200, outcome: 'ok', error_code: null, latency_ms: 20, upstream_ms: 15, dispatched: 1 },
  ...{ created_at: '2026-11-21T11:00:00.000Z', rule: 'member', would_deny: null, approval_id: null, policy_version: 1 },
  ...{ definition_hash: null, args_shape: null, args_mac: null, era: 'modern', protocol_version: '2026-07-28' },
  ...{ client_name: 'cursor', bytes_in: 100, bytes_out: 200, trace_id: null },
  ...{ node: 'node-1', epoch: 1, seq: ++seq, repeat_count: 1 },
  ...more,
});
