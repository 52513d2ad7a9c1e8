import type { z } from 'zod';
import { invitations as operations } from '@mcpnest/contract/operations/invitations';
import type { acceptInConsole, Session } from '@mcpnest/contract/schemas/sessions';
import type { Kysely } from 'kysely';
import { conflict, invalidInput } from '../../domain/errors.ts';
import { isoTime } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { invited } from '../authenticate.ts';
import { runChange } from '../change.ts';
import { cookieNameFor } from '../console-cookie.ts';
import { becomeMember } from '../invitations/invitations.ts';
import type { Visit } from '../operation.ts';
import { refuseStopped } from '../stopped-actor.ts';
import { hashToken } from '../../domain/token.ts';
import { checkPassword, refuseCommon, storePassword } from './passwords.ts';
import type { PasswordDeps } from './passwords.ts';
import { startSession } from './sessions.ts';
import { newPassword } from '@mcpnest/contract/schemas/sessions';

/**
 * Accept an invitation and sign in. Whoever is new here chooses a password; whoever has an account gives its own, since
 * an invitation is known to whoever sent it.
 * @throws AppError `unauthenticated` for the invitation; `invalid_input` for the password; `conflict` for an account
 *   that others rely on and nobody can sign in to; `already_exists` for a member
 */
export async function acceptAndSignIn(
  deps: PasswordDeps,
  visit: Visit,
  { secret, name, password }: z.output<typeof acceptInConsole>,
): Promise<Session> {
  const { db, clock } = deps;
  cookieNameFor(visit.headers, deps.cookies);
  const actor = await invited(db, hashToken(secret), isoTime(clock.now()));
  const { email } = await db
    .selectFrom('invitations')
    .select('email')
    .where('id', '=', actor.invitationId)
    .executeTakeFirstOrThrow();
  const known = await accountOf(db, email, actor.workspace.id);
  const checked = known === 'with a password' ? await checkPassword(deps, visit, email, password) : undefined;
  if (known === 'with a password' && checked === undefined) {
    throw invalidInput('You have an account here already. Give its password.', [
      { path: 'body.password', message: 'is not the password of your account' },
    ]);
  }
  const hash = known === 'new' ? await newHash(deps, password, [email, name]) : undefined;
  const by = { actor, action: operations.acceptInConsole.id, workspaceId: actor.workspace.id };
  const userId = await runChange(deps, by, async (change) => {
    await refuseStopped(change.tx, actor, actor.workspace.id, change.at);
    await checked?.confirm(change);
    if ((await accountOf(change.tx, email, actor.workspace.id)) !== known)
      throw conflict('Somebody was quicker. Try again.');
    const made = await becomeMember(change, name);
    if (hash !== undefined) await storePassword(change, made.userId, hash);
    return made.userId;
  });
  return startSession(deps, visit, { userId, method: 'invitation' });
}

async function newHash({ hashing }: PasswordDeps, password: string, own: readonly string[]): Promise<string> {
  const chosen = newPassword.safeParse(password);
  if (!chosen.success) {
    const message = chosen.error.issues[0]!.message;
    throw invalidInput(`The password ${message}.`, [{ path: 'body.password', message }]);
  }
  refuseCommon(password, own, 'body.password');
  return hashing.hash(password);
}

/**
 * What an email address is here already.
 * @throws AppError `conflict` for an account that has no password and is known beyond this workspace: to let whoever
 *   holds an invitation choose one would hand the account to whoever sent it
 */
async function accountOf(db: Kysely<Schema>, email: string, workspaceId: string): Promise<'new' | 'with a password'> {
  const user = await db
    .selectFrom('users')
    .leftJoin('passwords', 'passwords.user_id', 'users.id')
    .select(['users.id', 'users.instance_role', 'passwords.hash'])
    .where('users.email', '=', email)
    .executeTakeFirst();
  if (user === undefined) return 'new';
  if (user.hash !== null) return 'with a password';
  const elsewhere = await db
    .selectFrom('members')
    .select('id')
    .where('user_id', '=', user.id)
    .where('workspace_id', '!=', workspaceId)
    .limit(1)
    .executeTakeFirst();
  const key = await db
    .selectFrom('api_keys')
    .select('id')
    .where('user_id', '=', user.id)
    .where('workspace_id', 'is', null)
    .limit(1)
    .executeTakeFirst();
  const passkey = await db.selectFrom('passkeys').select('id').where('user_id', '=', user.id).executeTakeFirst();
  if (user.instance_role === null && elsewhere === undefined && key === undefined && passkey === undefined)
    return 'new';
  throw conflict(
    'There is an account of this address without a password. Sign in with its passkey and set one, or ask an owner of the instance for a link: mcpnest people reset-link. The invitation stays open.',
  );
}
