import type { z } from 'zod';
import type { PolicyDocument, Rule, ruleCreate, ruleQuery, ruleUpdate } from '@mcpnest/contract/schemas/rules';
import type { Kysely } from 'kysely';
import { AppError, notFound } from '../../domain/errors.ts';
import { parseRuleObject } from '../../domain/policy/rule-object.ts';
import type { SnapshotRule } from '../../domain/snapshot.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { Change } from '../change.ts';
import { expiryOf } from '../expiry.ts';
import type { WorkspaceRef } from '../operation.ts';
import { snapshotRule } from '../snapshot/compile.ts';
import { readDirectory, requireSubject } from '../subjects.ts';
import { draftRows } from './document.ts';
import { selectRules, toEntry, toRule, type RuleRow } from './queries.ts';
import { deleteRules, insertRules, newRow, requireServers } from './write.ts';

export { exportRules } from './document.ts';

/** Days an allow rule lives that reaches more than reading, unless told otherwise. */
const writeDays = 90;

/** Rules, oldest first; of one subject or about one server where asked. */
export async function listRules(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  query: z.output<typeof ruleQuery>,
): Promise<Rule[]> {
  const directory = await readDirectory(db, workspace);
  const subject = query.subject === undefined ? undefined : requireSubject(directory, query.subject, 'query.subject');
  const rules = (await selectRules(db, workspace).execute()).map((row) => toRule(row, directory));
  return rules.filter(
    (rule) =>
      (subject === undefined || rule.subject === directory.name(subject)) &&
      (query.server === undefined || parseRuleObject(rule.object)?.server === query.server),
  );
}

/** @throws AppError `not_found` */
export async function showRule(db: Kysely<Schema>, workspace: WorkspaceRef, id: string): Promise<Rule> {
  return toRule(await findRule(db, workspace, id), await readDirectory(db, workspace));
}

/**
 * Make a rule.
 * @throws AppError `already_exists` when there is one of the same effect, subject and object; `invalid_input` for a
 *   subject or server that is not there
 */
export async function createRule(
  change: Change,
  workspace: WorkspaceRef,
  body: z.output<typeof ruleCreate>,
): Promise<Rule> {
  const directory = await readDirectory(change.tx, workspace);
  const subject = requireSubject(directory, body.subject, 'body.subject');
  await requireServers(change, workspace, [body.object], () => 'body.object');
  const { expiresAt, expiresInDays } = body;
  const stated = expiresAt !== undefined || expiresInDays !== undefined;
  const days = !stated && (await reachesMoreThanReading(change, workspace, body)) ? writeDays : undefined;
  const expires = expiresAt === null ? null : expiryOf({ expiresAt, expiresInDays }, change.now, days);
  const row = newRow(change, workspace, subject, { ...body, expiresAt: expires });
  const taken = await same(change, workspace, row);
  if (taken !== undefined) {
    throw new AppError(
      'already_exists',
      `There is such a rule already (${taken.id}). Change its end or note (mcpnest rules update), or delete it first.`,
    );
  }
  await insertRules(change, workspace, [row]);
  await recordRule(change, row, { after: toEntry(row, directory) });
  return toRule(row, directory);
}

/** Change the note or the end of a rule. @throws AppError `not_found`, `invalid_input` for an end that has passed */
export async function updateRule(
  change: Change,
  workspace: WorkspaceRef,
  id: string,
  body: z.output<typeof ruleUpdate>,
): Promise<Rule> {
  const row = await findRule(change.tx, workspace, id);
  const { expiresAt, expiresInDays, note } = body;
  const kept = expiresAt === undefined && expiresInDays === undefined;
  const end = kept ? row.expires_at : expiresAt === null ? null : expiryOf({ expiresAt, expiresInDays }, change.now);
  const next: RuleRow = { ...row, note: note ?? row.note, expires_at: end };
  const directory = await readDirectory(change.tx, workspace);
  if (next.note === row.note && next.expires_at === row.expires_at) return toRule(row, directory);
  await change.tx
    .updateTable('access_rules')
    .set({ note: next.note, expires_at: next.expires_at })
    .where('id', '=', id)
    .execute();
  await recordRule(change, row, { before: toEntry(row, directory), after: toEntry(next, directory) });
  return toRule(next, directory);
}

