import type { z } from 'zod';
import type { Erasure, erasureRequest } from '@mcpnest/contract/schemas/people';
import type { Kysely } from 'kysely';
import { conflict, invalidInput, notFound } from '../../domain/errors.ts';
import { randomHex } from '../../domain/ids.ts';
import { commitmentOf } from '../../platform/audit-events.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { readHolds } from '../../platform/retention/holds.ts';
import { lockWorkspace, type Change } from '../change.ts';
import { removeMember } from '../members/members.ts';
import type { WorkspaceRef } from '../operation.ts';
import { endAccount } from '../signing-in/signing-in.ts';
import { findEvents, findTexts, replaceText, type EventTrace } from './traces.ts';

/** Who is to be erased, and where they are known. */
interface Person {
  /** Of the user; of the newest invitation where the person never became one. */
  readonly id: string;
  readonly userId: string | undefined;
  readonly email: string;
}

/**
 * Erase a person, or with `dryRun` say what that would do. Their memberships end as with a removal; their address and name
 * are blanked wherever they were written: directory, invitations, notes, documents and audit events, of which the chain
 * keeps a digest that can no longer be matched.
 * @param only the workspace it is limited to; null: everywhere
 * @throws AppError `not_found`; `invalid_input` when the id is not repeated; `conflict` for a last owner and under a hold
 */
export async function erasePerson(
  change: Change,
  only: WorkspaceRef | null,
  body: z.output<typeof erasureRequest>,
): Promise<Erasure> {
  const { tx } = change;
  const person = await findPerson(tx, body.person, only);
  const members = await membershipsOf(tx, person, only);
  const invitations = await invitationsTo(tx, person, only);
  const events = await findEvents(tx, person.email, only?.id);
  const texts = await findTexts(tx, person.email, only?.id);
  const directory = person.userId !== undefined && (only === null || !(await knownElsewhere(tx, person.userId, only)));
  const traces = [...members, ...invitations, ...events, ...texts].map(({ workspaceId }) => workspaceId);
  const workspaces = [...new Set(traces)].filter((id) => id !== null).sort();
  await refuseHeld(change, person, workspaces);
  if (only === null) await keepInstanceOwner(change, person);
  const open = members.filter((member) => member.removed_at === null);
  const counts = {
    ...{ id: person.id, directory, memberships: open.length, invitations: invitations.length },
    ...{ events: events.length, texts: texts.length },
  };
  if (body.dryRun) return { ...counts, erased: false };
  if (body.confirm !== person.id) {
    throw invalidInput(`Repeat the id of the person to confirm it: ${person.id}.`, [
      { path: 'body.confirm', message: 'is not the id that the dry run answers with' },
    ]);
  }
  for (const id of workspaces) await lockWorkspace(tx, id);
  for (const { id, workspaceId, slug } of open) await removeMember(change, { id: workspaceId, slug }, id);
  const placeholder = `erased-${person.id}@erased.invalid`;
  if (only === null && person.userId !== undefined) await endKeys(change, person.userId);
  if (directory) {
    if (person.userId !== undefined) await endAccount(change, person.userId);
    await tx.updateTable('users').set({ email: placeholder, name: 'erased' }).where('id', '=', person.userId).execute();
  }
  for (const { id } of invitations) {
    await tx.updateTable('invitations').set({ email: placeholder }).where('id', '=', id).execute();
    await tx
      .updateTable('invitations')
      .set({ revoked_at: change.at })
      .where('id', '=', id)
      .where('accepted_at', 'is', null)
      .where('revoked_at', 'is', null)
      .execute();
  }
  for (const trace of texts) await replaceText(tx, trace, person.email, placeholder);
  // Read again: the removal has just been recorded, with the address.
  const named = await findEvents(tx, person.email, only?.id);
  for (const event of named) await blank(tx, event);
  const { id: _, ...detail } = { ...counts, events: named.length };
  for (const workspaceId of workspaces)
    await change.record({ workspaceId, target: 'person', detail, publish: 'workspace' });
  if (only === null) await change.record({ workspaceId: null, target: 'person', detail, publish: 'nothing' });
  return { ...counts, events: named.length, erased: true };
}

