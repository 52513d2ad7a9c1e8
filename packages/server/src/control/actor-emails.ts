import type { Kysely } from 'kysely';
import type { Schema } from '../platform/database/schema.ts';
import type { Change } from './change.ts';

/** Email addresses of the people behind stored actors, by the actor as it is stored; the operator has none. */
export async function emailsOf(db: Kysely<Schema>, actors: readonly string[]): Promise<Map<string, string>> {
  const users = new Map(actors.map((actor) => [actor, /^user:([\w-]+)\//.exec(actor)?.[1]]));
  const ids = [...new Set([...users.values()].filter((id) => id !== undefined))];
  if (ids.length === 0) return new Map();
  const rows = await db.selectFrom('users').select(['id', 'email']).where('id', 'in', ids).execute();
  const emails = new Map(rows.map((row) => [row.id, row.email]));
  return new Map([...users].flatMap(([actor, id]) => (emails.has(id ?? '') ? [[actor, emails.get(id!)!]] : [])));
}

/** Who makes a change, for people: an email address, or as it is stored. */
export const nameOf = async ({ tx, actorName }: Change): Promise<string> =>
  (await emailsOf(tx, [actorName])).get(actorName) ?? actorName;
