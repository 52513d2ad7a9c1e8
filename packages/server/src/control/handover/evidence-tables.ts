import type { Kysely } from 'kysely';
import type { Schema } from '../../platform/database/schema.ts';
import { eventsStart } from '../../platform/handover/marks.ts';
import type { EventRecord } from '../../platform/handover/record.ts';
import { nextEvents, placeOfEvent } from '../../platform/handover/walk.ts';

export type Cell = string | number | null;
/** A table: its head, then its lines. */
export type Table = AsyncIterable<readonly Cell[]>;

export interface PackScope {
  readonly db: Kysely<Schema>;
  readonly workspaceId: string;
  readonly from: string;
  readonly to: string;
}

const pageRows = 200;

/** Rows as a table with these columns, read page by page in the order of their ids and not before they are wanted. */
export async function* table<Row extends Readonly<Record<string, Cell>> & { readonly id: string }>(
  columns: readonly (keyof Row & string)[],
  pageAfter: (id: string) => { limit(rows: number): { execute(): Promise<readonly Row[]> } },
): Table {
  yield columns;
  for (let after = ''; ;) {
    const page = await pageAfter(after).limit(pageRows).execute();
    for (const row of page) yield columns.map((column) => row[column]!);
    if (page.length < pageRows) return;
    after = page.at(-1)!.id;
  }
}

/** Members who were there at a moment. Roles are those of today; changes of them are in the changes. */
export const membersAt = ({ db, workspaceId }: PackScope, at: string): Table =>
  table(['id', 'email', 'name', 'role', 'created_at', 'removed_at'], (after) =>
    db
      .selectFrom('members')
      .innerJoin('users', 'users.id', 'members.user_id')
      .select(['members.id', 'email', 'name', 'role', 'members.created_at', 'removed_at'])
      .where('workspace_id', '=', workspaceId)
      .where('members.created_at', '<=', at)
      .where((row) => row.or([row('removed_at', 'is', null), row('removed_at', '>', at)]))
      .where('members.id', '>', after)
      .orderBy('members.id'),
  );

/** Gateway tokens that opened something at a moment. */
export const tokensAt = ({ db, workspaceId }: PackScope, at: string): Table =>
  table(
    ['id', 'kind', 'label', 'member_id', 'machine_id', 'created_at', 'created_by', 'expires_at', 'revoked_at'],
    (after) =>
      db
        .selectFrom('gateway_tokens')
        .select(['id', 'kind', 'label', 'member_id', 'machine_id', 'created_at', 'created_by', 'expires_at'])
        .select('revoked_at')
        .where('workspace_id', '=', workspaceId)
        .where('created_at', '<=', at)
        .where((row) => row.or([row('revoked_at', 'is', null), row('revoked_at', '>', at)]))
        .where((row) => row.or([row('expires_at', 'is', null), row('expires_at', '>', at)]))
        .where('id', '>', after)
        .orderBy('id'),
  );

/** Control keys bound to the workspace that opened something at a moment. */
export const keysAt = ({ db, workspaceId }: PackScope, at: string): Table =>
  table(
    ['id', 'email', 'role', 'label', 'created_at', 'created_by', 'expires_at', 'revoked_at', 'last_used_at'],
    (after) =>
      db
        .selectFrom('api_keys')
        .innerJoin('users', 'users.id', 'api_keys.user_id')
        .select(['api_keys.id', 'email', 'role', 'label', 'api_keys.created_at', 'created_by', 'expires_at'])
        .select(['revoked_at', 'last_used_at'])
        .where('workspace_id', '=', workspaceId)
        .where('api_keys.created_at', '<=', at)
        .where((row) => row.or([row('revoked_at', 'is', null), row('revoked_at', '>', at)]))
        .where((row) => row.or([row('expires_at', 'is', null), row('expires_at', '>', at)]))
        .where('api_keys.id', '>', after)
        .orderBy('api_keys.id'),
  );

export const machinesAt = ({ db, workspaceId }: PackScope, at: string): Table =>
  table(['id', 'name', 'owner_id', 'enabled', 'created_at', 'created_by', 'removed_at'], (after) =>
    db
      .selectFrom('machines')
      .select(['id', 'name', 'owner_id', 'enabled', 'created_at', 'created_by', 'removed_at'])
      .where('workspace_id', '=', workspaceId)
      .where('created_at', '<=', at)
      .where((row) => row.or([row('removed_at', 'is', null), row('removed_at', '>', at)]))
      .where('id', '>', after)
      .orderBy('id'),
  );

export const rulesNow = ({ db, workspaceId }: PackScope): Table =>
  table(
    [
      'id',
      'effect',
      'subject_kind',
      'subject_id',
      'object',
      'absolute',
      'expires_at',
      'note',
      'created_at',
      'created_by',
    ],
    (after) =>
      db
        .selectFrom('access_rules')
        .select(['id', 'effect', 'subject_kind', 'subject_id', 'object', 'absolute', 'expires_at', 'note'])
        .select(['created_at', 'created_by'])
        .where('workspace_id', '=', workspaceId)
        .where('id', '>', after)
        .orderBy('id'),
  );

export const serversNow = ({ db, workspaceId }: PackScope): Table =>
  table(
    ['id', 'slug', 'name', 'enabled', 'visibility', 'owner_team_id', 'pinning', 'created_at', 'updated_at'],
    (after) =>
      db
        .selectFrom('gateway_workspace_servers')
        .select(['id', 'slug', 'name', 'enabled', 'visibility', 'owner_team_id', 'pinning', 'created_at', 'updated_at'])
        .where('workspace_id', '=', workspaceId)
        .where('removed_at', 'is', null)
        .where('id', '>', after)
        .orderBy('id'),
  );

export const approvalsIn = ({ db, workspaceId, from, to }: PackScope): Table =>
  table(
    [
      ...(['id', 'created_at', 'principal_kind', 'member_id', 'machine_id', 'server_slug', 'tool'] as const),
      ...(['definition_hash', 'args_mac', 'state', 'decided_at', 'decided_by', 'reason', 'used_at'] as const),
    ],
    (after) =>
      db
        .selectFrom('approvals')
        .select(['id', 'created_at', 'principal_kind', 'member_id', 'machine_id', 'server_slug', 'tool'])
        .select(['definition_hash', 'args_mac', 'state', 'decided_at', 'decided_by', 'reason', 'used_at'])
        .where('workspace_id', '=', workspaceId)
        .where('created_at', '>=', from)
        .where('created_at', '<', to)
        .where('id', '>', after)
        .orderBy('id'),
  );

/** The changes of the period that are wanted, with their authors and what they record of themselves. */
export const changesIn = (scope: PackScope, wanted: (event: EventRecord) => boolean): Table =>
  events(scope, scope.workspaceId, wanted);

/** Log-ins that failed are of no workspace: for whoever may see the whole instance, and otherwise none. */
export const failedLogins = (scope: PackScope, ofInstance: boolean): Table =>
  events(scope, ofInstance ? null : scope.workspaceId, ({ action }) => action === 'login');

async function* events(
  { db, from, to }: PackScope,
  workspaceId: string | null,
  wanted: (event: EventRecord) => boolean,
): Table {
  yield ['id', 'at', 'actor', 'action', 'target', 'detail'];
  let after = eventsStart;
  for (;;) {
    const page = await nextEvents(db, { workspaceId }, { after, from, to }, pageRows);
    for (const event of page.filter(wanted)) {
      yield [event.id, event.createdAt, event.actor, event.action, event.target, JSON.stringify(event.detail)];
    }
    if (page.length === 0) return;
    after = placeOfEvent(page.at(-1)!);
  }
}
