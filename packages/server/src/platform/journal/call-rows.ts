import type { Insertable } from 'kysely';
import type { ToolCallsTable } from '../database/schema.ts';
import type { LineParts } from './chain.ts';
import type { CallIntent, CallOutcome, DeniedCall } from './records.ts';

/** A row of `mcp_tool_calls` as it is inserted. */
export type CallRow = Insertable<ToolCallsTable>;

/** What journals of earlier releases have not, or what is written only where it is. */
type Sometimes = 'method' | 'wouldDeny' | 'approvalId' | 'authMethod' | 'policyDigest' | 'policyAgeMs' | 'toolClass';

/** An intent as read back: the first journals knew one method and did not name it. */
type ReadIntent<Intent extends CallIntent> = Omit<Intent, Sometimes> & Partial<Pick<CallIntent, Sometimes>>;

/** A line's fields as read back. */
export type JournalRecord = { readonly t: string } & (
  | ({ readonly kind: 'intent' } & ReadIntent<CallIntent>)
  | ({ readonly kind: 'outcome' } & CallOutcome)
  | ({ readonly kind: 'denied'; readonly count: number } & ReadIntent<DeniedCall>)
  | { readonly kind: 'event' }
  | { readonly kind: 'gap' }
  | { readonly kind: 'epoch' }
  | { readonly kind: 'purge' }
  | { readonly kind: 'trim' }
);

/** An intent that waits for its outcome. */
export interface OpenCall {
  readonly intent: ReadIntent<CallIntent> & { readonly t: string };
  readonly parts: LineParts;
  /** Where its line starts. */
  readonly segment: string;
  readonly offset: number;
}

/** Where the record stands that closed a call. */
type End = Pick<LineParts, 'epoch' | 'seq'>;

export const answeredRow = ({ intent, parts }: OpenCall, outcome: CallOutcome, end: End): CallRow =>
  row(intent, outcome, parts, end, 1);

export const deniedRow = (record: ReadIntent<DeniedCall> & { t: string; count: number }, parts: LineParts): CallRow =>
  row(record, record, parts, parts, record.count);

/**
 * A call whose process ended before its outcome was known. It may have reached the upstream and taken effect, so it
 * counts as dispatched and carries the status and code of an answer that never came: 504 `upstream_timeout`.
 * @param end the record that told so
 */
export const unknownRow = ({ intent, parts }: OpenCall, end: End): CallRow =>
  row(
    intent,
    {
      callId: intent.callId,
      outcome: 'unknown',
      status: 504,
      errorCode: 'upstream_timeout',
      latencyMs: 0,
      upstreamMs: null,
      bytesOut: 0,
      dispatched: true,
    },
    parts,
    end,
    1,
  );

function row(
  call: ReadIntent<CallIntent> & { t: string },
  outcome: CallOutcome,
  parts: LineParts,
  end: End,
  count: number,
): CallRow {
  return {
    id: call.callId,
    workspace_id: call.workspaceId,
    member_id: call.memberId,
    token_id: call.tokenId,
    principal_kind: call.principalKind,
    server_id: call.serverId,
    server_slug: call.serverSlug,
    method: call.method ?? 'tools/call',
    tool_name: call.toolName,
    status: outcome.status,
    outcome: outcome.outcome,
    error_code: outcome.errorCode,
    latency_ms: outcome.latencyMs,
    upstream_ms: outcome.upstreamMs,
    created_at: call.t,
    dispatched: outcome.dispatched ? 1 : 0,
    rule: call.rule,
    would_deny: call.wouldDeny ?? null,
    approval_id: call.approvalId ?? null,
    policy_version: call.policyVersion,
    policy_digest: call.policyDigest ?? null,
    policy_age_ms: call.policyAgeMs ?? null,
    tool_class: call.toolClass ?? null,
    auth_method: call.authMethod ?? null,
    definition_hash: call.definitionHash,
    args_shape: call.argsShape,
    args_mac: call.argsMac,
    era: call.era,
    protocol_version: call.protocolVersion,
    client_name: call.clientName,
    bytes_in: call.bytesIn,
    bytes_out: outcome.bytesOut,
    trace_id: call.traceId,
    node: parts.node,
    epoch: parts.epoch,
    seq: parts.seq,
    end_epoch: end.epoch,
    end_seq: end.seq,
    repeat_count: count,
  };
}
