import type { Retention } from '@mcpnest/contract/schemas/retention';
import { sql, type Kysely } from 'kysely';
import { isoTime } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { freeCall, readHolds } from '../../platform/retention/holds.ts';
import { readTerms } from '../../platform/retention/terms.ts';
import type { Change } from '../change.ts';
import type { WorkspaceRef } from '../operation.ts';
import { readSettings } from '../stored.ts';

const dayMs = 86_400_000;
/** How long a shortening can be undone before anything goes. */
const graceMs = 7 * dayMs;

/**
 * Let a change of the term of a workspace take effect: a longer one at once, a shorter one after the grace.
 * @param before, after the days that were and are set
 */
export async function noteTerm(change: Change, workspaceId: string, before: number, after: number): Promise<void> {
  await change.tx
    .deleteFrom('retention_graces')
    .where('workspace_id', '=', workspaceId)
    .where((row) => row.or([row('days', '<=', after), row('until', '<=', change.at)]))
    .execute();
  if (after >= before) return;
  const grace = { until: isoTime(change.now + graceMs), requested_at: change.at, requested_by: change.actorName };
  await change.tx
    .insertInto('retention_graces')
    .values({ workspace_id: workspaceId, days: before, ...grace })
    .onConflict((clash) => clash.columns(['workspace_id', 'days']).doUpdateSet(grace))
    .execute();
}

/** How long records of a workspace are kept, what would go next, and what was last deleted or held. */
export async function showRetention(db: Kysely<Schema>, workspace: WorkspaceRef, now: number): Promise<Retention> {
  const { settings } = await db
    .selectFrom('gateway_workspaces')
    .select('settings')
    .where('id', '=', workspace.id)
    .executeTakeFirstOrThrow();
  const term = (await readTerms(db, isoTime(now))).of(workspace.id);
  const holds = (await readHolds(db, now)).filter((hold) => hold.workspaceId === workspace.id);
  const days = readSettings(settings).retentionDays;
  return {
    days,
    daysInForce: term.calls,
    eventDays: term.events,
    shortening: await nextShortening(db, workspace, days, now),
    holds: holds.length,
    lastRun: await lastRun(db, workspace),
    clocks: await clocks(db),
  };
}

/** The longest grace is the one that ends the term in force; what is longest after it comes next. */
async function nextShortening(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  days: number,
  now: number,
): Promise<Retention['shortening']> {
  const [longest, ...others] = await db
    .selectFrom('retention_graces')
    .selectAll()
    .where('workspace_id', '=', workspace.id)
    .where('until', '>', isoTime(now))
    .where('days', '>', days)
    .orderBy('days', 'desc')
    .execute();
  if (longest === undefined) return null;
  const next = Math.max(days, ...others.filter((grace) => grace.until > longest.until).map((grace) => grace.days));
  const cutoff = now - next * dayMs;
  const { calls, oldest } = await db
    .selectFrom('mcp_tool_calls')
    .select((row) => [row.fn.countAll<number>().as('calls'), row.fn.min('created_at').as('oldest')])
    .where('workspace_id', '=', workspace.id)
    .where('created_at', '<', isoTime(cutoff))
    .where(sql<boolean>`${freeCall({ workspaceId: workspace.id, now })}`)
    .executeTakeFirstOrThrow();
  return {
    effectiveAt: longest.until,
    calls,
    ofDays: oldest === null ? 0 : Math.ceil((cutoff - Date.parse(oldest)) / dayMs),
    requestedBy: longest.requested_by,
  };
}

async function lastRun(db: Kysely<Schema>, workspace: WorkspaceRef): Promise<Retention['lastRun']> {
  const row = await db
    .selectFrom('purges')
    .selectAll()
    .where('workspace_id', '=', workspace.id)
    .orderBy('ran_on', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return null;
  const { ran_on: on, calls, events, others, held } = row;
  return { on, calls, events, others, held, holds: JSON.parse(row.hold_ids) as string[] };
}

const clocks = async (db: Kysely<Schema>): Promise<Retention['clocks']> =>
  (await db.selectFrom('retention_clocks').selectAll().orderBy('node').execute()).map((row) => ({
    node: row.node,
    checkedAt: row.checked_at,
    driftMs: row.drift_ms,
    withheld: row.withheld,
  }));
