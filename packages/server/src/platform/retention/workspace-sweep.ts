import { sql, type Kysely } from 'kysely';
import { isoTime } from '../clock.ts';
import { destroyDigestKeys, quarterStart } from '../digest-salts.ts';
import { purgeCounts } from '../journal/call-counts.ts';
import { prunePolicyVersions } from '../policy-history.ts';
import { noteMissed } from '../sinks/missed.ts';
import { freeApproval, freeCall, freeEvent, freeOfAny, readHolds } from './holds.ts';
import { boundOf, dayMs, deleteBefore, dueBefore, sweep } from './sweep.ts';
import type { Schema } from '../database/schema.ts';
import type { Term } from './terms.ts';

/** What a run deleted of one workspace, and what holds kept it from. */
export interface Swept {
  readonly calls: number;
  readonly events: number;
  /** Approvals, access requests, invitations, drills, policies of then and keys of argument digests. */
  readonly others: number;
  /** Calls past their term that holds keep. */
  readonly held: number;
}

/** A client that has not come for this long is no longer listed; calls say who made them as long as they are kept. */
const clientDays = 30;

/** Delete what a workspace has on record beyond its term and no hold keeps. */
export async function sweepWorkspace(db: Kysely<Schema>, workspaceId: string, term: Term, now: number): Promise<Swept> {
  const here = sql`workspace_id = ${workspaceId}`;
  const of = { workspaceId, now };
  const free = freeOfAny(of);
  const run = (table: keyof Schema, time: string, days: number, where: typeof here): Promise<number> =>
    sweep(db, now, { table, time, days, where });
  // Asked again for each: what goes before takes a while, and a hold begins at once.
  const held = async (): Promise<boolean> =>
    (await readHolds(db, now)).some((hold) => hold.workspaceId === workspaceId);
  const calls = await sweepCalls(db, of, term.calls, held);
  const others = [
    await run('approvals', 'created_at', term.calls, sql`${here} and ${freeApproval(of)}`),
    await run('access_requests', 'created_at', term.calls, sql`${here} and ${free}`),
    await run(
      'drills',
      'ends_at',
      term.calls,
      sql`server_id in (select id from gateway_workspace_servers where workspace_id = ${workspaceId}) and ${free}`,
    ),
    await run('client_connections', 'last_at', clientDays, here),
    // One that is open has not expired.
    await run('invitations', 'expires_at', term.events, sql`${here} and ${free}`),
    (await held()) ? 0 : await sweepPolicies(db, workspaceId, term.events, now),
    (await held()) ? 0 : await sweepDigestKeys(db, workspaceId, term.calls, now),
  ].reduce((sum, count) => sum + count, 0);
  // What is not in the chain yet has not been proven to anybody.
  const events = await run(
    'audit_events',
    'created_at',
    term.events,
    sql`${here} and chain_seq is not null and ${freeEvent(of)}`,
  );
  return { calls, events, others, held: await heldCalls(db, workspaceId, term.calls, now) };
}

async function sweepCalls(
  db: Kysely<Schema>,
  of: { readonly workspaceId: string; readonly now: number },
  days: number,
  held: () => Promise<boolean>,
): Promise<number> {
  const { workspaceId, now } = of;
  const where = sql`workspace_id = ${workspaceId} and ${freeCall(of)}`;
  const what = { table: 'mcp_tool_calls', time: 'created_at', days, where } as const;
  const before = await dueBefore(db, now, what);
  if (before === undefined) return 0;
  await noteMissed(db, workspaceId, before, freeCall(of));
  const calls = await deleteBefore(db, before, what);
  if (!(await held())) await purgeCounts(db, workspaceId, before, now);
  return calls;
}

/** Delete events of the instance: what concerns all may matter to any hold there is. */
export const sweepInstance = (db: Kysely<Schema>, days: number, now: number): Promise<number> =>
  sweep(db, now, {
    table: 'audit_events',
    time: 'created_at',
    days,
    where: sql`workspace_id is null and chain_seq is not null and ${freeEvent({ workspaceId: undefined, now })}`,
  });

/** Sessions of the console and links into it go a month after their end: the events of them say what matters. */
export async function sweepEntries(db: Kysely<Schema>, now: number): Promise<void> {
  const where = sql`1 = 1`;
  for (const table of ['console_sessions', 'entry_links', 'passkey_challenges'] as const)
    await sweep(db, now, { table, time: 'expires_at', days: 30, where });
}

async function sweepPolicies(db: Kysely<Schema>, workspaceId: string, days: number, now: number): Promise<number> {
  // The oldest goes once the one after it is old enough: that is when it was replaced.
  const [, second] = await db
    .selectFrom('policy_versions')
    .select('created_at')
    .where('workspace_id', '=', workspaceId)
    .orderBy('version')
    .limit(2)
    .execute();
  if (second === undefined) return 0;
  return prunePolicyVersions(db, workspaceId, boundOf(now, days, Date.parse(second.created_at)));
}

/** A quarter's key goes when no call of it or of an earlier one is on record; one at a time. */
async function sweepDigestKeys(db: Kysely<Schema>, workspaceId: string, days: number, now: number): Promise<number> {
  const [, second] = await db
    .selectFrom('digest_salts')
    .select('quarter')
    .where('workspace_id', '=', workspaceId)
    .orderBy('quarter')
    .limit(2)
    .execute();
  if (second === undefined) return 0;
  const { at } = await db
    .selectFrom('mcp_tool_calls')
    .select((row) => row.fn.min('created_at').as('at'))
    .where('workspace_id', '=', workspaceId)
    .executeTakeFirstOrThrow();
  const oldest = at === null ? now : Date.parse(at);
  return destroyDigestKeys(db, workspaceId, Math.min(now - days * dayMs, oldest, quarterStart(second.quarter)));
}

async function heldCalls(db: Kysely<Schema>, workspaceId: string, days: number, now: number): Promise<number> {
  const { rows } = await db
    .selectFrom('mcp_tool_calls')
    .select((row) => row.fn.countAll<number>().as('rows'))
    .where('workspace_id', '=', workspaceId)
    .where('created_at', '<', isoTime(now - days * dayMs))
    .where(sql<boolean>`not (${freeCall({ workspaceId, now })})`)
    .executeTakeFirstOrThrow();
  return rows;
}
