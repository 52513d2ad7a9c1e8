import type { Kysely } from 'kysely';
import { forbidden, invalidInput, notFound } from '../../domain/errors.ts';
import type { Actor } from '../../domain/roles.ts';
import type { Subject } from '../../domain/snapshot.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { administers, ownMember } from '../membership.ts';
import type { WorkspaceRef } from '../operation.ts';
import type { Directory } from '../subjects.ts';

type Named = Exclude<Subject['kind'], 'everybody'>;
export type Somebody<Kind extends Named = Named> = { readonly kind: Kind; readonly id: string };

/**
 * Whom a question is about: who is named; the member who asks where nobody is.
 * @returns undefined where nobody is named by somebody who is no member
 * @throws AppError `forbidden` for a member who asks about others; `not_found`; `invalid_input` for two names
 */
export async function whom<Kind extends Named>(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  actor: Actor,
  named: { readonly [Each in Kind]?: string | undefined },
  directory: Directory,
): Promise<Somebody<Kind | 'member'> | undefined> {
  const own = await ownMember(db, workspace, actor);
  const given = Object.entries<string | undefined>(named).filter(([, name]) => name !== undefined);
  const [first, second] = given as [Kind, string][];
  if (second !== undefined) {
    throw invalidInput(`Ask about one: ${first![0]} or ${second[0]}.`, [
      { path: `query.${second[0]}`, message: `must not be sent together with ${first![0]}` },
    ]);
  }
  if (first === undefined) return own === undefined ? undefined : { kind: 'member', id: own };
  const [kind, name] = first;
  const found = directory.find(`${kind}:${name}`);
  if (!administers(actor) && !isOwn(found, own))
    throw forbidden('Members ask about themselves; an admin may ask about anybody.');
  if (found === undefined || found.kind !== kind) throw notFound(kind, name);
  return { kind, id: (found as Somebody).id };
}

const isOwn = (found: Subject | undefined, own: string | undefined): boolean =>
  found?.kind === 'member' && found.id === own;
