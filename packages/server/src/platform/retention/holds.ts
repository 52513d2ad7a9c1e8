import { sql, type Kysely, type RawBuilder, type SqlBool } from 'kysely';
import { isoTime } from '../clock.ts';
import type { LegalHoldsTable, Schema } from '../database/schema.ts';

/** What keeps records from being deleted. */
export interface Hold {
  readonly id: string;
  readonly workspaceId: string;
  readonly kind: LegalHoldsTable['scope_kind'];
  /** Empty for a workspace. */
  readonly scopeId: string;
  /** Stored times; not before / before; null = open. */
  readonly from: string | null;
  readonly to: string | null;
}

/** A request that nobody confirms holds for this long, and a request to release stands for as long. */
export const requestMs = 7 * 86_400_000;

/**
 * Every hold that keeps records: in force, or asked for and waiting for the second person, since what is deleted
 * meanwhile would not come back.
 * @param now milliseconds since the epoch
 */
export async function readHolds(db: Kysely<Schema>, now: number): Promise<Hold[]> {
  const rows = await db
    .selectFrom('legal_holds')
    .selectAll()
    .where('released_at', 'is', null)
    .where((row) => row.or([row('confirmed_at', 'is not', null), row('requested_at', '>', isoTime(now - requestMs))]))
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    workspaceId: row.workspace_id,
    kind: row.scope_kind,
    scopeId: row.scope_id,
    from: row.from_at,
    to: row.to_at,
  }));
}

/** `now` bounds requests that wait; without a workspace it is about the holds of all of them. */
export interface HoldsOf {
  readonly workspaceId: string | undefined;
  readonly now: number;
}

// Conditions of statements, so that a hold that begins while rows are deleted counts from the next bite on.

/** Whether no hold is about a row of `mcp_tool_calls`. */
export const freeCall = (of: HoldsOf): RawBuilder<SqlBool> =>
  unheld(
    of,
    sql`${inTime} and ${about(sql`token_id in (select id from gateway_tokens where machine_id = hold.scope_id)`)}`,
  );

/** Whether no hold is about a row of `approvals`. */
export const freeApproval = (of: HoldsOf): RawBuilder<SqlBool> =>
  unheld(of, sql`${inTime} and ${about(sql`machine_id = hold.scope_id`)}`);

/** Whether a row of `audit_events` is of a time of no hold: an event can be about anything in a workspace. */
export const freeEvent = (of: HoldsOf): RawBuilder<SqlBool> => unheld(of, inTime);

/** For what has no time or scope of its own. */
export const freeOfAny = (of: HoldsOf): RawBuilder<SqlBool> => unheld(of, sql`1 = 1`);

const inTime = sql`(hold.from_at is null or created_at >= hold.from_at) and (hold.to_at is null or created_at < hold.to_at)`;

/** Whoever was removed and added again is another member and the same person. */
const samePerson = sql`member_id = hold.scope_id or member_id in (
  select other.id from members as held join members as other
    on other.user_id = held.user_id and other.workspace_id = held.workspace_id where held.id = hold.scope_id)`;

const about = (machine: RawBuilder<unknown>): RawBuilder<unknown> => sql`(
  hold.scope_kind = 'workspace'
  or (hold.scope_kind = 'member' and (${samePerson}))
  or (hold.scope_kind = 'machine' and ${machine})
  or (hold.scope_kind = 'server' and server_id = hold.scope_id))`;

function unheld({ workspaceId, now }: HoldsOf, condition: RawBuilder<unknown>): RawBuilder<SqlBool> {
  const whose = workspaceId === undefined ? sql`1 = 1` : sql`hold.workspace_id = ${workspaceId}`;
  return sql`not exists (
    select 1 from legal_holds as hold
    where ${whose} and hold.released_at is null
      and (hold.confirmed_at is not null or hold.requested_at > ${isoTime(now - requestMs)})
      and ${condition})`;
}
