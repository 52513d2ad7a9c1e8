import type { Kysely } from 'kysely';
import { randomHex } from '../domain/ids.ts';
import type { Schema } from './database/schema.ts';

export type InstallationTables = Pick<Schema, 'installation'>;

/**
 * The lasting id of this installation, 32 hex characters; made when it is first asked for. It is in the database, so
 * every node that shares one has the same, and no two databases do, even where the secret key is the same.
 */
export async function installationId(db: Kysely<InstallationTables>): Promise<string> {
  await db
    .insertInto('installation')
    .values({ only_row: 1, id: randomHex() })
    .onConflict((clash) => clash.column('only_row').doNothing())
    .execute();
  return (await db.selectFrom('installation').select('id').executeTakeFirstOrThrow()).id;
}
