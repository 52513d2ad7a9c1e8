import type { Kysely } from 'kysely';
import type { Schema } from '../../platform/database/schema.ts';
import { eventsStart } from '../../platform/handover/marks.ts';
import type { EventRecord } from '../../platform/handover/record.ts';
import { nextEvents, placeOfEvent } from '../../platform/handover/walk.ts';

type Cell = string | number | null;
/** A table: its head, then its lines. */
export type Table = AsyncIterable<readonly Cell[]>;

export interface PackScope {
  readonly db: Kysely<Schema>;
  readonly workspaceId: string;
  readonly from: string;
  readonly to: string;
}

/** Rows as a table with these columns. */
async function* table<Row extends Readonly<Record<string, Cell>>>(
  columns: readonly (keyof Row & string)[],
  rows: Promise<readonly Row[]>,
): Table {
  yield columns;
  for (const row of await rows) yield columns.map((column) => row[column]!);
}

/** Members who were there at a moment. Roles are those of today; changes of them are in the changes. */
export const membersAt = ({ db, workspaceId }: PackScope, at: string): Table =>
  table(
    ['id', 'email', 'name', 'role', 'created_at', 'removed_at'],
    db
      .selectFrom('members')
      .innerJoin('users', 'users.id', 'members.user_id')
      .select(['members.id', 'email', 'name', 'role', 'members.created_at', 'removed_at'])
      .where('workspace_id', '=', workspaceId)
      .where('members.created_at', '<=', at)
      .where((row) => row.or([row('removed_at', 'is', null), row('removed_at', '>', at)]))
      .orderBy('members.id')
      .execute(),
  );

/** Gateway tokens that opened something at a moment. */
export const tokensAt = ({ db, workspaceId }: PackScope, at: string): Table =>
  table(
    ['id', 'kind', 'label', 'member_id', 'machine_id', 'created_at', 'created_by', 'expires_at', 'revoked_at'],
    db
      .selectFrom('gateway_tokens')
      .select(['id', 'kind', 'label', 'member_id', 'machine_id', 'created_at', 'created_by', 'expires_at'])
      .select('revoked_at')
      .where('workspace_id', '=', workspaceId)
      .where('created_at', '<=', at)
      .where((row) => row.or([row('revoked_at', 'is', null), row('revoked_at', '>', at)]))
      .where((row) => row.or([row('expires_at', 'is', null), row('expires_at', '>', at)]))
      .orderBy('id')
      .execute(),
  );

/** Control keys bound to the workspace that opened something at a moment. */
export const keysAt = ({ db, workspaceId }: PackScope, at: string): Table =>
  table(
    ['id', 'email', 'role', 'label', 'created_at', 'created_by', 'expires_at', 'revoked_at', 'last_used_at'],
    db
      .selectFrom('api_keys')
      .innerJoin('users', 'users.id', 'api_keys.user_id')
      .select(['api_keys.id', 'email', 'role', 'label', 'api_keys.created_at', 'created_by', 'expires_at'])
      .select(['revoked_at', 'last_used_at'])
      .where('workspace_id', '=', workspaceId)
      .where('api_keys.created_at', '<=', at)
      .where((row) => row.or([row('revoked_at', 'is', null), row('revoked_at', '>', at)]))
      .where((row) => row.or([row('expires_at', 'is', null), row('expires_at', '>', at)]))
      .orderBy('api_keys.id')
      .execute(),
  );

export const machinesAt = ({ db, workspaceId }: PackScope, at: string): Table =>
  table(
    ['id', 'name', 'owner_id', 'enabled', 'created_at', 'created_by', 'removed_at'],
    db
      .selectFrom('machines')
      .select(['id', 'name', 'owner_id', 'enabled', 'created_at', 'created_by', 'removed_at'])
      .where('workspace_id', '=', workspaceId)
      .where('created_at', '<=', at)
      .where((row) => row.or([row('removed_at', 'is', null), row('removed_at', '>', at)]))
      .orderBy('id')
      .execute(),
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
    db
      .selectFrom('access_rules')
      .select(['id', 'effect', 'subject_kind', 'subject_id', 'object', 'absolute', 'expires_at', 'note'])
      .select(['created_at', 'created_by'])
      .where('workspace_id', '=', workspaceId)
      .orderBy('id')
      .execute(),
  );

