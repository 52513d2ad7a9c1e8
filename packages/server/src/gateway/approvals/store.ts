import type { Insertable, Kysely } from 'kysely';
import type { Schema } from '../../platform/database/schema.ts';

/** The table of approvals, as far as the gateway may name any. */
export type ApprovalTables = Pick<Schema, 'approvals'>;
export type NewApproval = Insertable<Schema['approvals']>;

/** What there is of a call that has been asked for. */
export interface KnownApproval {
  readonly id: string;
  readonly state: Schema['approvals']['state'];
  readonly expires_at: string;
  readonly reason: string | null;
}

const open = ['pending', 'approved'] as const;
/** Requests for one call within its time; more were used up and are of no interest. */
const mostRead = 50;

/** The request for a call that holds now: one that is open, or else the newest. */
export async function findApproval(
  db: Kysely<ApprovalTables>,
  callKey: string,
  at: string,
): Promise<KnownApproval | undefined> {
  const rows = await db
    .selectFrom('approvals')
    .select(['id', 'state', 'expires_at', 'reason'])
    .where('call_key', '=', callKey)
    .where('expires_at', '>', at)
    .orderBy('id', 'desc')
    .limit(mostRead)
    .execute();
  return rows.find(({ state }) => state === 'pending' || state === 'approved') ?? rows[0];
}

/** Requests of a token that wait. */
export async function countPending(db: Kysely<ApprovalTables>, tokenId: string, at: string): Promise<number> {
  const { waiting } = await db
    .selectFrom('approvals')
    .select((row) => row.fn.countAll<number>().as('waiting'))
    .where('token_id', '=', tokenId)
    .where('state', '=', 'pending')
    .where('expires_at', '>', at)
    .executeTakeFirstOrThrow();
  return waiting;
}

/**
 * Ask for a call. What has expired makes room, and requests for the same with an earlier definition of the tool are
 * void.
 * @returns false when somebody else has just asked for the same
 */
export async function insertApproval(db: Kysely<ApprovalTables>, row: NewApproval): Promise<boolean> {
  const { token_id, server_id, tool, args_mac, definition_hash, call_key, created_at } = row;
  await db
    .updateTable('approvals')
    .set({ state: 'expired' })
    .where('call_key', '=', call_key)
    .where('state', 'in', open)
    .where('expires_at', '<=', created_at)
    .execute();
  await db
    .updateTable('approvals')
    .set({ state: 'void' })
    .where('token_id', '=', token_id)
    .where('args_mac', '=', args_mac)
    .where('server_id', '=', server_id)
    .where('tool', '=', tool)
    .where('definition_hash', '<>', definition_hash)
    .where('state', 'in', open)
    .execute();
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('approvals')
    .values(row)
    .onConflict((clash) => clash.doNothing())
    .executeTakeFirstOrThrow();
  return Number(numInsertedOrUpdatedRows ?? 0) === 1;
}

/** Use an approval up. One statement decides, so of however many callers and processes one is told true. */
export async function claimApproval(db: Kysely<ApprovalTables>, id: string, at: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('approvals')
    .set({ state: 'used', used_at: at, sends: 1 })
    .where('id', '=', id)
    .where('state', '=', 'approved')
    .where('expires_at', '>', at)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/**
 * Send an approved call once more, after its server asked for input.
 * @param sends how often it had been sent when the server asked: each question is answered once
 * @param callKey of its first sending
 */
export async function continueApproval(
  db: Kysely<ApprovalTables>,
  { id, sends }: { readonly id: string; readonly sends: number },
  callKey: string,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('approvals')
    .set({ sends: sends + 1 })
    .where('id', '=', id)
    .where('state', '=', 'used')
    .where('sends', '=', sends)
    .where('call_key', '=', callKey)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** Undo the newest use of an approval, which was that of a call nothing was sent of. */
export async function releaseApproval(
  db: Kysely<ApprovalTables>,
  { id, sends }: { readonly id: string; readonly sends: number },
): Promise<void> {
  await db
    .updateTable('approvals')
    .set(sends === 1 ? { state: 'approved', used_at: null, sends: 0 } : { sends: sends - 1 })
    .where('id', '=', id)
    .where('state', '=', 'used')
    .where('sends', '=', sends)
    .execute();
}
