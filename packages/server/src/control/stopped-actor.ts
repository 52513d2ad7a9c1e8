import type { Kysely } from 'kysely';
import { forbidden } from '../domain/errors.ts';
import { roleOf, type Actor } from '../domain/roles.ts';
import type { Schema } from '../platform/database/schema.ts';

/**
 * Whoever is stopped changes nothing in the workspace either: approving, publishing, inviting and handing a machine over
 * are ways to go on by somebody else's hands. Nor is anybody let in by them. Owners may lift any stop, their own included.
 * @throws AppError `forbidden`
 */
export async function refuseStopped(
  tx: Kysely<Schema>,
  actor: Actor,
  workspaceId: string | undefined,
  at: string,
): Promise<void> {
  if (workspaceId === undefined || roleOf(actor) === 'owner') return;
  const memberId = await behind(tx, actor, workspaceId);
  if (memberId === null) return;
  const stop = await tx
    .selectFrom('stops')
    .select('id')
    .where('workspace_id', '=', workspaceId)
    .where('kind', '=', 'member')
    .where('target_id', '=', memberId)
    .where((row) => row.or([row('expires_at', 'is', null), row('expires_at', '>', at)]))
    .executeTakeFirst();
  if (stop === undefined) return;
  const who =
    actor.kind === 'invited' ? 'whoever has invited you' : 'you; until that is lifted you change nothing here';
  throw forbidden(`An administrator has stopped ${who} (${stop.id}). Ask them before you try again.`);
}

/** The member who acts, or on whose word an invitation rests; null: nobody of this workspace. */
async function behind(tx: Kysely<Schema>, actor: Actor, workspaceId: string): Promise<string | null> {
  if (actor.kind === 'invited') {
    const invitations = tx.selectFrom('invitations').select('inviter_id').where('id', '=', actor.invitationId);
    return (await invitations.executeTakeFirst())?.inviter_id ?? null;
  }
  if (actor.kind !== 'user') return null;
  const members = tx.selectFrom('members').select('id').where('workspace_id', '=', workspaceId);
  const own = members.where('user_id', '=', actor.userId).where('removed_at', 'is', null);
  return (await own.executeTakeFirst())?.id ?? null;
}
