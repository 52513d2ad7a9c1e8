import type { z } from 'zod';
import type { Role } from '@mcpnest/contract/operation';
import type { ApiKey, apiKeyIssue, rotate } from '@mcpnest/contract/schemas/tokens';
import type { Kysely, Selectable } from 'kysely';
import { AppError, conflict, forbidden, invalidInput, notFound } from '../../domain/errors.ts';
import { newId } from '../../domain/ids.ts';
import { atLeast, roleOf } from '../../domain/roles.ts';
import { hashToken, mintToken, tokenHint } from '../../domain/token.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { Change } from '../change.ts';
import { ending, expiryOf, successorExpiry } from '../expiry.ts';
import type { WorkspaceRef } from '../operation.ts';

export type KeyRow = Selectable<Schema['api_keys']> & { readonly email: string; readonly slug: string | null };

/** A control key as the API shows it: never the hash. */
export const toApiKey = (row: KeyRow): ApiKey => ({
  id: row.id,
  userId: row.user_id,
  email: row.email,
  workspace: row.slug,
  role: row.role as Role,
  label: row.label,
  hint: row.hint,
  expiresAt: row.expires_at,
  createdAt: row.created_at,
  createdBy: row.created_by,
  revokedAt: row.revoked_at,
  replacedBy: row.replaced_by,
  lastUsedAt: row.last_used_at,
});

export interface IssuedKey {
  readonly row: KeyRow;
  /** The key itself; it exists nowhere else. */
  readonly secret: string;
}

/** Keys bound to a workspace, or with null those of the whole instance; newest first, ended ones included. */
export const listKeys = (db: Kysely<Schema>, workspace: WorkspaceRef | null): Promise<KeyRow[]> =>
  selectKeys(db, workspace).orderBy('key.id', 'desc').execute();

/**
 * Issue a control key to a person who is known: a member for a workspace key, any user for an instance key. Its role
 * is at most the caller's and, in a workspace, at most the member's.
 * @throws AppError `forbidden` for a role out of reach, `not_found` for an unknown person
 */
export async function issueKey(
  change: Change,
  workspace: WorkspaceRef | null,
  body: z.output<typeof apiKeyIssue>,
): Promise<IssuedKey> {
  refuseAbove(change, body.role);
  const holder = await findHolder(change, workspace, body.email);
  if (holder.role !== null && !atLeast(holder.role, body.role)) {
    throw forbidden(`${holder.email} is ${holder.role} of this workspace; the key's role can be at most that.`);
  }
  const issued = await insertKey(change, workspace, holder, {
    role: body.role,
    label: body.label,
    expires_at: expiryOf(body, change.now),
  });
  await recordKey(change, issued.row, { email: holder.email, role: body.role, label: body.label });
  return issued;
}

/**
 * Replace a control key. The old one ends now, or after the overlap, during which both work.
 * @throws AppError `not_found`; `forbidden` for a key above the caller's role; `conflict` for one that has ended
 */
export async function rotateKey(
  change: Change,
  workspace: WorkspaceRef | null,
  id: string,
  body: z.output<typeof rotate>,
): Promise<IssuedKey> {
  const old = await findKey(change, workspace, id);
  if (old.revoked_at !== null || old.replaced_by !== null || (old.expires_at !== null && old.expires_at <= change.at)) {
    throw conflict(`The key '${old.label}' has ended or was replaced already. Issue a new one.`);
  }
  const issued = await insertKey(
    change,
    workspace,
    { userId: old.user_id, email: old.email },
    { role: old.role, label: old.label, expires_at: successorExpiry(old, body, change.now) },
  );
  await change.tx
    .updateTable('api_keys')
    .set({ replaced_by: issued.row.id, ...ending(old, body.overlapSeconds, change.now) })
    .where('id', '=', old.id)
    .execute();
  await recordKey(change, old, { label: old.label, replacedBy: issued.row.id, overlapSeconds: body.overlapSeconds });
  return issued;
}

