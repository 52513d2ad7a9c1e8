import type { Kysely } from 'kysely';
import { defaultWorkspaceSettings, type WorkspaceSettings } from '../../domain/snapshot.ts';
import type { Schema } from '../database/schema.ts';

/** How long what is on record of a workspace stays, in days. */
export interface Term {
  /** Of calls, and of the files that prove them. */
  readonly calls: number;
  /** Of audit events and of the policies of then. */
  readonly events: number;
}

/** Audit events stay at least this long, however short the calls of their workspace. */
export const fewestEventDays = 365;

export const termOf = (callDays: number): Term => ({ calls: callDays, events: Math.max(callDays, fewestEventDays) });

/**
 * The terms that are in force: what each workspace has set, or where that was shortened within the grace the longer term
 * of before. A workspace that is no more keeps the default.
 * @param at stored time
 */
export async function readTerms(
  db: Kysely<Schema>,
  at: string,
): Promise<{ of(workspaceId: string): Term; readonly longest: Term }> {
  const rows = await db.selectFrom('gateway_workspaces').select(['id', 'settings']).execute();
  const days = new Map(rows.map((row) => [row.id, daysIn(row.settings)]));
  const graces = await db
    .selectFrom('retention_graces')
    .select(['workspace_id as id', 'days'])
    .where('until', '>', at)
    .execute();
  for (const grace of graces) days.set(grace.id, Math.max(days.get(grace.id) ?? 0, grace.days));
  const { retentionDays } = defaultWorkspaceSettings;
  return {
    of: (workspaceId) => termOf(days.get(workspaceId) ?? retentionDays),
    longest: termOf(Math.max(retentionDays, ...days.values())),
  };
}

const daysIn = (settings: string): number =>
  (JSON.parse(settings) as Partial<WorkspaceSettings>).retentionDays ?? defaultWorkspaceSettings.retentionDays;
