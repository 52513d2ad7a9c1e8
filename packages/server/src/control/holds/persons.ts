import type { Kysely } from 'kysely';
import { forbidden } from '../../domain/errors.ts';
import type { Actor } from '../../domain/roles.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { Change } from '../change.ts';
import type { WorkspaceRef } from '../operation.ts';

/** One of the two who put a hold on or take it off. */
export interface Person {
  /** Id of a user, or `local`. */
  readonly id: string;
  /** The operator at the data folder, for want of a second administrator. */
  readonly single: boolean;
}

/** What the first of two has done. */
export interface FirstStep {
  readonly person: string;
  /** Stored time. */
  readonly at: string;
}

/**
 * Who acts. The operator at the data folder is nobody in particular, and so may be one of two only where fewer than two
 * people could be.
 * @throws AppError `forbidden`
 */
export async function personOf(change: Change, workspace: WorkspaceRef): Promise<Person> {
  if (change.actor.kind === 'user') return { id: change.actor.userId, single: false };
  const people = await administrators(change.tx, workspace, change.at);
  if (people.size > 1) {
    throw forbidden(
      `A legal hold takes two people, and ${people.size} here are administrators. Use their control keys (MCPNEST_API_KEY).`,
    );
  }
  return { id: 'local', single: true };
}

/**
 * The second of two: another person than the first, who did not get their key for the purpose.
 * @throws AppError `forbidden`
 */
export async function secondPerson(change: Change, workspace: WorkspaceRef, first: FirstStep): Promise<Person> {
  const second = await personOf(change, workspace);
  if (second.id === first.person)
    throw forbidden('It takes two people: whoever asked for this cannot confirm it, with another key neither.');
  if (change.actor.kind === 'user') {
    const since = await knownSince(change.tx, change.actor);
    if (since > first.at)
      throw forbidden(
        'This way in is younger than what it is to confirm. Use a control key or an account from before, or ask anew.',
      );
  }
  return second;
}

/**
 * Since when somebody has had what they came in with: the key, or the newest way to sign in of the account. Whoever can
 * make a reset link could give themselves the last of these.
 */
async function knownSince(
  db: Kysely<Schema>,
  { credential, userId }: Extract<Actor, { kind: 'user' }>,
): Promise<string> {
  if (credential.kind === 'key') {
    const keys = db.selectFrom('api_keys').select('created_at').where('id', '=', credential.id);
    return (await keys.executeTakeFirstOrThrow()).created_at;
  }
  const passwords = await db.selectFrom('passwords').select('changed_at').where('user_id', '=', userId).execute();
  const passkeys = await db.selectFrom('passkeys').select('created_at').where('user_id', '=', userId).execute();
  return [...passwords.map((row) => row.changed_at), ...passkeys.map((row) => row.created_at)].toSorted().at(-1)!;
}

/** Users who administer the workspace: its owners and admins, and who has that role, or a key of it, for the whole instance. */
async function administrators(db: Kysely<Schema>, workspace: WorkspaceRef, at: string): Promise<Set<string>> {
  const members = await db
    .selectFrom('members')
    .select('user_id')
    .where('workspace_id', '=', workspace.id)
    .where('removed_at', 'is', null)
    .where('role', 'in', ['owner', 'admin'])
    .execute();
  const holders = await db
    .selectFrom('api_keys')
    .select('user_id')
    .where('workspace_id', 'is', null)
    .where('role', 'in', ['owner', 'admin'])
    .where('revoked_at', 'is', null)
    .where((row) => row.or([row('expires_at', 'is', null), row('expires_at', '>', at)]))
    .execute();
  const ofInstance = await db
    .selectFrom('users')
    .select('id as user_id')
    .where('instance_role', 'in', ['owner', 'admin'])
    .execute();
  return new Set([...members, ...holders, ...ofInstance].map((row) => row.user_id));
}
