import type { Selectable } from 'kysely';
import { commitmentOf } from '../audit-events.ts';
import type { Schema } from '../database/schema.ts';
import type { Expected } from './expected.ts';

type StoredCall = Selectable<Schema['mcp_tool_calls']>;
type StoredEvent = Selectable<Schema['audit_events']>;

/** Where the end of a call stands: of one whose outcome is in no log of its workspace, the log cannot say. */
const ends = new Set(['end_epoch', 'end_seq']);
/** What an outcome says. */
const outcomes = new Set([
  ...['status', 'outcome', 'error_code', 'latency_ms', 'upstream_ms', 'bytes_out', 'dispatched', 'repeat_count'],
  ...ends,
]);

/** @returns the columns of a row that are not what its records say */
export function changedInCall(stored: StoredCall, { row, end }: Extract<Expected, { kind: 'call' }>): string[] {
  const unsaid = end === 'told' ? none : end === 'open' && stored.outcome !== 'unknown' ? outcomes : ends;
  return Object.entries(row)
    .filter(([column, value]) => !unsaid.has(column) && !same(value, stored[column as keyof StoredCall]))
    .map(([column]) => column);
}

/** @returns the columns of a row that are not what its record says, or was held to */
export function changedInEvent(stored: StoredEvent, { event }: Extract<Expected, { kind: 'event' }>): string[] {
  const said = {
    workspace_id: event.workspaceId ?? null,
    ...{ actor: event.actor, action: event.action, created_at: event.at, commitment: event.commit },
  };
  const changed = Object.entries(said)
    .filter(([column, value]) => !same(value, stored[column as keyof StoredEvent]))
    .map(([column]) => column);
  return isHeldTo(stored) ? changed : [...changed, 'detail'];
}

/** Whether target and detail are those the commitment was made over, or all of it was erased. */
function isHeldTo({ salt, target, detail, commitment }: StoredEvent): boolean {
  if (salt === null && target === null && detail === null) return true;
  if (salt === null || target === null || detail === null) return false;
  try {
    return commitmentOf(salt, target, detail) === commitment;
  } catch {
    // No JSON any more.
    return false;
  }
}

const none: ReadonlySet<string> = new Set();
const same = (a: unknown, b: unknown): boolean =>
  String(a ?? '') === String(b ?? '') && ((a ?? null) === null) === ((b ?? null) === null);
