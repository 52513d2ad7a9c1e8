import type { z } from 'zod';
import type { PolicyDifference, PolicyDocument, policyImport } from '@mcpnest/contract/schemas/rules';
import type { Kysely } from 'kysely';
import { invalidInput } from '../../domain/errors.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { Change } from '../change.ts';
import type { WorkspaceRef } from '../operation.ts';
import { readDirectory, requireSubject, type Directory } from '../subjects.ts';
import { sameness, selectRules, toEntry, type RuleRow } from './queries.ts';
import { deleteRules, insertRules, newRow, requireServers } from './write.ts';

/** All rules of a workspace as one document; importing it changes nothing. */
export async function exportRules(db: Kysely<Schema>, workspace: WorkspaceRef): Promise<PolicyDocument> {
  const directory = await readDirectory(db, workspace);
  return toDocument(await selectRules(db, workspace).execute(), directory);
}

export const toDocument = (rows: readonly RuleRow[], directory: Directory): PolicyDocument => ({
  format: 'mcpnest-rules/1',
  rules: rows.map((row) => toEntry(row, directory)),
});

/**
 * Make the rules of a workspace exactly those of a document, or say what that would change. Rules that stay keep their
 * ids.
 * @throws AppError `invalid_input` for a subject or server that is not there, and for the same rule twice
 */
export async function importRules(
  change: Change,
  workspace: WorkspaceRef,
  { document, dryRun }: z.output<typeof policyImport>,
): Promise<PolicyDifference> {
  const { directory, added, removed, changed, unchanged } = await compare(change, workspace, document);
  const difference = {
    added: added.map((row) => toEntry(row, directory)),
    removed: removed.map((row) => toEntry(row, directory)),
    changed: changed.map(({ before, after }) => ({
      before: toEntry(before, directory),
      after: toEntry(after, directory),
    })),
    unchanged,
  };
  if (!dryRun && added.length + removed.length + changed.length > 0) {
    await deleteRules(change, removed);
    await insertRules(change, workspace, added);
    for (const { after } of changed) {
      await change.tx
        .updateTable('access_rules')
        .set({ absolute: after.absolute, expires_at: after.expires_at, note: after.note })
        .where('id', '=', after.id)
        .execute();
    }
    await change.record({
      workspaceId: workspace.id,
      target: 'policy',
      detail: difference,
      publish: 'workspace',
    });
  }
  return { dryRun, ...difference };
}

/** The rows a document stands for; those that are there already keep their ids. @throws AppError `invalid_input` */
export async function draftRows(change: Change, workspace: WorkspaceRef, document: PolicyDocument): Promise<RuleRow[]> {
  const directory = await readDirectory(change.tx, workspace);
  const present = new Map((await selectRules(change.tx, workspace).execute()).map((row) => [sameness(row), row]));
  const seen = new Set<string>();
  const rows = document.rules.map((entry, index) => {
    const subject = requireSubject(directory, entry.subject, `body.document.rules.${index}.subject`);
    const row = newRow(change, workspace, subject, entry);
    const key = sameness(row);
    if (seen.has(key)) {
      throw invalidInput(`The rule to ${entry.effect} ${entry.subject} ${entry.object} is in the document twice.`, [
        { path: `body.document.rules.${index}`, message: 'is there twice' },
      ]);
    }
    seen.add(key);
    const before = present.get(key);
    return before === undefined
      ? row
      : { ...row, id: before.id, created_at: before.created_at, created_by: before.created_by };
  });
  const kept = new Set([...present.values()].map((row) => row.id));
  const fresh = rows.flatMap((row, index) => (kept.has(row.id) ? [] : [{ object: row.object, index }]));
  await requireServers(
    change,
    workspace,
    fresh.map(({ object }) => object),
    (at) => `body.document.rules.${fresh[at]!.index}.object`,
  );
  return rows;
}

async function compare(change: Change, workspace: WorkspaceRef, document: PolicyDocument) {
  const directory = await readDirectory(change.tx, workspace);
  const present = await selectRules(change.tx, workspace).execute();
  const wanted = await draftRows(change, workspace, document);
  const before = new Map(present.map((row) => [row.id, row]));
  const stay = new Set(wanted.map((row) => row.id));
  const changed = wanted.flatMap((after) => {
    const old = before.get(after.id);
    return old === undefined || JSON.stringify(old) === JSON.stringify({ ...old, ...after })
      ? []
      : [{ before: old, after }];
  });
  const added = wanted.filter((row) => !before.has(row.id));
  const removed = present.filter((row) => !stay.has(row.id));
  return { directory, added, removed, changed, unchanged: wanted.length - added.length - changed.length };
}
