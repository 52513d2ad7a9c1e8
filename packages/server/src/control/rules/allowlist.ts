import type { Allowlist } from '@mcpnest/contract/schemas/rules';
import type { Kysely } from 'kysely';
import type { Schema } from '../../platform/database/schema.ts';
import type { Change } from '../change.ts';
import { requireMember } from '../membership.ts';
import type { WorkspaceRef } from '../operation.ts';
import { selectRules, type RuleRow } from './queries.ts';
import { deleteRules, insertRules, newRow, requireServers } from './write.ts';

/** What a member's own allow rules list, expired ones left out. @throws AppError `not_found` */
export async function showAllowlist(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  memberId: string,
  at: string,
): Promise<Allowlist> {
  await requireMember(db, workspace, memberId);
  const rows = await ownRules(db, workspace, memberId);
  const live = rows.filter((row) => row.expires_at === null || row.expires_at > at);
  return { memberId, entries: live.map((row) => row.object).sort() };
}

/**
 * Make a member's own allow rules exactly these, for good. Rules that stay keep their ids.
 * @throws AppError `not_found`; `invalid_input` for an entry that names no server
 */
export async function replaceAllowlist(
  change: Change,
  workspace: WorkspaceRef,
  memberId: string,
  entries: readonly string[],
): Promise<Allowlist> {
  await requireMember(change.tx, workspace, memberId);
  const rows = await ownRules(change.tx, workspace, memberId);
  const wanted = new Set(entries);
  const kept = new Set(rows.filter((row) => row.expires_at === null).map((row) => row.object));
  const added = [...wanted].filter((object) => !kept.has(object));
  const removed = rows.filter((row) => row.expires_at !== null || !wanted.has(row.object));
  const known = new Set(rows.map((row) => row.object));
  const fresh = added.filter((object) => !known.has(object));
  await requireServers(change, workspace, fresh, (at) => `body.entries.${entries.indexOf(fresh[at]!)}`);
  await deleteRules(change, removed);
  const subject = { kind: 'member', id: memberId } as const;
  const entry = { effect: 'allow', absolute: false, expiresAt: null, note: 'allowlist' } as const;
  await insertRules(
    change,
    workspace,
    added.map((object) => newRow(change, workspace, subject, { ...entry, object })),
  );
  await recordList(change, workspace, memberId, rows, [...wanted]);
  return { memberId, entries: [...wanted].sort() };
}

/** Delete a member's own allow rules. @throws AppError `not_found` */
export async function removeAllowlist(change: Change, workspace: WorkspaceRef, memberId: string): Promise<void> {
  await requireMember(change.tx, workspace, memberId);
  const rows = await ownRules(change.tx, workspace, memberId);
  await deleteRules(change, rows);
  await recordList(change, workspace, memberId, rows, []);
}

const ownRules = (db: Kysely<Schema>, workspace: WorkspaceRef, memberId: string): Promise<RuleRow[]> =>
  selectRules(db, workspace)
    .where('effect', '=', 'allow')
    .where('subject_kind', '=', 'member')
    .where('subject_id', '=', memberId)
    .execute();

async function recordList(
  change: Change,
  workspace: WorkspaceRef,
  memberId: string,
  rows: readonly RuleRow[],
  entries: readonly string[],
): Promise<void> {
  const before = rows.map((row) => (row.expires_at === null ? row.object : `${row.object} until ${row.expires_at}`));
  const after = [...entries].sort();
  if (JSON.stringify(before.sort()) === JSON.stringify(after)) return;
  await change.record({
    workspaceId: workspace.id,
    target: `member:${memberId}`,
    detail: { before, after },
    publish: 'workspace',
  });
}