/** End a control key now. Ending one that has ended already changes nothing and is no error. */
export async function revokeKey(change: Change, workspace: WorkspaceRef | null, id: string): Promise<void> {
  const row = await findKey(change, workspace, id);
  if (row.revoked_at !== null) return;
  await change.tx.updateTable('api_keys').set({ revoked_at: change.at }).where('id', '=', id).execute();
  await recordKey(change, row, { email: row.email, label: row.label });
}

/** End every key a person has in a workspace. @returns their ids */
export async function revokeUserKeys(change: Change, workspace: WorkspaceRef, userId: string): Promise<string[]> {
  const rows = await change.tx
    .updateTable('api_keys')
    .set({ revoked_at: change.at })
    .where('workspace_id', '=', workspace.id)
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .returning('id')
    .execute();
  return rows.map((row) => row.id);
}

interface Holder {
  readonly userId: string;
  readonly email: string;
}

async function findHolder(
  change: Change,
  workspace: WorkspaceRef | null,
  email: string | undefined,
): Promise<Holder & { role: Role | null }> {
  const { actor, tx } = change;
  if (email === undefined && actor.kind === 'local') {
    throw invalidInput('Say whose key it is by email (--email).', [
      { path: 'body.email', message: 'is required for the local operator' },
    ]);
  }
  const wanted = email ?? (actor.kind === 'user' ? actor.userId : '');
  const user = await tx
    .selectFrom('users')
    .select(['id', 'email'])
    .where(email === undefined ? 'id' : 'email', '=', wanted)
    .executeTakeFirst();
  if (user === undefined) {
    throw new AppError(
      'not_found',
      `Nobody here is known as ${wanted}. Add them to a workspace first: mcpnest member add ${wanted}`,
    );
  }
  if (workspace === null) return { userId: user.id, email: user.email, role: null };
  const member = await tx
    .selectFrom('members')
    .select('role')
    .where('workspace_id', '=', workspace.id)
    .where('user_id', '=', user.id)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
  if (member === undefined) throw notFound('member', user.email);
  return { userId: user.id, email: user.email, role: member.role as Role };
}

async function insertKey(
  change: Change,
  workspace: WorkspaceRef | null,
  holder: Holder,
  fields: Pick<KeyRow, 'role' | 'label' | 'expires_at'>,
): Promise<IssuedKey> {
  const secret = mintToken('mnk_');
  const row = {
    id: newId(change.now),
    user_id: holder.userId,
    workspace_id: workspace?.id ?? null,
    ...fields,
    hash: hashToken(secret),
    hint: tokenHint(secret),
    created_at: change.at,
    created_by: change.actorName,
    revoked_at: null,
    replaced_by: null,
    last_used_at: null,
  };
  await change.tx.insertInto('api_keys').values(row).execute();
  return { row: { ...row, email: holder.email, slug: workspace?.slug ?? null }, secret };
}

const recordKey = (change: Change, row: KeyRow, detail: Record<string, unknown>): Promise<void> =>
  change.record({ workspaceId: row.workspace_id, target: `key:${row.id}`, detail, publish: 'nothing' });

async function findKey(change: Change, workspace: WorkspaceRef | null, id: string): Promise<KeyRow> {
  const row = await selectKeys(change.tx, workspace).where('key.id', '=', id).executeTakeFirst();
  if (row === undefined) throw notFound('key', id);
  refuseAbove(change, row.role as Role);
  return row;
}

const selectKeys = (db: Kysely<Schema>, workspace: WorkspaceRef | null) =>
  db
    .selectFrom('api_keys as key')
    .innerJoin('users', 'users.id', 'key.user_id')
    .leftJoin('gateway_workspaces as workspace', 'workspace.id', 'key.workspace_id')
    .selectAll('key')
    .select(['users.email', 'workspace.slug'])
    .where((row) =>
      workspace === null ? row('key.workspace_id', 'is', null) : row('key.workspace_id', '=', workspace.id),
    );

function refuseAbove(change: Change, role: Role): void {
  if (atLeast(roleOf(change.actor), role)) return;
  throw forbidden(`Your role is ${roleOf(change.actor)}; a key of role ${role} is above it.`);
}
