import { isoTime } from '../../platform/clock.ts';
import type { Change } from '../change.ts';
import type { WorkspaceRef } from '../operation.ts';
import { holderOf, requireRoom } from './holder.ts';
import { insertToken, recordToken, type IssuedToken } from './tokens.ts';

/** Long enough to try a tool, too short to be of use to whoever finds it later. */
const lifeMs = 10 * 60_000;
/** Living ones of a person: each open page has one. */
const mostLiving = 5;

/**
 * Issue the actor a token for the pages of a console. Those that ended, and the oldest of too many, are revoked, so that
 * a person has a few of them in the snapshot however often a page is opened.
 * @throws AppError `invalid_input` for who is no member; `conflict` with too many tokens of other kinds
 */
export async function issueConsoleToken(change: Change, workspace: WorkspaceRef): Promise<IssuedToken> {
  const holder = await holderOf(change, workspace, { kind: 'member' });
  const ended = await endSurplus(change, workspace, holder.member_id!);
  await requireRoom(change, holder);
  const issued = await insertToken(change, workspace, {
    ...holder,
    label: 'Console',
    scope: null,
    expires_at: isoTime(change.now + lifeMs),
    purpose: 'console',
  });
  await recordToken(change, issued.row, { kind: holder.kind, memberId: holder.member_id, purpose: 'console', ended });
  return issued;
}

/** @returns ids of those that were ended */
async function endSurplus(change: Change, workspace: WorkspaceRef, memberId: string): Promise<string[]> {
  const rows = await change.tx
    .selectFrom('gateway_tokens')
    .select(['id', 'expires_at'])
    .where('workspace_id', '=', workspace.id)
    .where('member_id', '=', memberId)
    .where('purpose', '=', 'console')
    .where('revoked_at', 'is', null)
    .orderBy('id', 'desc')
    .execute();
  const living = rows.filter(({ expires_at }) => expires_at! > change.at).slice(0, mostLiving - 1);
  const kept = new Set(living.map(({ id }) => id));
  const ended = rows.map(({ id }) => id).filter((id) => !kept.has(id));
  if (ended.length > 0)
    await change.tx.updateTable('gateway_tokens').set({ revoked_at: change.at }).where('id', 'in', ended).execute();
  return ended;
}