/** Delete a rule. @throws AppError `not_found` */
export async function removeRule(change: Change, workspace: WorkspaceRef, id: string): Promise<void> {
  const row = await findRule(change.tx, workspace, id);
  await deleteRules(change, [row]);
  await recordRule(change, row, { before: toEntry(row, await readDirectory(change.tx, workspace)) });
}

/** Delete the rules that name a member or machine who is being removed. @returns their objects, for the audit event */
export async function removeRulesOf(change: Change, kind: 'member' | 'machine', id: string): Promise<string[]> {
  const rows = await change.tx
    .deleteFrom('access_rules')
    .where('subject_kind', '=', kind)
    .where('subject_id', '=', id)
    .returning(['effect', 'object'])
    .execute();
  return rows.map((row) => `${row.effect} ${row.object}`).sort();
}

/** What rules a team is named by, in words. */
export async function rulesNamingTeam(change: Change, teamId: string): Promise<string[]> {
  const rows = await change.tx
    .selectFrom('access_rules')
    .select(['effect', 'object'])
    .where('subject_kind', '=', 'team')
    .where('subject_id', '=', teamId)
    .orderBy('id')
    .execute();
  return rows.map((row) => `the rule to ${row.effect} ${row.object}`);
}

/**
 * Have a member be allowed something until a moment; a rule for it that ended or ends earlier lasts longer then.
 * @returns the rule
 */
export async function grantMember(
  change: Change,
  workspace: WorkspaceRef,
  memberId: string,
  grant: { readonly object: string; readonly expiresAt: string; readonly note: string },
): Promise<RuleRow> {
  const fresh = newRow(
    change,
    workspace,
    { kind: 'member', id: memberId },
    { effect: 'allow', absolute: false, ...grant },
  );
  const before = await same(change, workspace, fresh);
  if (before === undefined) {
    await insertRules(change, workspace, [fresh]);
    return fresh;
  }
  const end = before.expires_at === null || before.expires_at > grant.expiresAt ? before.expires_at : grant.expiresAt;
  await change.tx
    .updateTable('access_rules')
    .set({ expires_at: end, note: grant.note })
    .where('id', '=', before.id)
    .execute();
  return { ...before, expires_at: end, note: grant.note };
}

/** The rules a document stands for, as decisions have them. @throws AppError `invalid_input` */
export const draftRules = async (
  change: Change,
  workspace: WorkspaceRef,
  document: PolicyDocument,
): Promise<SnapshotRule[]> => (await draftRows(change, workspace, document)).map(snapshotRule);

const same = (change: Change, workspace: WorkspaceRef, row: RuleRow): Promise<RuleRow | undefined> =>
  selectRules(change.tx, workspace)
    .where('effect', '=', row.effect)
    .where('subject_kind', '=', row.subject_kind)
    .where('subject_id', '=', row.subject_id)
    .where('object', '=', row.object)
    .executeTakeFirst();

async function findRule(db: Kysely<Schema>, workspace: WorkspaceRef, id: string): Promise<RuleRow> {
  const row = await selectRules(db, workspace).where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw notFound('rule', id);
  return row;
}

/** Whether an allow rule could let somebody change something: all but the class of reading, and single tools of it. */
async function reachesMoreThanReading(
  change: Change,
  workspace: WorkspaceRef,
  { effect, object }: { readonly effect: string; readonly object: string },
): Promise<boolean> {
  if (effect !== 'allow') return false;
  const { server, target } = parseRuleObject(object)!;
  if (target.kind === 'class') return target.toolClass !== 'read';
  if (target.kind === 'prompts' || target.kind === 'resources') return false;
  if (target.kind === 'everything' || target.pattern.includes('*')) return true;
  const reading = await change.tx
    .selectFrom('tool_classes')
    .innerJoin('gateway_workspace_servers as server', 'server.id', 'tool_classes.server_id')
    .select('tool')
    .where('server.workspace_id', '=', workspace.id)
    .where('server.removed_at', 'is', null)
    .where('server.slug', '=', server)
    .where('tool', '=', target.pattern)
    .where('class', '=', 'read')
    .executeTakeFirst();
  return reading === undefined;
}

const recordRule = (change: Change, row: RuleRow, detail: Record<string, unknown>): Promise<void> =>
  change.record({ workspaceId: row.workspace_id, target: `rule:${row.id}`, detail, publish: 'workspace' });
