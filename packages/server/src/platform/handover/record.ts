import type { Selectable } from 'kysely';
import type { Schema } from '../database/schema.ts';

/** A governed request as other systems get it: its row, whole, with names as the control API has them. */
export interface CallRecord {
  readonly kind: 'call';
  /** `node/epoch/seq/id`: where the record that closed it lies, and the call. The same whenever it is handed over. */
  readonly eventId: string;
  readonly id: string;
  readonly createdAt: string;
  readonly workspaceId: string;
  readonly memberId: string | null;
  readonly tokenId: string;
  readonly principalKind: string;
  readonly machineId: string | null;
  readonly serverId: string | null;
  readonly serverSlug: string | null;
  readonly method: string;
  readonly toolName: string;
  readonly status: number;
  readonly outcome: string;
  readonly errorCode: string | null;
  readonly latencyMs: number;
  readonly upstreamMs: number | null;
  readonly dispatched: boolean;
  readonly rule: string | null;
  readonly wouldDeny: string | null;
  readonly approvalId: string | null;
  readonly policyVersion: number;
  readonly policyDigest: string | null;
  readonly policyAgeMs: number | null;
  readonly toolClass: string | null;
  readonly authMethod: string | null;
  readonly definitionHash: string | null;
  /** Keys, types and size classes; never a value. */
  readonly argsShape: unknown;
  readonly argsMac: string | null;
  readonly era: string;
  readonly protocolVersion: string | null;
  readonly clientName: string | null;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly traceId: string | null;
  readonly node: string;
  readonly endEpoch: number;
  readonly endSeq: number;
  readonly repeatCount: number;
}

/** A change somebody made, or a reading, or a refusal. */
export interface EventRecord {
  readonly kind: 'event';
  /** `event/id`. */
  readonly eventId: string;
  readonly id: string;
  readonly createdAt: string;
  readonly workspaceId: string | null;
  readonly actor: string;
  readonly action: string;
  /** Null, with the detail, once a person's details in it were erased. */
  readonly target: string | null;
  readonly detail: unknown;
  /** Digest that the journal holds of target and detail. */
  readonly commitment: string | null;
  /** Where it is in the journal; null: not there yet. */
  readonly node: string | null;
  readonly epoch: number | null;
  readonly seq: number | null;
}

export type HandoverRecord = CallRecord | EventRecord;

export type CallRow = Selectable<Schema['mcp_tool_calls']> & { readonly machine_id: string | null };

/** A row as a record. Every column is taken, so that what is recorded later is handed over too. */
export function callRecord(row: CallRow): CallRecord {
  const record = {
    kind: 'call',
    eventId: `${row.node}/${row.end_epoch}/${row.end_seq}/${row.id}`,
    ...Object.fromEntries(Object.entries(row).map(([column, value]) => [camelCase(column), value])),
    dispatched: row.dispatched === 1,
    argsShape: row.args_shape === null ? null : (JSON.parse(row.args_shape) as unknown),
  };
  // The columns are the fields in the other spelling, which the type system cannot follow.
  return record as unknown as CallRecord;
}

/** A row of the changes as a record. The salt of its commitment stays here: with it an erased text could be guessed. */
export const eventRecord = (row: Selectable<Schema['audit_events']>): EventRecord => ({
  kind: 'event',
  eventId: `event/${row.id}`,
  id: row.id,
  createdAt: row.created_at,
  workspaceId: row.workspace_id,
  actor: row.actor,
  action: row.action,
  target: row.target,
  detail: row.detail === null ? null : (JSON.parse(row.detail) as unknown),
  commitment: row.commitment,
  node: row.chain_seq === null ? null : row.chain_node,
  epoch: row.chain_epoch,
  seq: row.chain_seq,
});

const spelled = new Map<string, string>();

/** Columns are few and rows many. */
function camelCase(column: string): string {
  let name = spelled.get(column);
  if (name === undefined) {
    name = column.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    spelled.set(column, name);
  }
  return name;
}
