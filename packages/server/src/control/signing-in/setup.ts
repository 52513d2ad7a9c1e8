import type { z } from 'zod';
import { setup as operations } from '@mcpnest/contract/operations/setup';
import type { Link, Session, setupFinish, SetupState } from '@mcpnest/contract/schemas/sessions';
import { sql, type Kysely } from 'kysely';
import { alreadyExists, conflict } from '../../domain/errors.ts';
import type { Actor } from '../../domain/roles.ts';
import { isoTime } from '../../platform/clock.ts';
import type { OpenDatabase } from '../../platform/database/database.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { runChange } from '../change.ts';
import type { Change, ChangeDeps } from '../change.ts';
import { cookieNameFor } from '../console-cookie.ts';
import { findOrCreateUser } from '../membership.ts';
import type { Visit } from '../operation.ts';
import { createWorkspace, insertMember } from '../workspaces/workspaces.ts';
import type { Hashing } from './hashing.ts';
import { checkLink, endLinks, issueLink, takeLink } from './links.ts';
import { refuseCommon, storePassword } from './passwords.ts';
import type { PasswordDeps } from './passwords.ts';
import { startSession } from './sessions.ts';

export interface SetupDeps extends PasswordDeps {
  readonly dialect: OpenDatabase['dialect'];
}

/** Whether the instance waits for an owner who can sign in. Anybody may ask. */
export async function setupState(db: Kysely<Schema>): Promise<SetupState> {
  return { needed: !(await instanceOwners(db)).some((owner) => owner.canSignIn) };
}

/**
 * A link by which somebody becomes the first owner; earlier ones stay open, since several processes may start at once.
 * @returns undefined when an owner can sign in already
 */
export function issueSetupLink(deps: ChangeDeps, actor: Actor, publicUrl: string): Promise<Link | undefined> {
  return runChange(deps, { actor, action: 'setup.link' }, async (change) => {
    if (!(await setupState(change.tx)).needed) return undefined;
    const link = await issueLink(change, 'setup', null, publicUrl);
    await change.record({ workspaceId: null, target: 'instance', publish: 'nothing' });
    return link;
  });
}

/**
 * Become the first owner of the instance and sign in.
 * @throws AppError `unauthenticated` for a link that is not, or no longer, valid; `already_exists`; `invalid_input`
 */
export async function finishSetup(
  deps: SetupDeps,
  visit: Visit,
  { key, ...owner }: z.output<typeof setupFinish>,
): Promise<Session> {
  cookieNameFor(visit.headers, deps.cookies);
  await checkLink(deps.db, 'setup', key, isoTime(deps.clock.now()));
  refuseCommon(owner.password, [owner.email, owner.name], 'body.password');
  const hash = await deps.hashing.hash(owner.password);
  const userId = await runChange(deps, { actor: { kind: 'anyone' }, action: operations.finish.id }, async (change) => {
    await oneAtATime(change, deps.dialect);
    await takeLink(change, 'setup', key);
    return claim(change, owner, hash);
  });
  return startSession(deps, visit, { userId, method: 'setup' });
}

/**
 * The same without a person, from the configuration. Does nothing when an owner can sign in already.
 * @throws AppError `invalid_input` for a password that anybody would try
 */
export async function setUpFromConfig(
  deps: ChangeDeps & { readonly hashing: Hashing; readonly dialect: OpenDatabase['dialect'] },
  owner: { readonly email: string; readonly password: string },
): Promise<void> {
  if (!(await setupState(deps.db)).needed) return;
  const name = owner.email.split('@', 1)[0]!;
  refuseCommon(owner.password, [owner.email, name], 'MCPNEST_ADMIN_PASSWORD');
  const hash = await deps.hashing.hash(owner.password);
  await runChange(deps, { actor: { kind: 'system' }, action: operations.finish.id }, async (change) => {
    await oneAtATime(change, deps.dialect);
    if ((await setupState(change.tx)).needed) await claim(change, { email: owner.email, name }, hash);
  });
}

/** The owner whom nobody can sign in as gets the address, name and password; where there is none, one is made. */
async function claim(
  change: Change,
  { email, name }: { readonly email: string; readonly name: string },
  hash: string,
): Promise<string> {
  const owners = await instanceOwners(change.tx);
  if (owners.some((owner) => owner.canSignIn)) throw conflict('An owner of this instance can sign in already.');
  const { tx } = change;
  const taken = await tx.selectFrom('users').select('id').where('email', '=', email).executeTakeFirst();
  const waiting = owners.find((owner) => owner.id === taken?.id) ?? owners[0];
  if (waiting !== undefined && taken !== undefined && taken.id !== waiting.id) throw alreadyExists('person', email);
  const userId = waiting?.id ?? (await findOrCreateUser(change, email, name));
  await tx.updateTable('users').set({ email, name, instance_role: 'owner' }).where('id', '=', userId).execute();
  await firstWorkspace(change, userId);
  await storePassword(change, userId, hash);
  await endLinks(change, 'setup', null);
  const detail = { email, claimed: waiting !== undefined };
  await change.record({ workspaceId: null, target: `user:${userId}`, detail, publish: 'every workspace' });
  return userId;
}

/** Where there is nothing at all yet, the first owner begins with a workspace of their own. */
async function firstWorkspace(change: Change, userId: string): Promise<void> {
  const any = await change.tx.selectFrom('gateway_workspaces').select('id').limit(1).executeTakeFirst();
  if (any !== undefined) return;
  const made = await createWorkspace(change, { name: 'Default' });
  await insertMember(change, made.id, userId, 'owner');
}

async function instanceOwners(db: Kysely<Schema>): Promise<{ id: string; canSignIn: boolean }[]> {
  const rows = await db
    .selectFrom('users')
    .leftJoin('passwords', 'passwords.user_id', 'users.id')
    .select(['users.id', 'passwords.changed_at'])
    .select((row) =>
      row
        .selectFrom('passkeys')
        .select((inner) => inner.fn.countAll<number>().as('count'))
        .whereRef('passkeys.user_id', '=', 'users.id')
        .as('passkeys'),
    )
    .where('users.instance_role', '=', 'owner')
    .orderBy('users.id')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    canSignIn: row.changed_at !== null || Number(row.passkeys) > 0,
  }));
}

/** Of two who finish at the same moment the second finds an owner. On SQLite writers are one at a time already. */
async function oneAtATime({ tx }: Change, dialect: OpenDatabase['dialect']): Promise<void> {
  if (dialect === 'postgres') await sql`lock table users in share row exclusive mode`.execute(tx);
}
