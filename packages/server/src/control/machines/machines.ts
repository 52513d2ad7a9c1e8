import type { z } from 'zod';
import type { Machine, machineCreate, machineUpdate } from '@mcpnest/contract/schemas/machines';
import type { Kysely, Selectable } from 'kysely';
import { alreadyExists, invalidInput, notFound } from '../../domain/errors.ts';
import { newId } from '../../domain/ids.ts';
import type { Actor } from '../../domain/roles.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { Change } from '../change.ts';
import { administers, ownMember, requireMember } from '../membership.ts';
import type { WorkspaceRef } from '../operation.ts';
import { removeRulesOf } from '../rules/rules.ts';
import { withPatch } from '../stored.ts';
import { revokeTokensOf } from '../tokens/tokens.ts';

/** The machines an actor may see, by name: those they own, or all for an administrator. */
export async function listMachines(db: Kysely<Schema>, workspace: WorkspaceRef, actor: Actor): Promise<Machine[]> {
  return (await (await visibleMachines(db, workspace, actor)).orderBy('machine.name').execute()).map(toMachine);
}

/** @throws AppError `not_found`, also for a machine the actor may not see */
export async function showMachine(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  actor: Actor,
  id: string,
): Promise<Machine> {
  const row = await (await visibleMachines(db, workspace, actor)).where('machine.id', '=', id).executeTakeFirst();
  if (row === undefined) throw notFound('machine', id);
  return toMachine(row);
}

/**
 * Create a machine, switched on and without a token.
 * @throws AppError `already_exists` for its name; `not_found` for an owner who is no member; `invalid_input` when no
 *   owner is named by someone who is no member
 */
export async function createMachine(
  change: Change,
  workspace: WorkspaceRef,
  body: z.output<typeof machineCreate>,
): Promise<Machine> {
  const ownerId = body.ownerId ?? (await ownMember(change.tx, workspace, change.actor));
  if (ownerId === undefined) {
    throw invalidInput('You are no member of this workspace; say which member answers for the machine.', [
      { path: 'body.ownerId', message: 'is required for who is no member' },
    ]);
  }
  await requireMember(change.tx, workspace, ownerId);
  await refuseTakenName(change, workspace, body.name);
  const row: Selectable<Schema['machines']> = {
    id: newId(change.now),
    workspace_id: workspace.id,
    name: body.name,
    owner_id: ownerId,
    enabled: 1,
    created_at: change.at,
    created_by: change.actorName,
    updated_at: change.at,
    removed_at: null,
  };
  await change.tx.insertInto('machines').values(row).execute();
  await recordMachine(change, workspace, row.id, { name: row.name, ownerId }, 'workspace');
  return findMachine(change, workspace, row.id);
}

/**
 * Change what is sent. Switching off, and a new owner for a suspended machine, reach the gateway at once.
 * @throws AppError `not_found`, `already_exists`
 */
export async function updateMachine(
  change: Change,
  workspace: WorkspaceRef,
  id: string,
  body: z.output<typeof machineUpdate>,
): Promise<Machine> {
  const machine = await findMachine(change, workspace, id);
  const before = { name: machine.name, ownerId: machine.ownerId, enabled: machine.enabled };
  const after = withPatch(before, body);
  if (body.ownerId !== undefined) await requireMember(change.tx, workspace, body.ownerId);
  if (JSON.stringify(before) === JSON.stringify(after)) return machine;
  if (after.name !== before.name) await refuseTakenName(change, workspace, after.name);
  await change.tx
    .updateTable('machines')
    .set({ name: after.name, owner_id: after.ownerId, enabled: after.enabled ? 1 : 0, updated_at: change.at })
    .where('id', '=', id)
    .execute();
  const onlyNamed = after.ownerId === before.ownerId && after.enabled === before.enabled;
  await recordMachine(change, workspace, id, { before, after }, onlyNamed ? 'nothing' : 'workspace');
  return findMachine(change, workspace, id);
}

/** Remove a machine, end its tokens and delete the rules that name it. @throws AppError `not_found` */
export async function removeMachine(change: Change, workspace: WorkspaceRef, id: string): Promise<void> {
  const { name } = await findMachine(change, workspace, id);
  await change.tx.updateTable('machines').set({ removed_at: change.at }).where('id', '=', id).execute();
  const tokens = await revokeTokensOf(change, 'machine_id', id);
  const rules = await removeRulesOf(change, 'machine', id);
  await recordMachine(change, workspace, id, { name, ended: { tokens, rules } }, 'workspace');
}

/** Ids of the machines a member owns. */
export async function machinesOf(db: Kysely<Schema>, memberId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('machines')
    .select('id')
    .where('owner_id', '=', memberId)
    .where('removed_at', 'is', null)
    .orderBy('id')
    .execute();
  return rows.map((row) => row.id);
}

type MachineRow = Awaited<ReturnType<ReturnType<typeof selectMachines>['executeTakeFirstOrThrow']>>;

const toMachine = (row: MachineRow): Machine => ({
  id: row.id,
  name: row.name,
  ownerId: row.owner_id,
  ownerEmail: row.owner_email,
  state: row.owner_removed_at !== null ? 'suspended' : row.enabled === 1 ? 'active' : 'disabled',
  enabled: row.enabled === 1,
  createdAt: row.created_at,
  createdBy: row.created_by,
  updatedAt: row.updated_at,
  lastUsedAt: row.used_at,
});

const selectMachines = (db: Kysely<Schema>, workspace: WorkspaceRef) =>
  db
    .selectFrom('machines as machine')
    .innerJoin('members as owner', 'owner.id', 'machine.owner_id')
    .innerJoin('users', 'users.id', 'owner.user_id')
    .selectAll('machine')
    .select(['users.email as owner_email', 'owner.removed_at as owner_removed_at'])
    .select((row) =>
      row
        .selectFrom('token_last_use as use')
        .innerJoin('gateway_tokens as token', 'token.id', 'use.token_id')
        .select((inner) => inner.fn.max('use.used_at').as('used_at'))
        .whereRef('token.machine_id', '=', 'machine.id')
        .as('used_at'),
    )
    .where('machine.workspace_id', '=', workspace.id)
    .where('machine.removed_at', 'is', null);

async function visibleMachines(db: Kysely<Schema>, workspace: WorkspaceRef, actor: Actor) {
  const all = selectMachines(db, workspace);
  if (administers(actor)) return all;
  return all.where('machine.owner_id', '=', (await ownMember(db, workspace, actor)) ?? '');
}

async function findMachine(change: Change, workspace: WorkspaceRef, id: string): Promise<Machine> {
  const row = await selectMachines(change.tx, workspace).where('machine.id', '=', id).executeTakeFirst();
  if (row === undefined) throw notFound('machine', id);
  return toMachine(row);
}

async function refuseTakenName(change: Change, workspace: WorkspaceRef, name: string): Promise<void> {
  const taken = await selectMachines(change.tx, workspace).where('machine.name', '=', name).executeTakeFirst();
  if (taken !== undefined) throw alreadyExists('machine', name);
}

const recordMachine = (
  change: Change,
  workspace: WorkspaceRef,
  id: string,
  detail: Record<string, unknown>,
  publish: 'workspace' | 'nothing',
): Promise<void> => change.record({ workspaceId: workspace.id, target: `machine:${id}`, detail, publish });
