import type { Kysely } from 'kysely';
import { notFound } from '../../domain/errors.ts';
import type { LegalHoldsTable, Schema } from '../../platform/database/schema.ts';
import type { WorkspaceRef } from '../operation.ts';

/** What a hold is about. */
export type HoldScope = Pick<LegalHoldsTable, 'scope_kind' | 'scope_id'>;

/**
 * What a scope names here: who is there by name or id, who has been removed by id.
 * @throws AppError `not_found`
 */
export async function requireScope(db: Kysely<Schema>, workspace: WorkspaceRef, text: string): Promise<HoldScope> {
  if (text === 'workspace') return { scope_kind: 'workspace', scope_id: '' };
  const at = text.indexOf(':');
  const kind = text.slice(0, at) as Exclude<HoldScope['scope_kind'], 'workspace'>;
  const name = text.slice(at + 1);
  const id = await finders[kind](db, workspace, name);
  if (id === undefined) throw notFound(kind, name);
  return { scope_kind: kind, scope_id: id };
}

export const scopeText = ({ scope_kind, scope_id }: HoldScope): string =>
  scope_kind === 'workspace' ? scope_kind : `${scope_kind}:${scope_id}`;

const idOf = (row: { id: string } | undefined): string | undefined => row?.id;

const finders = {
  member: async (db: Kysely<Schema>, workspace: WorkspaceRef, name: string) =>
    idOf(
      await db
        .selectFrom('members')
        .innerJoin('users', 'users.id', 'members.user_id')
        .select('members.id')
        .where('members.workspace_id', '=', workspace.id)
        .where((row) =>
          row.or([
            row('members.id', '=', name),
            row.and([row('users.email', '=', name.toLowerCase()), row('members.removed_at', 'is', null)]),
          ]),
        )
        .executeTakeFirst(),
    ),
  machine: async (db: Kysely<Schema>, workspace: WorkspaceRef, name: string) =>
    idOf(
      await db
        .selectFrom('machines')
        .select('id')
        .where('workspace_id', '=', workspace.id)
        .where((row) =>
          row.or([row('id', '=', name), row.and([row('name', '=', name), row('removed_at', 'is', null)])]),
        )
        .executeTakeFirst(),
    ),
  server: async (db: Kysely<Schema>, workspace: WorkspaceRef, name: string) =>
    idOf(
      await db
        .selectFrom('gateway_workspace_servers')
        .select('id')
        .where('workspace_id', '=', workspace.id)
        .where((row) =>
          row.or([row('id', '=', name), row.and([row('slug', '=', name), row('removed_at', 'is', null)])]),
        )
        .executeTakeFirst(),
    ),
};
