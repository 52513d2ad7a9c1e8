import type { Rule, RuleEntry } from '@mcpnest/contract/schemas/rules';
import type { Kysely, Selectable } from 'kysely';
import type { Subject } from '../../domain/snapshot.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { WorkspaceRef } from '../operation.ts';
import type { Directory } from '../subjects.ts';

export type RuleRow = Selectable<Schema['access_rules']>;

/** The rules of a workspace, oldest first, expired ones included. */
export const selectRules = (db: Kysely<Schema>, workspace: WorkspaceRef) =>
  db.selectFrom('access_rules').selectAll().where('workspace_id', '=', workspace.id).orderBy('id');

export const subjectOf = ({ subject_kind: kind, subject_id: id }: RuleRow): Subject =>
  kind === 'everybody' ? { kind } : { kind, id };

/** What there is only one rule of. */
export const sameness = (row: Pick<RuleRow, 'effect' | 'subject_kind' | 'subject_id' | 'object'>): string =>
  JSON.stringify([row.effect, row.subject_kind, row.subject_id, row.object]);

/** A rule with names in place of ids, as documents and audit events have it. */
export const toEntry = (row: RuleRow, directory: Directory): RuleEntry => ({
  effect: row.effect,
  subject: directory.name(subjectOf(row)),
  object: row.object,
  absolute: row.absolute === 1,
  expiresAt: row.expires_at,
  note: row.note,
});

/** A rule as the API shows it. */
export const toRule = (row: RuleRow, directory: Directory): Rule => ({
  id: row.id,
  ...toEntry(row, directory),
  createdAt: row.created_at,
  createdBy: row.created_by,
});
