import type { Kysely } from 'kysely';
import { invalidInput } from '../domain/errors.ts';
import type { Subject } from '../domain/snapshot.ts';
import type { Schema } from '../platform/database/schema.ts';
import type { WorkspaceRef } from './operation.ts';

type Named = Exclude<Subject['kind'], 'everybody'>;

/** The people, teams and machines of a workspace, by the names that rules are written with. */
export interface Directory {
  /** @returns undefined for a name that is nobody's, or no longer anybody's */
  find(text: string): Subject | undefined;
  /** How a subject is written; what has been removed keeps its last name, and what has been deleted its id. */
  name(subject: Subject): string;
}

/** Read everybody who can be named in a workspace. */
export async function readDirectory(db: Kysely<Schema>, workspace: Pick<WorkspaceRef, 'id'>): Promise<Directory> {
  const members = await db
    .selectFrom('members')
    .innerJoin('users', 'users.id', 'members.user_id')
    .select(['members.id', 'users.email as name', 'members.removed_at'])
    .where('members.workspace_id', '=', workspace.id)
    .execute();
  const teams = await db
    .selectFrom('teams')
    .select(['id', 'slug as name'])
    .where('workspace_id', '=', workspace.id)
    .execute();
  const machines = await db
    .selectFrom('machines')
    .select(['id', 'name', 'removed_at'])
    .where('workspace_id', '=', workspace.id)
    .execute();
  const names = new Map<string, string>();
  const found = new Map<string, Subject>();
  const enter = (kind: Named, { id, name, removed_at }: { id: string; name: string; removed_at?: string | null }) => {
    names.set(`${kind}:${id}`, name);
    if (removed_at !== undefined && removed_at !== null) return;
    found.set(`${kind}:${id}`, { kind, id });
    found.set(`${kind}:${name}`, { kind, id });
  };
  for (const row of members) enter('member', row);
  for (const row of teams) enter('team', row);
  for (const row of machines) enter('machine', row);
  return {
    find: (text) => (text === 'everybody' ? { kind: 'everybody' } : found.get(normal(text))),
    name: (subject) =>
      subject.kind === 'everybody'
        ? 'everybody'
        : `${subject.kind}:${names.get(`${subject.kind}:${subject.id}`) ?? subject.id}`,
  };
}

/** Emails are kept in lower case. */
const normal = (text: string): string => (text.startsWith('member:') ? text.toLowerCase() : text);

/**
 * Somebody by name.
 * @param path of the name in the input
 * @throws AppError `invalid_input` for a name that is nobody's here
 */
export function requireSubject(directory: Directory, text: string, path: string): Subject {
  const subject = directory.find(text);
  if (subject !== undefined) return subject;
  throw invalidInput(`'${text}' is nobody of this workspace. Add them first, or correct the name.`, [
    { path, message: `'${text}' is nobody of this workspace` },
  ]);
}
