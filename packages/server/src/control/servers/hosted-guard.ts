import type { Kysely } from 'kysely';
import { conflict } from '../../domain/errors.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { ServerRow } from './queries.ts';

/** @throws AppError `conflict` for a server that stands for a hosted instance */
export async function refuseHosted(db: Kysely<Schema>, row: ServerRow, remedy: string): Promise<void> {
  const instance = await db
    .selectFrom('hosted_instances')
    .select('id')
    .where('server_id', '=', row.id)
    .executeTakeFirst();
  if (instance !== undefined) throw conflict(`The server '${row.slug}' is hosted here (${instance.id}). ${remedy}`);
}
