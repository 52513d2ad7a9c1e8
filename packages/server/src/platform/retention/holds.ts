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

/** Whether none of the holds is about a row of `mcp_tool_calls`. */
export const freeCall = (holds: readonly Hold[]): RawBuilder<SqlBool> =>
  none(holds, (hold) =>
    hold.kind === 'machine'
      ? sql`token_id in (select id from gateway_tokens where machine_id = ${hold.scopeId})`
      : byColumn(hold),
  );

/** Whether none of the holds is about a row of `approvals`. */
export const freeApproval = (holds: readonly Hold[]): RawBuilder<SqlBool> => none(holds, byColumn);

/** Whether a row of `audit_events` is of a time of none of the holds: an event can be about anything in a workspace. */
export const freeEvent = (holds: readonly Hold[]): RawBuilder<SqlBool> => none(holds, () => sql`1 = 1`);

/** For what has no time or scope of its own. */
export const freeOfAny = (holds: readonly Hold[]): RawBuilder<SqlBool> =>
  holds.length === 0 ? sql`1 = 1` : sql`1 = 0`;

function byColumn({ kind, scopeId }: Hold): RawBuilder<unknown> {
  switch (kind) {
    case 'workspace':
      return sql`1 = 1`;
    case 'member':
      // Whoever was removed and added again is another member and the same person.
      return sql`member_id is not null and (member_id = ${scopeId} or member_id in (
        select other.id from members as held join members as other
          on other.user_id = held.user_id and other.workspace_id = held.workspace_id where held.id = ${scopeId}))`;
    case 'machine':
      return sql`machine_id is not null and machine_id = ${scopeId}`;
    case 'server':
      return sql`server_id is not null and server_id = ${scopeId}`;
  }
}

function none(holds: readonly Hold[], about: (hold: Hold) => RawBuilder<unknown>): RawBuilder<SqlBool> {
  if (holds.length === 0) return sql`1 = 1`;
  const held = holds.map((hold) => {
    const parts = [sql`(${about(hold)})`];
    if (hold.from !== null) parts.push(sql`created_at >= ${hold.from}`);
    if (hold.to !== null) parts.push(sql`created_at < ${hold.to}`);
    return sql`(${sql.join(parts, sql` and `)})`;
  });
  return sql`not (${sql.join(held, sql` or `)})`;
}