export const serversNow = ({ db, workspaceId }: PackScope): Table =>
  table(
    ['id', 'slug', 'name', 'enabled', 'visibility', 'owner_team_id', 'pinning', 'created_at', 'updated_at'],
    db
      .selectFrom('gateway_workspace_servers')
      .select(['id', 'slug', 'name', 'enabled', 'visibility', 'owner_team_id', 'pinning', 'created_at', 'updated_at'])
      .where('workspace_id', '=', workspaceId)
      .where('removed_at', 'is', null)
      .orderBy('position')
      .orderBy('id')
      .execute(),
  );

/** Who became or ceased to be a member in the period, with the last call of theirs that was let through, ever. */
export const joinedAndLeft = ({ db, workspaceId, from, to }: PackScope): Table =>
  table(
    ['id', 'email', 'role', 'created_at', 'removed_at', 'last_accepted_call'],
    db
      .selectFrom('members')
      .innerJoin('users', 'users.id', 'members.user_id')
      .select(['members.id', 'email', 'role', 'members.created_at', 'removed_at'])
      .select((row) =>
        row
          .selectFrom('mcp_tool_calls')
          .select((call) => call.fn.max('mcp_tool_calls.created_at').as('at'))
          .where('mcp_tool_calls.workspace_id', '=', workspaceId)
          .whereRef('mcp_tool_calls.member_id', '=', 'members.id')
          .where('dispatched', '=', 1)
          .as('last_accepted_call'),
      )
      .where('members.workspace_id', '=', workspaceId)
      .where((row) =>
        row.or([
          row.and([row('members.created_at', '>=', from), row('members.created_at', '<', to)]),
          row.and([row('removed_at', '>=', from), row('removed_at', '<', to)]),
        ]),
      )
      .orderBy('members.id')
      .execute(),
  );

export const approvalsIn = ({ db, workspaceId, from, to }: PackScope): Table =>
  table(
    [
      ...(['id', 'created_at', 'principal_kind', 'member_id', 'machine_id', 'server_slug', 'tool'] as const),
      ...(['definition_hash', 'args_mac', 'state', 'decided_at', 'decided_by', 'reason', 'used_at'] as const),
    ],
    db
      .selectFrom('approvals')
      .select(['id', 'created_at', 'principal_kind', 'member_id', 'machine_id', 'server_slug', 'tool'])
      .select(['definition_hash', 'args_mac', 'state', 'decided_at', 'decided_by', 'reason', 'used_at'])
      .where('workspace_id', '=', workspaceId)
      .where('created_at', '>=', from)
      .where('created_at', '<', to)
      .orderBy('id')
      .execute(),
  );

/** How the calls of the period ended, by server. */
export const outcomesIn = ({ db, workspaceId, from, to }: PackScope): Table =>
  table(
    ['server_slug', 'outcome', 'error_code', 'calls'],
    db
      .selectFrom('mcp_tool_calls')
      .select(['server_slug', 'outcome', 'error_code'])
      .select((row) => row.fn.sum<number>('repeat_count').as('calls'))
      .where('workspace_id', '=', workspaceId)
      .where('created_at', '>=', from)
      .where('created_at', '<', to)
      .groupBy(['server_slug', 'outcome', 'error_code'])
      .orderBy('server_slug')
      .orderBy('outcome')
      .orderBy('error_code')
      .execute(),
  );

/** What each node recorded in the period, start by start: a start that is missing between two shows as one. */
export const callsByNode = ({ db, workspaceId, from, to }: PackScope): Table =>
  table(
    ['node', 'end_epoch', 'rows', 'first_seq', 'last_seq', 'first_at', 'last_at'],
    db
      .selectFrom('mcp_tool_calls')
      .select(['node', 'end_epoch'])
      .select((row) => [
        row.fn.countAll<number>().as('rows'),
        row.fn.min<number>('end_seq').as('first_seq'),
        row.fn.max<number>('end_seq').as('last_seq'),
        row.fn.min('created_at').as('first_at'),
        row.fn.max('created_at').as('last_at'),
      ])
      .where('workspace_id', '=', workspaceId)
      .where('created_at', '>=', from)
      .where('created_at', '<', to)
      .groupBy(['node', 'end_epoch'])
      .orderBy('node')
      .orderBy('end_epoch')
      .execute(),
  );

const pageRows = 200;

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
    if (page.length < pageRows) return;
    after = placeOfEvent(page.at(-1)!);
  }
}
