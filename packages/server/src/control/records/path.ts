import type { CallPath } from '@mcpnest/contract/schemas/call-answers';
import { sql, type Kysely } from 'kysely';
import { notFound } from '../../domain/errors.ts';
import type { Actor } from '../../domain/roles.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { onlyCallsOf } from '../membership.ts';
import type { WorkspaceRef } from '../operation.ts';
import { readDirectory } from '../subjects.ts';
import { toToolCall } from './records.ts';
import { rowsQuery, type CallRow } from './walk.ts';

type Part = CallPath['parts'][number];

/**
 * The way one call took, part by part, as far as it came.
 * @throws AppError `not_found`, for a member also where the call is somebody else's
 */
export async function callPath(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  actor: Actor,
  callId: string,
): Promise<CallPath> {
  const terms = [sql<boolean>`id = ${callId}`, sql<boolean>`workspace_id || '' = ${workspace.id}`];
  const row = await rowsQuery(db, terms, 'newest', 1).executeTakeFirst();
  const own = await onlyCallsOf(db, workspace, actor);
  if (row === undefined || (own !== undefined && row.member_id !== own)) throw notFound('call', callId);
  const call = toToolCall(row);
  const parts = [
    ...(await callerParts(db, workspace, row)),
    policyPart(row),
    ...(await approvalParts(db, row)),
    ...(await serverParts(db, row)),
    outcomePart(row),
  ];
  return { call, parts };
}

const part = (name: Part['part'], what: string, facts: Part['facts'], milliseconds: number | null = null): Part => ({
  part: name,
  what,
  milliseconds,
  facts,
});

async function callerParts(db: Kysely<Schema>, workspace: WorkspaceRef, row: CallRow): Promise<Part[]> {
  const directory = await readDirectory(db, workspace);
  const token = await db
    .selectFrom('gateway_tokens')
    .select(['label', 'kind', 'hint', 'created_at', 'expires_at', 'revoked_at'])
    .where('id', '=', row.token_id)
    .where('workspace_id', '=', workspace.id)
    .executeTakeFirst();
  const who =
    row.member_id !== null
      ? directory.name({ kind: 'member', id: row.member_id })
      : row.machine_id !== null
        ? directory.name({ kind: 'machine', id: row.machine_id })
        : 'workspace';
  const client = { client: row.client_name, era: row.era, protocolVersion: row.protocol_version };
  const facts = { id: row.token_id, label: token?.label ?? null, kind: token?.kind ?? row.principal_kind };
  const times = {
    createdAt: token?.created_at ?? null,
    expiresAt: token?.expires_at ?? null,
    revokedAt: token?.revoked_at ?? null,
  };
  return [
    part('caller', `${who} called ${row.tool_name} (${row.method})`, { who, ...client, traceId: row.trace_id }),
    part('token', `with the token '${token?.label ?? row.token_id}'`, { ...facts, ...times }),
  ];
}

function policyPart(row: CallRow): Part {
  const refused = row.outcome === 'denied' || row.outcome === 'throttled';
  const facts = { rule: row.rule, wouldDeny: row.would_deny, policyVersion: row.policy_version };
  // Everything the gateway did is recorded as one: what the upstream took is the rest.
  const inGateway = row.latency_ms - (row.upstream_ms ?? 0);
  return part('policy', `${refused ? 'refused' : 'let through'} by ${row.rule ?? 'no rule'}`, facts, inGateway);
}

async function approvalParts(db: Kysely<Schema>, row: CallRow): Promise<Part[]> {
  if (row.approval_id === null) return [];
  const approval = await db
    .selectFrom('approvals')
    .select(['state', 'created_at', 'decided_at', 'decided_by', 'used_at'])
    .where('id', '=', row.approval_id)
    .where('workspace_id', '=', row.workspace_id)
    .executeTakeFirst();
  const waited =
    approval === undefined || approval.decided_at === null
      ? null
      : Date.parse(approval.decided_at) - Date.parse(approval.created_at);
  const facts = {
    id: row.approval_id,
    state: approval?.state ?? null,
    decidedBy: approval?.decided_by ?? null,
    usedAt: approval?.used_at ?? null,
  };
  return [part('approval', `needed an approval: ${approval?.state ?? 'no longer on record'}`, facts, waited)];
}

async function serverParts(db: Kysely<Schema>, row: CallRow): Promise<Part[]> {
  if (row.server_slug === null) return [];
  const revision = await db
    .selectFrom('server_revisions')
    .select(['revision', 'author', 'created_at'])
    .where('server_id', '=', row.server_id ?? '')
    .where('created_at', '<=', row.created_at)
    .orderBy('revision', 'desc')
    .limit(1)
    .executeTakeFirst();
  const server = part('server', `of the server ${row.server_slug}`, {
    id: row.server_id,
    revision: revision?.revision ?? null,
    definitionHash: row.definition_hash,
  });
  const sent = row.dispatched === 1;
  const what = sent ? 'the server was asked' : 'the server was not asked';
  const facts = { dispatched: sent, bytesIn: row.bytes_in, bytesOut: row.bytes_out };
  return [server, part('upstream', what, facts, row.upstream_ms)];
}

const outcomePart = (row: CallRow): Part =>
  part(
    'outcome',
    row.error_code === null ? row.outcome : `${row.outcome}: ${row.error_code}`,
    { outcome: row.outcome, status: row.status, errorCode: row.error_code, repeats: row.repeat_count },
    row.latency_ms,
  );
