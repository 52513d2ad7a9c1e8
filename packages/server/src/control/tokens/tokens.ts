import type { z } from 'zod';
import type { Token, rotate, tokenIssue } from '@mcpnest/contract/schemas/tokens';
import type { Kysely, Selectable } from 'kysely';
import { conflict, invalidInput, notFound } from '../../domain/errors.ts';
import { newId } from '../../domain/ids.ts';
import type { Actor } from '../../domain/roles.ts';
import { hashToken, mintToken, tokenHint } from '../../domain/token.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { Change } from '../change.ts';
import { ending, expiryOf, successorExpiry } from '../expiry.ts';
import { administers, ownMember } from '../membership.ts';
import type { WorkspaceRef } from '../operation.ts';
import { visibleServers } from '../servers/servers.ts';
import { holderOf, requireHolder, requireRoom } from './holder.ts';
import type { TokenHolder } from './holder.ts';

type TokenRow = Selectable<Schema['gateway_tokens']>;

/**
 * A token as the API shows it: never the hash.
 * @param lastUsedAt as the gateway noted it; null = not yet
 */
export const toToken = (row: TokenRow, lastUsedAt: string | null): Token => ({
  id: row.id,
  kind: row.kind,
  memberId: row.member_id,
  machineId: row.machine_id,
  scope: row.scope === null ? null : (JSON.parse(row.scope) as string[]),
  label: row.label,
  hint: row.hint,
  expiresAt: row.expires_at,
  createdAt: row.created_at,
  createdBy: row.created_by,
  revokedAt: row.revoked_at,
  replacedBy: row.replaced_by,
  lastUsedAt,
  purpose: row.purpose,
});

export interface IssuedToken {
  readonly row: TokenRow;
  /** The token itself; it exists nowhere else. */
  readonly secret: string;
}

/**
 * The tokens an actor may see, newest first, ended ones included: who had access is a question about the past too.
 */
export async function listTokens(db: Kysely<Schema>, workspace: WorkspaceRef, actor: Actor): Promise<Token[]> {
  const rows = await (
    await visibleTokens(db, workspace, actor)
  )
    .leftJoin('token_last_use as use', 'use.token_id', 'token.id')
    .select('use.used_at')
    .orderBy('token.id', 'desc')
    .execute();
  return rows.map((row) => toToken(row, row.used_at));
}

/** Days a machine's token lives unless told otherwise: it is what nobody misses when it should have ended. */
const machineDays = 90;

/**
 * Issue a gateway token. Of the token only its SHA-256 is kept.
 * @throws AppError `forbidden` for a holder the caller may not act for, `not_found` for one who is not (or no longer)
 *   in the workspace, `conflict` for a machine at rest or too many tokens of one holder, `invalid_input` for a scope that names no server
 */
export async function issueToken(
  change: Change,
  workspace: WorkspaceRef,
  body: z.output<typeof tokenIssue>,
): Promise<IssuedToken> {
  const holder = await holderOf(change, workspace, body);
  await requireHolder(change, workspace, holder);
  await requireRoom(change, holder);
  if (body.scope) await requireServers(change, workspace, body.scope);
  const issued = await insertToken(change, workspace, {
    ...holder,
    label: body.label,
    scope: body.scope ? JSON.stringify([...new Set(body.scope)]) : null,
    expires_at: expiryOf(body, change.now, holder.kind === 'machine' ? machineDays : undefined),
  });
  await recordToken(change, issued.row, { ...whose(issued.row), label: body.label, scope: body.scope ?? null });
  return issued;
}

/**
 * Replace a token. The old one ends now, or after the overlap, during which both work.
 * @throws AppError `not_found`; `conflict` for one that has ended or was replaced already
 */
export async function rotateToken(
  change: Change,
  workspace: WorkspaceRef,
  id: string,
  body: z.output<typeof rotate>,
): Promise<IssuedToken> {
  const old = await findToken(change, workspace, id);
  if (old.revoked_at !== null || old.replaced_by !== null || (old.expires_at !== null && old.expires_at <= change.at)) {
    throw conflict(`The token '${old.label}' has ended or was replaced already. Issue a new one.`);
  }
  if (old.purpose !== null) throw conflict('A token of the console is not replaced; the console asks for another.');
  await requireHolder(change, workspace, old);
  const { kind, member_id, machine_id, label, scope } = old;
  const expires_at = successorExpiry(old, body, change.now);
  const issued = await insertToken(change, workspace, { kind, member_id, machine_id, label, scope, expires_at });
  await change.tx
    .updateTable('gateway_tokens')
    .set({ replaced_by: issued.row.id, ...ending(old, body.overlapSeconds, change.now) })
    .where('id', '=', old.id)
    .execute();
  await recordToken(change, old, {
    ...whose(old),
    label,
    replacedBy: issued.row.id,
    overlapSeconds: body.overlapSeconds,
  });
  return issued;
}

