import type { z } from 'zod';
import type { passwordChange, Session, signIn } from '@mcpnest/contract/schemas/sessions';
import type { Kysely } from 'kysely';
import { invalidInput, unauthenticated } from '../../domain/errors.ts';
import { isOutdated, passwordProblem } from '../../domain/passwords.ts';
import type { Actor } from '../../domain/roles.ts';
import { networkOf } from '../../platform/client-address.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { Change } from '../change.ts';
import { requireRecentSignIn } from '../console-session.ts';
import type { Visit } from '../operation.ts';
import type { Attempts } from './attempts.ts';
import type { Hashing } from './hashing.ts';
import { ownSession, startSession, wayInChanged } from './sessions.ts';
import type { SessionDeps } from './sessions.ts';

export interface PasswordDeps extends SessionDeps {
  readonly hashing: Hashing;
  readonly attempts: Attempts;
}

/** Addresses of one account that are looked through. */
const mostPlaces = 1_000;

/** One answer for an unknown address, an account without a password and a wrong one. */
export const notThem = () => unauthenticated('This email address and password do not belong together.');

/**
 * Sign in with a password. An unknown address takes the same steps.
 * @throws AppError `unauthenticated`; `rate_limited`; `unavailable` when too many sign in at once
 */
export async function signInWithPassword(
  deps: PasswordDeps,
  visit: Visit,
  { email, password }: z.output<typeof signIn>,
): Promise<Session> {
  const checked = await checkPassword(deps, visit, email, password);
  if (checked === undefined) throw notThem();
  return startSession(deps, visit, { userId: checked.userId, method: 'password', confirm: checked.confirm });
}

export interface Checked {
  readonly userId: string;
  /** Refuse where the password has changed since; made anew with today's settings where those are others. */
  readonly confirm: (change: Change) => Promise<void>;
}

/**
 * Whether a password is that of an account, with everything that slows down guessing.
 * @throws AppError `rate_limited`, `unavailable`
 */
export async function checkPassword(
  { db, hashing, attempts }: PasswordDeps,
  visit: Visit,
  email: string,
  password: string,
): Promise<Checked | undefined> {
  const attempt = attempts.begin(email, visit.address, await isKnownThere(db, email, visit.address));
  const row = await db
    .selectFrom('users')
    .leftJoin('passwords', 'passwords.user_id', 'users.id')
    .select(['users.id', 'passwords.hash'])
    .where('users.email', '=', email)
    .executeTakeFirst();
  const stored = row?.hash ?? undefined;
  if (!(await hashing.verify(password, stored)) || row === undefined || stored === undefined) return undefined;
  attempt.succeeded();
  const fresh = isOutdated(stored) ? await hashing.hash(password) : undefined;
  return {
    userId: row.id,
    confirm: async ({ tx }) => {
      const now = await tx.selectFrom('passwords').select('hash').where('user_id', '=', row.id).executeTakeFirst();
      if (now?.hash !== stored) throw notThem();
      if (fresh !== undefined)
        await tx.updateTable('passwords').set({ hash: fresh }).where('user_id', '=', row.id).execute();
    },
  };
}

async function isKnownThere(db: Kysely<Schema>, email: string, address: string): Promise<boolean> {
  const rows = await db
    .selectFrom('console_sessions as session')
    .innerJoin('users', 'users.id', 'session.user_id')
    .select('session.address')
    .distinct()
    .where('users.email', '=', email)
    .limit(mostPlaces)
    .execute();
  const network = networkOf(address);
  return rows.some((row) => networkOf(row.address) === network);
}

/**
 * Change one's own password, or set one after a recent sign-in.
 * @throws AppError `invalid_input` for a wrong present one or a next one that anybody would try;
 *   `reauthentication_required`; `rate_limited`
 */
export async function changePassword(
  deps: PasswordDeps,
  change: <T>(work: (made: Change) => Promise<T>) => Promise<T>,
  visit: Visit,
  actor: Actor,
  { current, next }: z.output<typeof passwordChange>,
): Promise<void> {
  const { user_id: userId } = await ownSession(deps.db, actor);
  const user = await deps.db
    .selectFrom('users')
    .leftJoin('passwords', 'passwords.user_id', 'users.id')
    .select(['email', 'name', 'passwords.hash'])
    .where('users.id', '=', userId)
    .executeTakeFirstOrThrow();
  let confirm: Checked['confirm'] = async () => undefined;
  if (user.hash !== null) {
    const checked = current === undefined ? undefined : await checkPassword(deps, visit, user.email, current);
    if (checked === undefined) {
      throw invalidInput('The present password is not the one you gave.', [
        { path: 'body.current', message: 'is not your present password' },
      ]);
    }
    ({ confirm } = checked);
  } else await requireRecentSignIn(deps.db, actor, deps.clock.now());
  refuseCommon(next, [user.email, user.name], 'body.next');
  const hash = await deps.hashing.hash(next);
  await change(async (made) => {
    await ownSession(made.tx, made.actor);
    await confirm(made);
    await storePassword(made, userId, hash);
    await wayInChanged(made, userId, `user:${userId}`, { way: 'password' });
  });
}

/** @throws AppError `invalid_input` for a password that anybody would try */
export function refuseCommon(password: string, own: readonly string[], path: string): void {
  const problem = passwordProblem(password, own);
  if (problem === undefined) return;
  throw invalidInput(`This password ${problem}.`, [{ path, message: problem }]);
}

/** @param hash as `Hashing` makes it, before the transaction */
export async function storePassword({ tx, at }: Change, userId: string, hash: string): Promise<void> {
  await tx
    .insertInto('passwords')
    .values({ user_id: userId, hash, changed_at: at })
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet({ hash, changed_at: at }))
    .execute();
}
