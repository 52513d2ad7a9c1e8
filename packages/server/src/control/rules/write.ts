import { mostRules } from '@mcpnest/contract/rule-form';
import type { RuleEntry } from '@mcpnest/contract/schemas/rules';
import { conflict, invalidInput } from '../../domain/errors.ts';
import { newId } from '../../domain/ids.ts';
import { parseRuleObject } from '../../domain/policy/rule-object.ts';
import type { Subject } from '../../domain/snapshot.ts';
import { isoTime } from '../../platform/clock.ts';
import type { Change } from '../change.ts';
import type { WorkspaceRef } from '../operation.ts';
import { selectRules, type RuleRow } from './queries.ts';

/** A row made of what was asked for; the subject has been looked up. */
export const newRow = (
  change: Change,
  workspace: WorkspaceRef,
  subject: Subject,
  entry: Omit<RuleEntry, 'subject'>,
): RuleRow => ({
  id: newId(change.now),
  workspace_id: workspace.id,
  effect: entry.effect,
  subject_kind: subject.kind,
  subject_id: subject.kind === 'everybody' ? '' : subject.id,
  object: entry.object,
  absolute: entry.absolute ? 1 : 0,
  // Stored times have milliseconds and compare as text.
  expires_at: entry.expiresAt === null ? null : isoTime(Date.parse(entry.expiresAt)),
  note: entry.note,
  created_at: change.at,
  created_by: change.actorName,
});

/**
 * Add rules.
 * @throws AppError `conflict` when the workspace would have too many
 */
export async function insertRules(change: Change, workspace: WorkspaceRef, rows: readonly RuleRow[]): Promise<void> {
  for (let from = 0; from < rows.length; from += 100) {
    await change.tx
      .insertInto('access_rules')
      .values(rows.slice(from, from + 100))
      .execute();
  }
  const all = (await selectRules(change.tx, workspace).clearSelect().select('id').execute()).length;
  if (all > mostRules) {
    throw conflict(
      `A workspace has at most ${mostRules} rules. Name teams, patterns or classes in place of single ones.`,
    );
  }
}

export async function deleteRules(change: Change, rows: readonly RuleRow[]): Promise<void> {
  for (let from = 0; from < rows.length; from += 500) {
    const ids = rows.slice(from, from + 500).map((row) => row.id);
    await change.tx.deleteFrom('access_rules').where('id', 'in', ids).execute();
  }
}

/**
 * Objects must name servers that are there: a slip of the pen would deny nothing.
 * @param pathOf where each stands in the input
 * @throws AppError `invalid_input`
 */
export async function requireServers(
  change: Change,
  workspace: WorkspaceRef,
  objects: readonly string[],
  pathOf: (index: number) => string,
): Promise<void> {
  const rows = await change.tx
    .selectFrom('gateway_workspace_servers')
    .select('slug')
    .where('workspace_id', '=', workspace.id)
    .where('removed_at', 'is', null)
    .execute();
  const known = new Set(['*', ...rows.map((row) => row.slug)]);
  const unknown = objects.findIndex((object) => !known.has(parseRuleObject(object)?.server ?? ''));
  if (unknown === -1) return;
  throw invalidInput(`'${objects[unknown]}' names no server of this workspace. Add the server first.`, [
    { path: pathOf(unknown), message: `'${objects[unknown]}' names no server of this workspace` },
  ]);
}