/** End a token now. Ending one that has ended already changes nothing and is no error. */
export async function revokeToken(change: Change, workspace: WorkspaceRef, id: string): Promise<void> {
  const row = await findToken(change, workspace, id);
  if (row.revoked_at !== null) return;
  await change.tx.updateTable('gateway_tokens').set({ revoked_at: change.at }).where('id', '=', id).execute();
  await recordToken(change, row, { ...whose(row), label: row.label });
}

/** End every token of a member or of a machine. @returns their ids */
export async function revokeTokensOf(
  change: Change,
  holder: 'member_id' | 'machine_id',
  id: string,
): Promise<string[]> {
  const rows = await change.tx
    .updateTable('gateway_tokens')
    .set({ revoked_at: change.at })
    .where(holder, '=', id)
    .where('revoked_at', 'is', null)
    .returning('id')
    .execute();
  return rows.map((row) => row.id);
}

/** Mint a token and keep its SHA-256. */
export async function insertToken(
  change: Change,
  workspace: WorkspaceRef,
  fields: TokenHolder & Pick<TokenRow, 'label' | 'scope' | 'expires_at'> & Partial<Pick<TokenRow, 'purpose'>>,
): Promise<IssuedToken> {
  const secret = mintToken('mng_');
  const row: TokenRow = {
    id: newId(change.now),
    workspace_id: workspace.id,
    ...fields,
    hash: hashToken(secret),
    hint: tokenHint(secret),
    created_at: change.at,
    created_by: change.actorName,
    revoked_at: null,
    replaced_by: null,
    purpose: fields.purpose ?? null,
  };
  await change.tx.insertInto('gateway_tokens').values(row).execute();
  return { row, secret };
}

/** Put on record that a token was issued or ended. */
export const recordToken = (change: Change, row: TokenRow, detail: Record<string, unknown>): Promise<void> =>
  change.record({ workspaceId: row.workspace_id, target: `token:${row.id}`, detail, publish: 'workspace' });

const whose = ({ kind, member_id, machine_id }: TokenHolder): Record<string, unknown> => ({
  kind,
  ...(member_id === null ? {} : { memberId: member_id }),
  ...(machine_id === null ? {} : { machineId: machine_id }),
});

async function findToken(change: Change, workspace: WorkspaceRef, id: string): Promise<TokenRow> {
  const row = await (
    await visibleTokens(change.tx, workspace, change.actor)
  )
    .where('token.id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw notFound('token', id);
  return row;
}

/** Those of the actor and of machines they own, or all for an administrator. */
async function visibleTokens(db: Kysely<Schema>, workspace: WorkspaceRef, actor: Actor) {
  const all = db
    .selectFrom('gateway_tokens as token')
    .selectAll('token')
    .where('token.workspace_id', '=', workspace.id);
  if (administers(actor)) return all;
  const own = (await ownMember(db, workspace, actor)) ?? '';
  return all.where((row) =>
    row.or([
      row('token.member_id', '=', own),
      row('token.machine_id', 'in', row.selectFrom('machines').select('id').where('owner_id', '=', own)),
    ]),
  );
}

/** A member's own token names no server that is hidden from them: whether it exists is not theirs to find out. */
async function requireServers(change: Change, workspace: WorkspaceRef, scope: readonly string[]): Promise<void> {
  const rows = await visibleServers(change.tx, workspace, change.actor);
  const known = new Set(rows.map((row) => row.slug));
  const unknown = scope.find((entry) => !known.has(entry.split(':', 1)[0]!));
  if (unknown === undefined) return;
  throw invalidInput(`The scope entry '${unknown}' names no server of this workspace. Add the server first.`, [
    { path: 'body.scope', message: `'${unknown}' names no server of this workspace` },
  ]);
}