async function findPerson(db: Kysely<Schema>, named: string, only: WorkspaceRef | null): Promise<Person> {
  const user = await db
    .selectFrom('users')
    .select(['id', 'email'])
    .where(named.includes('@') ? 'email' : 'id', '=', named)
    .executeTakeFirst();
  if (user !== undefined) {
    const person = { id: user.id, userId: user.id, email: user.email };
    const known = only === null || (await membershipsOf(db, person, only)).length > 0;
    if (known) return person;
  }
  if (!named.includes('@')) throw notFound('person', named);
  const [invitation] = await invitationsTo(db, { email: named }, only);
  if (invitation === undefined) throw notFound('person', named);
  // Who was only invited here is no matter of this workspace otherwise.
  return { id: invitation.id, userId: undefined, email: named };
}

const membershipsOf = (db: Kysely<Schema>, { userId = '' }: Pick<Person, 'userId'>, only: WorkspaceRef | null) =>
  db
    .selectFrom('members')
    .innerJoin('gateway_workspaces as workspace', 'workspace.id', 'members.workspace_id')
    .select(['members.id', 'members.workspace_id as workspaceId', 'workspace.slug', 'members.removed_at'])
    .where('members.user_id', '=', userId)
    .$if(only !== null, (query) => query.where('members.workspace_id', '=', only!.id))
    .orderBy('members.id')
    .execute();

const invitationsTo = (db: Kysely<Schema>, { email }: Pick<Person, 'email'>, only: WorkspaceRef | null) =>
  db
    .selectFrom('invitations')
    .select(['id', 'workspace_id as workspaceId'])
    .where('email', '=', email)
    .$if(only !== null, (query) => query.where('workspace_id', '=', only!.id))
    .orderBy('id', 'desc')
    .execute();

/** Whether a person has ever belonged to another workspace, or to the instance. */
async function knownElsewhere(db: Kysely<Schema>, userId: string, only: WorkspaceRef): Promise<boolean> {
  const member = await db
    .selectFrom('members')
    .select('id')
    .where('user_id', '=', userId)
    .where('workspace_id', '!=', only.id)
    .executeTakeFirst();
  const key = await db
    .selectFrom('api_keys')
    .select('id')
    .where('user_id', '=', userId)
    .where('workspace_id', 'is', null)
    .executeTakeFirst();
  const user = await db.selectFrom('users').select('instance_role').where('id', '=', userId).executeTakeFirst();
  return member !== undefined || key !== undefined || (user?.instance_role ?? null) !== null;
}

/** A hold of a workspace, or of the person, keeps what says who they were. */
async function refuseHeld(change: Change, person: Person, workspaces: readonly string[]): Promise<void> {
  const members = new Set((await membershipsOf(change.tx, person, null)).map(({ id }) => id));
  const hold = (await readHolds(change.tx, change.now)).find(
    ({ workspaceId, kind, scopeId }) =>
      workspaces.includes(workspaceId) && (kind === 'workspace' || (kind === 'member' && members.has(scopeId))),
  );
  if (hold !== undefined)
    throw conflict(`A legal hold (${hold.id}) keeps records of this person. Erase them once it is released.`);
}

async function keepInstanceOwner({ tx, at }: Change, { userId }: Person): Promise<void> {
  const signedIn = await tx.selectFrom('users').select('id as user_id').where('instance_role', '=', 'owner').execute();
  const withKeys = await tx
    .selectFrom('api_keys')
    .select('user_id')
    .where('workspace_id', 'is', null)
    .where('role', '=', 'owner')
    .where('revoked_at', 'is', null)
    .where((row) => row.or([row('expires_at', 'is', null), row('expires_at', '>', at)]))
    .execute();
  const owners = [...signedIn, ...withKeys];
  if (owners.length === 0 || owners.some((owner) => owner.user_id !== userId)) return;
  throw conflict('This person is the last owner of the instance. Make somebody else one first.');
}

const endKeys = (change: Change, userId: string): Promise<unknown> =>
  change.tx
    .updateTable('api_keys')
    .set({ revoked_at: change.at })
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .execute();

/** Without salt and text nobody can tell what the commitment was of; one of an earlier release gets its own first. */
async function blank(db: Kysely<Schema>, { id, target, detail, committed }: EventTrace): Promise<void> {
  const commitment = committed ? {} : { commitment: commitmentOf(randomHex(), target, detail) };
  await db
    .updateTable('audit_events')
    .set({ target: null, detail: null, salt: null, ...commitment })
    .where('id', '=', id)
    .execute();
}
