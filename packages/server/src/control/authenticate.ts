import { timingSafeEqual } from 'node:crypto';
import type { Role } from '@mcpnest/contract/operation';
import type { Kysely } from 'kysely';
import { forbidden, unauthenticated } from '../domain/errors.ts';
import { atLeast, lesserRole } from '../domain/roles.ts';
import type { Actor } from '../domain/roles.ts';
import { hashToken, tokenPrefix } from '../domain/token.ts';
import { isoTime } from '../platform/clock.ts';
import type { Clock } from '../platform/clock.ts';
import type { Schema } from '../platform/database/schema.ts';
import { confirmSession } from './console-session.ts';

const dayMs = 86_400_000;

/** What whoever sends no credential is told. */
export const nothingSent = () => unauthenticated('Sign in, or send a control key: Authorization: Bearer mnk_…');

/**
 * The actor of an `Authorization: Bearer mnk_…` header (RFC 6750). A key bound to a workspace counts for no more than
 * its member does there, and for nothing once the member is removed. The secret of an open invitation (`mni_…`) is an
 * actor too, who can do nothing but accept it.
 * @throws AppError `unauthenticated`; there is no anonymous actor
 */
export async function authenticate(db: Kysely<Schema>, clock: Clock, header: string): Promise<Actor> {
  const key = /^Bearer +(\S+)$/i.exec(header)?.[1] ?? '';
  const prefix = tokenPrefix(key);
  if (prefix === 'mng_') {
    throw unauthenticated(
      'This is a gateway token (mng_…); it opens the gateway only. The control API needs a control key (mnk_…).',
    );
  }
  if (prefix === undefined) throw refused();
  const hash = hashToken(key);
  const now = clock.now();
  if (prefix === 'mni_') return invited(db, hash, isoTime(now));
  const row = await findKey(db, 'hash', hash);
  if (row === undefined || !timingSafeEqual(Buffer.from(row.hash, 'hex'), Buffer.from(hash, 'hex'))) throw refused();
  if (ended(row, isoTime(now))) throw refused();
  const bound = boundTo(row);
  if (row.last_used_at === null || Date.parse(row.last_used_at) <= now - dayMs) {
    await db
      .updateTable('api_keys')
      .set({ last_used_at: isoTime(now) })
      .where('id', '=', row.id)
      .execute();
  }
  return { kind: 'user', userId: row.user_id, credential: { kind: 'key', id: row.id }, ...bound };
}

/** The bearer of an open invitation. @param hash of its secret. @throws AppError `unauthenticated` */
export async function invited(
  db: Kysely<Schema>,
  hash: string,
  at: string,
): Promise<Extract<Actor, { kind: 'invited' }>> {
  const row = await db
    .selectFrom('invitations')
    .innerJoin('gateway_workspaces as workspace', 'workspace.id', 'invitations.workspace_id')
    .select([
      'invitations.id',
      'invitations.hash',
      'invitations.role',
      'workspace.id as workspace_id',
      'workspace.slug',
    ])
    .where('hash', '=', hash)
    .where('accepted_at', 'is', null)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', at)
    .executeTakeFirst();
  if (row === undefined || !timingSafeEqual(Buffer.from(row.hash, 'hex'), Buffer.from(hash, 'hex')))
    throw invitationRefused();
  const workspace = { id: row.workspace_id, slug: row.slug };
  return { kind: 'invited', invitationId: row.id, role: row.role as Role, workspace };
}

/** One answer for wrong, expired, revoked and used invitations. */
export const invitationRefused = () =>
  unauthenticated('This invitation is not valid: wrong, expired, revoked or used already. Ask for a new one.');

/** One answer for wrong, expired and revoked keys: nothing to learn from the difference. */
const refused = () =>
  unauthenticated('This control key is not valid: wrong, expired or revoked. Ask an owner for a new one.');

/**
 * Look again at who makes a change, now that its transaction has its turn: whoever was removed, demoted or whose key or
 * session ended while this change waited makes none.
 * @throws AppError `unauthenticated`, `forbidden`
 */
export async function confirmActor(tx: Kysely<Schema>, actor: Actor, at: string): Promise<void> {
  if (actor.kind !== 'user') return;
  const role = await roleNow(tx, actor, at);
  if (role === null || !atLeast(role, actor.role))
    throw forbidden('Your role has just been changed. Look again first.');
}

async function roleNow(tx: Kysely<Schema>, actor: Extract<Actor, { kind: 'user' }>, at: string): Promise<Role | null> {
  if (actor.credential.kind === 'session') return confirmSession(tx, actor, at);
  const row = await findKey(tx, 'id', actor.credential.id);
  if (row === undefined || ended(row, at)) throw refused();
  return boundTo(row).role;
}

const ended = (row: { revoked_at: string | null; expires_at: string | null }, at: string): boolean =>
  row.revoked_at !== null || (row.expires_at !== null && row.expires_at <= at);

const findKey = (db: Kysely<Schema>, column: 'id' | 'hash', value: string) =>
  db
    .selectFrom('api_keys as key')
    .leftJoin('gateway_workspaces as workspace', 'workspace.id', 'key.workspace_id')
    .leftJoin('members as member', (join) =>
      join
        .onRef('member.workspace_id', '=', 'key.workspace_id')
        .onRef('member.user_id', '=', 'key.user_id')
        .on('member.removed_at', 'is', null),
    )
    .select(['key.id', 'key.hash', 'key.user_id', 'key.workspace_id', 'key.role', 'key.expires_at', 'key.revoked_at'])
    .select(['key.last_used_at', 'workspace.slug', 'member.role as member_role'])
    .where(`key.${column}`, '=', value)
    .executeTakeFirst();

function boundTo(row: { workspace_id: string | null; slug: string | null; role: string; member_role: string | null }): {
  readonly role: Role;
  readonly workspace: { readonly id: string; readonly slug: string } | null;
} {
  if (row.workspace_id === null) return { role: row.role as Role, workspace: null };
  if (row.slug === null || row.member_role === null) throw refused();
  return {
    role: lesserRole(row.role as Role, row.member_role as Role),
    workspace: { id: row.workspace_id, slug: row.slug },
  };
}
