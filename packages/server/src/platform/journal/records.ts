import type { ToolClass } from '@mcpnest/contract/rule-form';

/**
 * The method of a request that has a row: `tools/call`, `prompts/get`, `resources/read`, `resources/subscribe`,
 * `completion/complete`, `tasks/…` or one of an extension, in letters, digits and `_ . / -`, at most 64 of them.
 */
export type CallMethod = string;

/** What is written before a call is dispatched. Metadata only: no value of an argument is ever in a record. */
export interface CallIntent {
  /** UUID v7; becomes the id of the row in `mcp_tool_calls`. */
  readonly callId: string;
  readonly workspaceId: string;
  readonly memberId: string | null;
  readonly tokenId: string;
  readonly principalKind: 'workspace' | 'member' | 'machine';
  /** How the caller proved who it is. */
  readonly authMethod: 'gateway_token';
  readonly serverId: string | null;
  readonly serverSlug: string | null;
  readonly method: CallMethod;
  /**
   * The server's own name of the tool or prompt; of a resource its URI or URI template as the server lists it, and
   * only the scheme of one that is not listed. Text from outside: filtered and cut when it is written.
   */
  readonly toolName: string;
  /** The rule that decided. */
  readonly rule: string | null;
  /** What would have refused it, were enforcement on. */
  readonly wouldDeny: string | null;
  /** The approval it asked for, or was sent with; null: it needs none. */
  readonly approvalId: string | null;
  /** Version of the snapshot the decision was made from. */
  readonly policyVersion: number;
  /** Digest of what that snapshot says (`domain/policy-body.ts`), as the gateway held it. */
  readonly policyDigest: string;
  /** Milliseconds since the database had last confirmed that snapshot, when the request came. */
  readonly policyAgeMs: number;
  /** What counted of a tool when it was decided; null: no tool, or none that is known. */
  readonly toolClass: ToolClass | null;
  /** Digest of the tool's definition as it was listed. */
  readonly definitionHash: string | null;
  /** JSON text: declared argument names with type and size bucket. */
  readonly argsShape: string | null;
  /** Keyed digest of the canonical arguments, hex. */
  readonly argsMac: string | null;
  readonly era: 'legacy' | 'modern' | 'bare';
  readonly protocolVersion: string | null;
  /** What the client calls itself. Text from outside: filtered and cut when it is written. */
  readonly clientName: string | null;
  readonly bytesIn: number;
  readonly traceId: string | null;
}

/** How a call ended. `unknown` is written by nobody: it is what a call without an outcome becomes at the next start. */
export type CallOutcomeKind =
  | 'ok'
  | 'tool_error'
  | 'rpc_error'
  | 'upstream_protocol_error'
  | 'transport'
  | 'timeout'
  | 'cancelled'
  | 'refused'
  | 'denied'
  | 'throttled'
  | 'unknown';

export interface CallOutcome {
  readonly callId: string;
  readonly outcome: CallOutcomeKind;
  /** HTTP style: 200, 4xx the caller's fault, 5xx the upstream's or ours. */
  readonly status: number;
  readonly errorCode: string | null;
  /** Milliseconds in the gateway, the upstream's share included. */
  readonly latencyMs: number;
  /** Milliseconds the upstream took; null when it was not asked. */
  readonly upstreamMs: number | null;
  readonly bytesOut: number;
  /** Whether the first byte left for the upstream. */
  readonly dispatched: boolean;
}

/** A call refused before dispatch: intent and outcome in one. */
export interface DeniedCall extends CallIntent, CallOutcome {}

/** An audit event as the chain has it; its target and detail are in `audit_events`, and here only what they are held to. */
export interface EventRecord {
  readonly eventId: string;
  /** Null: it concerns the instance. */
  readonly workspaceId: string | null;
  /** Ids only. */
  readonly actor: string;
  readonly action: string;
  /** When it happened: stored time. */
  readonly at: string;
  /** Salted digest of target and detail, hex. */
  readonly commit: string;
}

/** Proof that an intent is in the journal. */
export interface Receipt {
  readonly node: string;
  readonly epoch: number;
  /** 0 when `gap`. */
  readonly seq: number;
  /** True: the journal could not be written and the call goes on unrecorded, counted in the next gap record. */
  readonly gap: boolean;
}

/** Why and how much is missing. Totals count from the start of the epoch, so that a repeated gap record counts once. */
export interface Gap {
  readonly reason: string;
  /** Calls that went on without a record (available mode). */
  readonly lostCalls: number;
  /** Denied and throttled calls without a record. */
  readonly lostDenials: number;
  /** Segment given up after a failed flush: records after `confirmedSeq` may be missing from it. */
  readonly sealed: { readonly segment: string; readonly confirmedSeq: number } | null;
}

/** The first record of every start. */
export interface EpochStart {
  /** What a torn tail cost: bytes moved out of the segment into the file beside it, and their SHA-256. */
  readonly repaired: { readonly segment: string; readonly bytes: number; readonly sha256: string } | null;
}

/** Records that are no more: the leaves a log of proof has lost from its beginning, with what they added up to. */
export interface PurgedRange {
  readonly workspaceId: string;
  /** The first leaf purged by this, and before which one it ended. */
  readonly from: number;
  readonly to: number;
  /** Root of the tree of all leaves before `to` (RFC 9162), in base64. */
  readonly root: string;
  readonly reason: string;
  /** Who did it, by id. */
  readonly actor: string;
}

/** Segments of the journal itself that have done their work: copied to the database, and in the logs of proof. */
export interface TrimmedJournal {
  /** The last segment that goes. */
  readonly through: string;
  readonly records: number;
  /** Of the first record that goes, and of the last. */
  readonly from: { readonly epoch: number; readonly seq: number };
  readonly to: { readonly epoch: number; readonly seq: number };
  /** Digest of the last: what the first record that stays is chained to. */
  readonly lastHash: string;
}
