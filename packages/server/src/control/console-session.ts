import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Operation, Role } from '@mcpnest/contract/operation';
import type { Kysely, Selectable } from 'kysely';
import { AppError, forbidden, notFound, unauthenticated } from '../domain/errors.ts';
import { atLeast } from '../domain/roles.ts';
import type { Actor } from '../domain/roles.ts';
import { hashToken } from '../domain/token.ts';
import { isoTime } from '../platform/clock.ts';
import type { Schema } from '../platform/database/schema.ts';

export const sessionDays = 30;
const idleMs = 12 * 3_600_000;
const seenEveryMs = 60_000;
/** How long a sign-in is recent. */
const recentMs = 10 * 60_000;

export type SessionRow = Selectable<Schema['console_sessions']>;
type UserActor = Extract<Actor, { kind: 'user' }>;

/** 256 random bits as 43 characters. Shown to one browser, or in one link; what is stored is `hashToken` of it. */
export const mintSecret = (): string => randomBytes(32).toString('base64url');

/**
 * What a page of ours must send with everything that changes something: it follows from the session, and a foreign page
 * cannot know it (OWASP: HMAC based token).
 */
export const csrfToken = (key: Buffer, session: Pick<SessionRow, 'hash'>): string =>
  createHmac('sha256', key).update(session.hash).digest('base64url');

/** @throws AppError `forbidden` */
export function checkCsrf(request: Request, key: Buffer, session: Pick<SessionRow, 'hash'>): void {
  refuseForeignPage(request);
  if (request.method === 'GET' || request.method === 'HEAD') return;
  const expected = Buffer.from(csrfToken(key, session));
  const given = Buffer.from(request.headers.get('x-csrf-token') ?? '');
  if (given.length === expected.length && timingSafeEqual(given, expected)) return;
  throw forbidden('Send the csrfToken of the session (GET /api/v1/session) as x-csrf-token.');
}

/**
 * What browsers say of where a request was made (Fetch Metadata); other programs say nothing.
 * @throws AppError `forbidden`
 */
export function refuseForeignPage(request: Request): void {
  const site = request.headers.get('sec-fetch-site');
  if (site === null || site === 'same-origin' || (site === 'none' && request.method === 'GET')) return;
  throw forbidden('This can be asked for by the console’s own pages only.');
}

/**
 * The session a secret opens, with its last use noted to the minute; undefined for one that has ended.
 * @throws AppError `unauthenticated` for a secret that is of no session
 */
export async function lookUpSession(db: Kysely<Schema>, secret: string, now: number): Promise<SessionRow | undefined> {
  const hash = hashToken(secret);
  const row = await db.selectFrom('console_sessions').selectAll().where('hash', '=', hash).executeTakeFirst();
  if (row === undefined || !timingSafeEqual(Buffer.from(row.hash, 'hex'), Buffer.from(hash, 'hex')))
    throw sessionEnded();
  if (!isOpen(row, now)) return undefined;
  if (Date.parse(row.last_seen_at) <= now - seenEveryMs) {
    const seen = { last_seen_at: isoTime(now) };
    await db.updateTable('console_sessions').set(seen).where('id', '=', row.id).execute();
  }
  return row;
}

export const sessionEnded = () => unauthenticated('Your session has ended. Sign in again.');

export const isOpen = (row: SessionRow, now: number): boolean =>
  row.ended_at === null && row.expires_at > isoTime(now) && row.last_seen_at > isoTime(now - idleMs);

/**
 * Who acts in a session, for one operation. In a workspace the person counts as their membership there, or as their role
 * for the instance where that is higher; elsewhere as the latter. Where the path does not say which workspace, nothing but
 * who they are is known yet.
 * @throws AppError `not_found` for a workspace that is none of theirs, as for one that does not exist
 */
export async function actorOfSession(
  db: Kysely<Schema>,
  session: Pick<SessionRow, 'id' | 'user_id'>,
  { scope }: Pick<Operation, 'scope'>,
  slug: string | undefined,
): Promise<Actor> {
  const who = {
    kind: 'user',
    userId: session.user_id,
    credential: { kind: 'session', id: session.id },
  } as const;
  if (scope === 'named') return { ...who, role: 'member', workspace: 'none' };
  const ofInstance = await instanceRole(db, session.user_id);
  if (scope === 'instance') {
    return ofInstance === null
      ? { ...who, role: 'member', workspace: 'none' }
      : { ...who, role: ofInstance, workspace: null };
  }
  const member = await db
    .selectFrom('members')
    .innerJoin('gateway_workspaces as workspace', 'workspace.id', 'members.workspace_id')
    .select(['members.role', 'workspace.id', 'workspace.slug'])
    .where('workspace.slug', '=', slug ?? '')
    .where('members.user_id', '=', session.user_id)
    .where('members.removed_at', 'is', null)
    .executeTakeFirst();
  if (ofInstance !== null && (member === undefined || atLeast(ofInstance, member.role as Role)))
    return { ...who, role: ofInstance, workspace: null };
  if (member === undefined) throw notFound('workspace', (slug ?? '').slice(0, 100));
  return { ...who, role: member.role as Role, workspace: { id: member.id, slug: member.slug } };
}

/**
 * Whoever holds a session that is not theirs must not make of it what outlives it. To sign in again ends the session
 * and begins another, so that a copy of the old one gains nothing.
 * @throws AppError `reauthentication_required` in a session that began too long ago; a key has no sign-in
 */
export async function requireRecentSignIn(db: Kysely<Schema>, actor: Actor, now: number): Promise<void> {
  if (actor.kind !== 'user' || actor.credential.kind !== 'session') return;
  const row = await db
    .selectFrom('console_sessions')
    .select('created_at')
    .where('id', '=', actor.credential.id)
    .executeTakeFirst();
  if (row === undefined) throw sessionEnded();
  if (row.created_at > isoTime(now - recentMs)) return;
  throw new AppError(
    'reauthentication_required',
    'You signed in more than ten minutes ago. Sign in again, then repeat this.',
  );
}

/**
 * Look again at a session in the transaction of its change.
 * @returns the role its person has now where the actor acts
 * @throws AppError `unauthenticated` when it has ended meanwhile
 */
export async function confirmSession(db: Kysely<Schema>, actor: UserActor, at: string): Promise<Role | null> {
  const row = await db
    .selectFrom('console_sessions')
    .selectAll()
    .where('id', '=', actor.credential.id)
    .executeTakeFirst();
  if (row === undefined || !isOpen(row, Date.parse(at))) throw sessionEnded();
  if (actor.workspace === 'none') return actor.role;
  if (actor.workspace === null) return instanceRole(db, actor.userId);
  const member = await db
    .selectFrom('members')
    .select('role')
    .where('workspace_id', '=', actor.workspace.id)
    .where('user_id', '=', actor.userId)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
  return (member?.role as Role | undefined) ?? null;
}

async function instanceRole(db: Kysely<Schema>, userId: string): Promise<Role | null> {
  const user = await db.selectFrom('users').select('instance_role').where('id', '=', userId).executeTakeFirst();
  return user?.instance_role ?? null;
}
