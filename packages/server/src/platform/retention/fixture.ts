import type { Insertable } from 'kysely';
import { newId, randomHex } from '../../domain/ids.ts';
import { defaultWorkspaceSettings } from '../../domain/snapshot.ts';
import { commitmentOf } from '../audit-events.ts';
import { isoTime, type Clock } from '../clock.ts';
import type { OpenDatabase } from '../database/database.ts';
import type { LegalHoldsTable, ToolCallsTable } from '../database/schema.ts';
import { answeredRow } from '../journal/call-rows.ts';
import { call, ending } from '../journal/fixture.ts';

/** What the tests of this folder share: workspaces with records of many days, and a clock to move. */

export const dayMs = 86_400_000;
export const start = Date.parse('2026-11-21T12:00:00.000Z');
export const ago = (days: number): string => isoTime(start - days * dayMs);

/** Wall clock and monotonic clock that can be moved together or apart. */
export function movableClock(): Clock & { pass(ms: number): void; set(ms: number): void } {
  let wall = start;
  let ticks = 0;
  return {
    now: () => wall,
    monotonic: () => ticks,
    pass(ms) {
      wall += ms;
      ticks += ms;
    },
    set: (ms) => (wall += ms),
  };
}

export async function addWorkspace({ db }: OpenDatabase, id: string, retentionDays: number): Promise<void> {
  const at = isoTime(start);
  const settings = JSON.stringify({ ...defaultWorkspaceSettings, retentionDays });
  await db
    .insertInto('gateway_workspaces')
    .values({ id, slug: id, name: id, settings, created_at: at, updated_at: at })
    .execute();
}

let seq = 0;
export async function addCall(
  { db }: OpenDatabase,
  workspaceId: string,
  daysAgo: number,
  more: Partial<Insertable<ToolCallsTable>> = {},
): Promise<void> {
  const intent = { ...call({ workspaceId }), t: ago(daysAgo) };
  const parts = { body: '', hash: '', prev: undefined, version: 2, node: 'node-1', epoch: 1, seq: ++seq };
  const row = answeredRow({ intent, parts, segment: '', offset: 0 }, ending(intent.callId), parts);
  await db
    .insertInto('mcp_tool_calls')
    .values({ ...row, ...more })
    .execute();
}

export async function addApproval({ db }: OpenDatabase, workspaceId: string, daysAgo: number): Promise<void> {
  const at = ago(daysAgo);
  const id = `${workspaceId} ${daysAgo}`;
  await db
    .insertInto('approvals')
    .values({
      ...{ id, workspace_id: workspaceId, token_id: 't', principal_kind: 'workspace', member_id: null },
      ...{ machine_id: null, server_id: 's', server_slug: 's', tool: 'x', definition_hash: 'h', args_mac: 'm' },
      ...{ args_shape: '{}', call_key: id, policy_version: 1, approvers: '[]', state: 'used', sends: 1 },
      ...{ created_at: at, expires_at: at, decided_at: at, decided_by: 'x', reason: null, used_at: at },
    })
    .execute();
}

/** @param chained false: not in the journal yet */
export async function addEvent(
  { db }: OpenDatabase,
  workspaceId: string | null,
  daysAgo: number,
  chained = true,
): Promise<void> {
  const salt = randomHex();
  const text = { target: 'x', detail: '{}', salt, commitment: commitmentOf(salt, 'x', '{}') };
  const chain = chained ? { chain_node: 'node-1', chain_epoch: 1, chain_seq: ++seq } : {};
  await db
    .insertInto('audit_events')
    .values({
      ...{ id: newId(start), workspace_id: workspaceId, actor: 'local-cli', action: 'x', created_at: ago(daysAgo) },
      ...text,
      ...chain,
    })
    .execute();
}

export async function addHold(
  { db }: OpenDatabase,
  workspaceId: string,
  more: Partial<Insertable<LegalHoldsTable>> = {},
): Promise<string> {
  const id = newId(start);
  const nobody = { confirmed_at: null, confirmed_by: null, confirmed_person: null };
  const noRelease = { release_requested_at: null, release_requested_by: null, release_requested_person: null };
  await db
    .insertInto('legal_holds')
    .values({
      ...{ id, workspace_id: workspaceId, name: 'a case', reason: 'asked for', scope_kind: 'workspace', scope_id: '' },
      ...{ from_at: null, to_at: null, requested_at: ago(1), requested_by: 'user:a/key:a', requested_person: 'a' },
      ...nobody,
      ...noRelease,
      ...{ release_reason: null, released_at: null, released_by: null, released_person: null, single_person: 0 },
      ...{ confirmed_at: ago(1), confirmed_by: 'user:b/key:b', confirmed_person: 'b' },
      ...more,
    })
    .execute();
  return id;
}

const ages = (rows: readonly { created_at: string }[]): number[] =>
  rows.map((row) => Math.round((start - Date.parse(row.created_at)) / dayMs)).sort((a, b) => b - a);

/** How old the calls of a workspace are, in days, oldest first. */
export const callAges = async ({ db }: OpenDatabase, workspaceId: string): Promise<number[]> =>
  ages(await db.selectFrom('mcp_tool_calls').select('created_at').where('workspace_id', '=', workspaceId).execute());

/** The same of events that were not made by retention itself. */
export const eventAges = async ({ db }: OpenDatabase, workspaceId: string | null): Promise<number[]> =>
  ages(
    await db
      .selectFrom('audit_events')
      .select('created_at')
      .where('workspace_id', 'is not distinct from', workspaceId)
      .where('actor', '!=', 'retention')
      .execute(),
  );
