import type { z } from 'zod';
import type { AuditEvent, ToolCall, auditEventQuery, toolCallQuery } from '@mcpnest/contract/schemas/records';
import type { Kysely } from 'kysely';
import type { Schema } from '../../platform/database/schema.ts';
import { emailsOf } from '../actor-emails.ts';
import { readDetail, readEvents } from '../../platform/audit-events.ts';
import { readCursor, writeCursor } from '../cursor.ts';
import { planCalls, stored } from './call-terms.ts';
import type { createChainState } from './chain-state.ts';
import { placeOf, walkCalls, type CallRow } from './walk.ts';

/** The tool calls of a workspace that a search finds: metadata only, as the journal recorded it. */
export async function listCalls(
  db: Kysely<Schema>,
  workspaceId: string,
  query: z.output<typeof toolCallQuery>,
): Promise<{ items: ToolCall[]; nextCursor: string | null }> {
  const plan = await planCalls(db, workspaceId, query);
  const after = query.cursor === undefined ? undefined : readCursor(query.cursor);
  const { rows, next } = await walkCalls(db, plan, { order: query.order, limit: query.limit, after });
  return { items: rows.map(toToolCall), nextCursor: next === undefined ? null : writeCursor(next) };
}

export { planCalls } from './call-terms.ts';
export { walkCalls } from './walk.ts';

/** One call of a workspace; undefined when it is not, or no longer, on record. */
export const findCall = (db: Kysely<Schema>, workspaceId: string, id: string) =>
  selectCalls(db, workspaceId).where('id', '=', id).executeTakeFirst();

const selectCalls = (db: Kysely<Schema>, workspaceId: string) =>
  db
    .selectFrom('mcp_tool_calls')
    .selectAll()
    .select((row) =>
      row
        .selectFrom('gateway_tokens')
        .select('machine_id')
        .whereRef('gateway_tokens.id', '=', 'mcp_tool_calls.token_id')
        .as('machine_id'),
    )
    .where('workspace_id', '=', workspaceId);

/** A row as the API shows it. */
export const toToolCall = (row: CallRow): ToolCall => ({
  id: row.id,
  createdAt: row.created_at,
  memberId: row.member_id,
  tokenId: row.token_id,
  principalKind: row.principal_kind,
  machineId: row.machine_id,
  server: row.server_slug,
  method: row.method,
  tool: row.tool_name,
  status: row.status,
  outcome: row.outcome,
  errorCode: row.error_code,
  latencyMs: row.latency_ms,
  upstreamMs: row.upstream_ms,
  dispatched: row.dispatched === 1,
  rule: row.rule,
  wouldDeny: row.would_deny,
  approvalId: row.approval_id,
  policyVersion: row.policy_version,
  policyDigest: row.policy_digest,
  policyAgeMs: row.policy_age_ms,
  toolClass: row.tool_class,
  authMethod: row.auth_method,
  definitionHash: row.definition_hash,
  argsShape: row.args_shape === null ? null : (JSON.parse(row.args_shape) as unknown),
  era: row.era,
  protocolVersion: row.protocol_version,
  clientName: row.client_name,
  bytesIn: row.bytes_in,
  bytesOut: row.bytes_out,
  traceId: row.trace_id,
});

/** Audit events of a workspace, or with null of the whole instance; newest first. */
export async function listAuditEvents(
  db: Kysely<Schema>,
  workspaceId: string | null,
  query: z.output<typeof auditEventQuery>,
  chainOf: ReturnType<typeof createChainState>,
): Promise<{ items: AuditEvent[]; nextCursor: string | null }> {
  let rows = db.selectFrom('audit_events');
  if (workspaceId !== null) rows = rows.where('workspace_id', '=', workspaceId);
  if (query.action !== undefined) rows = rows.where('action', '=', query.action);
  if (query.actor !== undefined) {
    const person = await db
      .selectFrom('users')
      .select('id')
      .where('email', '=', query.actor.toLowerCase())
      .executeTakeFirst();
    rows =
      person === undefined ? rows.where('actor', '=', query.actor) : rows.where('actor', 'like', `user:${person.id}/%`);
  }
  if (query.from !== undefined) rows = rows.where('created_at', '>=', stored(query.from)!);
  if (query.to !== undefined) rows = rows.where('created_at', '<', stored(query.to)!);
  if (query.cursor !== undefined) {
    const { at, id } = readCursor(query.cursor);
    // An index takes the first of the two as a bound.
    rows = rows
      .where('created_at', '<=', at)
      .where((row) => row.or([row('created_at', '<', at), row.and([row('created_at', '=', at), row('id', '<', id)])]));
  }
  const { rows: kept, cut } = await readEvents(rows.orderBy('created_at', 'desc').orderBy('id', 'desc'), query.limit);
  const emails = await emailsOf(
    db,
    kept.map((row) => row.actor),
  );
  const items = kept.map((row) => ({
    id: row.id,
    createdAt: row.created_at,
    workspaceId: row.workspace_id,
    actor: row.actor,
    actorEmail: emails.get(row.actor) ?? null,
    action: row.action,
    target: row.target,
    detail: readDetail(row.detail),
    chain: chainOf(row),
  }));
  const last = kept.at(-1);
  return { items, nextCursor: cut && last !== undefined ? writeCursor(placeOf(last)) : null };
}
