import { session as operations } from '@mcpnest/contract/operations/session';
import type { Role } from '@mcpnest/contract/operation';
import type { Session, SessionItem } from '@mcpnest/contract/schemas/sessions';
import type { Kysely } from 'kysely';
import { notFound } from '../../domain/errors.ts';
import { newId } from '../../domain/ids.ts';
import type { Actor } from '../../domain/roles.ts';
import { hashToken } from '../../domain/token.ts';
import { isoTime } from '../../platform/clock.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { runChange } from '../change.ts';
import type { Change, ChangeDeps } from '../change.ts';
import { clearedCookies, readSessionCookie, sessionCookie } from '../console-cookie.ts';
import type { CookiePolicy } from '../console-cookie.ts';
import { csrfToken, isOpen, mintSecret, sessionDays, sessionEnded } from '../console-session.ts';
import type { SessionRow } from '../console-session.ts';
import type { Visit } from '../operation.ts';
import { browserInWords } from './browser.ts';
import { endLinks } from './links.ts';

export interface SessionDeps extends ChangeDeps {
  readonly cookies: CookiePolicy;
  readonly csrfKey: Buffer;
}

/** Somebody who has just been let in. */
export interface Entry {
  readonly userId: string;
  readonly method: SessionRow['auth_method'];
  /** Look again, in the transaction of the sign-in, at what let them in. @throws AppError when it does no longer */
  readonly confirm?: (change: Change) => Promise<void>;
}

/**
 * Begin a session and give the browser its cookie. Always a new one: what the browser bore before ends, so nobody can
 * have planted it.
 * @throws AppError `forbidden` where the browser would not keep the cookie
 */
export async function startSession(deps: SessionDeps, visit: Visit, entry: Entry): Promise<Session> {
  const secret = mintSecret();
  const maxAgeSeconds = sessionDays * 86_400;
  const cookie = sessionCookie(visit.headers, deps.cookies, secret, maxAgeSeconds);
  const id = newId(deps.clock.now());
  const credential = { kind: 'session', id } as const;
  const actor = { kind: 'user', userId: entry.userId, credential, role: 'member', workspace: 'none' } as const;
  const row = await runChange(deps, { actor, action: operations.create.id }, async (change) => {
    await entry.confirm?.(change);
    const before = readSessionCookie(visit.headers, deps.cookies);
    if (before !== undefined) await endSession(change, 'hash', hashToken(before));
    const made: SessionRow = {
      id,
      user_id: entry.userId,
      hash: hashToken(secret),
      auth_method: entry.method,
      address: visit.address.slice(0, 100),
      browser: browserInWords(visit.headers.get('user-agent')),
      created_at: change.at,
      last_seen_at: change.at,
      expires_at: isoTime(change.now + maxAgeSeconds * 1000),
      ended_at: null,
    };
    await change.tx.insertInto('console_sessions').values(made).execute();
    const detail = { auth_method: entry.method, address: made.address, browser: made.browser };
    await change.record({ workspaceId: null, target: `session:${id}`, detail, publish: 'nothing' });
    return made;
  });
  visit.answer.append('set-cookie', cookie);
  return describeSession(deps, row);
}

/** Who is signed in, and what a page of the console needs to know of that. */
export async function describeSession({ db, csrfKey }: SessionDeps, row: SessionRow): Promise<Session> {
  const user = await db
    .selectFrom('users')
    .select(['id', 'email', 'name', 'instance_role'])
    .where('id', '=', row.user_id)
    .executeTakeFirstOrThrow();
  const workspaces = await db
    .selectFrom('members')
    .innerJoin('gateway_workspaces as workspace', 'workspace.id', 'members.workspace_id')
    .select(['workspace.slug', 'workspace.name', 'members.role', 'members.id as memberId'])
    .where('members.user_id', '=', row.user_id)
    .where('members.removed_at', 'is', null)
    .orderBy('workspace.slug')
    .execute();
  return {
    user: { id: user.id, email: user.email, name: user.name },
    instanceRole: user.instance_role,
    workspaces: workspaces.map(({ role, ...rest }) => ({ ...rest, role: role as Role })),
    csrfToken: csrfToken(csrfKey, row),
    expiresAt: row.expires_at,
    authMethod: row.auth_method,
  };
}

/** The session an actor acts in. @throws AppError `unauthenticated` when it has ended meanwhile */
export async function ownSession(db: Kysely<Schema>, actor: Actor): Promise<SessionRow> {
  const id = actor.kind === 'user' ? actor.credential.id : '';
  const row = await db.selectFrom('console_sessions').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw sessionEnded();
  return row;
}

/** Sign out. */
export async function signOut(change: Change, visit: Visit): Promise<void> {
  const { id } = await ownSession(change.tx, change.actor);
  await endSession(change, 'id', id);
  await change.record({ workspaceId: null, target: `session:${id}`, publish: 'nothing' });
  for (const cookie of clearedCookies()) visit.answer.append('set-cookie', cookie);
}

/** Open sessions of a person, those used last first. @param current id of the one that asks */
export async function listSessions(
  db: Kysely<Schema>,
  clock: Clock,
  userId: string,
  current: string | undefined,
): Promise<SessionItem[]> {
  const rows = await openSessions(db, userId).orderBy('last_seen_at', 'desc').orderBy('id', 'desc').execute();
  return rows
    .filter((row) => isOpen(row, clock.now()))
    .map((row) => ({
      id: row.id,
      createdAt: row.created_at,
      lastSeenAt: row.last_seen_at,
      expiresAt: row.expires_at,
      address: row.address,
      browser: row.browser,
      authMethod: row.auth_method,
      current: row.id === current,
    }));
}

/** End one of a person's own sessions. @throws AppError `not_found`, for one of somebody else as well */
export async function revokeSession(change: Change, id: string): Promise<void> {
  const { user_id: userId } = await ownSession(change.tx, change.actor);
  const row = await openSessions(change.tx, userId).where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw notFound('session', id);
  await endSession(change, 'id', id);
  await change.record({ workspaceId: null, target: `session:${id}`, publish: 'nothing' });
}

/** End all sessions of a person but one. @returns how many */
export async function endSessions(change: Change, userId: string, except: string | undefined): Promise<number> {
  const rows = await change.tx
    .updateTable('console_sessions')
    .set({ ended_at: change.at })
    .where('user_id', '=', userId)
    .where('ended_at', 'is', null)
    .$if(except !== undefined, (query) => query.where('id', '!=', except!))
    .returning('id')
    .execute();
  return rows.length;
}

/**
 * Note that a person's ways to sign in have changed, and end every session but the one that did it. A link to reset the
 * password ends as well: it was made for how things stood before, and may be in other hands.
 */
export async function wayInChanged(
  change: Change,
  userId: string,
  target: string,
  detail: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { actor } = change;
  const current = actor.kind === 'user' && actor.userId === userId ? actor.credential.id : undefined;
  await endLinks(change, 'reset', userId);
  const ended = await endSessions(change, userId, current);
  await change.record({ workspaceId: null, target, detail: { ...detail, ended }, publish: 'nothing' });
}

const openSessions = (db: Kysely<Schema>, userId: string) =>
  db.selectFrom('console_sessions').selectAll().where('user_id', '=', userId).where('ended_at', 'is', null);

const endSession = (change: Change, column: 'id' | 'hash', value: string): Promise<unknown> =>
  change.tx
    .updateTable('console_sessions')
    .set({ ended_at: change.at })
    .where(column, '=', value)
    .where('ended_at', 'is', null)
    .execute();
