import type { z } from 'zod';
import { passwordReset as operations } from '@mcpnest/contract/operations/ways-in';
import type { Link, passwordReset, Session } from '@mcpnest/contract/schemas/sessions';
import type { Kysely } from 'kysely';
import { notFound } from '../../domain/errors.ts';
import { isoTime } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { runChange } from '../change.ts';
import type { Change } from '../change.ts';
import { cookieNameFor } from '../console-cookie.ts';
import type { Visit } from '../operation.ts';
import { checkLink, endLinks, issueLink, linkRefused, takeLink } from './links.ts';
import { refuseCommon, storePassword } from './passwords.ts';
import type { PasswordDeps } from './passwords.ts';
import { startSession, wayInChanged } from './sessions.ts';

/** A link by which a person sets a new password; earlier ones for them end. @throws AppError `not_found` */
export async function issueResetLink(change: Change, email: string, publicUrl: string): Promise<Link> {
  const person = await findPerson(change.tx, email);
  await endLinks(change, 'reset', person.id);
  const link = await issueLink(change, 'reset', person.id, publicUrl);
  await change.record({ workspaceId: null, target: `user:${person.id}`, detail: { email }, publish: 'nothing' });
  return link;
}

/**
 * Set a new password with a link and sign in; every session the person had ends.
 * @throws AppError `unauthenticated` for a link that is not, or no longer, valid; `invalid_input`
 */
export async function resetPassword(
  deps: PasswordDeps,
  visit: Visit,
  { key, password }: z.output<typeof passwordReset>,
): Promise<Session> {
  cookieNameFor(visit.headers, deps.cookies);
  await checkLink(deps.db, 'reset', key, isoTime(deps.clock.now()));
  refuseCommon(password, [], 'body.password');
  const hash = await deps.hashing.hash(password);
  const userId = await runChange(deps, { actor: { kind: 'anyone' }, action: operations.create.id }, async (change) => {
    const id = await takeLink(change, 'reset', key);
    if (id === null) throw linkRefused();
    await storePassword(change, id, hash);
    await wayInChanged(change, id, `user:${id}`, { way: 'password' });
    return id;
  });
  return startSession(deps, visit, { userId, method: 'reset' });
}

/** @throws AppError `not_found` */
export async function findPerson(db: Kysely<Schema>, email: string): Promise<{ readonly id: string }> {
  const user = await db.selectFrom('users').select('id').where('email', '=', email).executeTakeFirst();
  if (user === undefined) throw notFound('person', email);
  return user;
}
