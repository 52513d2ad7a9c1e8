import type { Selectable } from 'kysely';
import { conflict, forbidden, invalidInput, notFound } from '../../domain/errors.ts';
import type { Actor } from '../../domain/roles.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { Change } from '../change.ts';
import { administers, ownMember, refuseAbove, requireMember } from '../membership.ts';
import type { WorkspaceRef } from '../operation.ts';

/** For whom a token acts. */
export type TokenHolder = Pick<Selectable<Schema['gateway_tokens']>, 'kind' | 'member_id' | 'machine_id'>;

/** What a new token is asked for. */
export interface HolderInput {
  readonly kind: TokenHolder['kind'];
  readonly memberId?: string | undefined;
  readonly machineId?: string | undefined;
}

/** The holder asked for; a member token without a member is the caller's own. */
export async function holderOf(change: Change, workspace: WorkspaceRef, input: HolderInput): Promise<TokenHolder> {
  const { kind, memberId, machineId } = input;
  if (kind !== 'member' || memberId !== undefined) {
    return { kind, member_id: memberId ?? null, machine_id: machineId ?? null };
  }
  const own = await ownMember(change.tx, workspace, change.actor);
  if (own !== undefined) return { kind, member_id: own, machine_id: null };
  throw invalidInput('You are no member of this workspace; say whose token it is.', [
    { path: 'body.memberId', message: 'is required for who is no member' },
  ]);
}

/**
 * Whether the actor may have a secret that acts for this holder: their own, or as an administrator anybody's who is not
 * above them, a machine's that is active, and the workspace's.
 * @throws AppError `forbidden`; `not_found` for a holder who is not in the workspace; `conflict` for a machine at rest
 */
export async function requireHolder(change: Change, workspace: WorkspaceRef, holder: TokenHolder): Promise<void> {
  const { tx, actor } = change;
  if (holder.member_id !== null) {
    if (holder.member_id === (await ownMember(tx, workspace, actor))) return;
    requireAdministrator(actor, 'other people');
    refuseAbove(actor, (await requireMember(tx, workspace, holder.member_id)).role);
    return;
  }
  requireAdministrator(actor, holder.kind === 'machine' ? 'machines' : 'the workspace');
  if (holder.machine_id !== null) await requireActiveMachine(change, workspace, holder.machine_id);
}

/** Living tokens one member or machine may have: members issue their own, and every one is in the snapshot. */
export const maxTokens = 100;

/** @throws AppError `conflict` when the member or machine has as many tokens as may live at once */
export async function requireRoom(change: Change, { member_id, machine_id }: TokenHolder): Promise<void> {
  const holder = member_id ?? machine_id;
  if (holder === null) return;
  const { living } = await change.tx
    .selectFrom('gateway_tokens')
    .select((row) => row.fn.countAll<number>().as('living'))
    .where(member_id === null ? 'machine_id' : 'member_id', '=', holder)
    .where('revoked_at', 'is', null)
    .where((row) => row.or([row('expires_at', 'is', null), row('expires_at', '>', change.at)]))
    .executeTakeFirstOrThrow();
  if (living >= maxTokens)
    throw conflict(
      `There are ${maxTokens} tokens of this ${member_id === null ? 'machine' : 'member'} already. Revoke one first.`,
    );
}

function requireAdministrator(actor: Actor, whose: string): void {
  if (administers(actor)) return;
  throw forbidden(`Tokens of ${whose} are issued by an admin. Issue one of your own: kind "member".`);
}

async function requireActiveMachine(change: Change, workspace: WorkspaceRef, id: string): Promise<void> {
  const row = await change.tx
    .selectFrom('machines as machine')
    .innerJoin('members as owner', 'owner.id', 'machine.owner_id')
    .select(['machine.name', 'machine.enabled', 'owner.removed_at'])
    .where('machine.workspace_id', '=', workspace.id)
    .where('machine.id', '=', id)
    .where('machine.removed_at', 'is', null)
    .executeTakeFirst();
  if (row === undefined) throw notFound('machine', id);
  if (row.removed_at !== null)
    throw conflict(`The machine '${row.name}' is suspended: its owner was removed. Name another owner first.`);
  if (row.enabled !== 1) throw conflict(`The machine '${row.name}' is disabled. Enable it first.`);
}
