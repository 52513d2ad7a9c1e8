import type { Kysely } from 'kysely';
import { insertEvent } from '../audit-events.ts';
import { isoTime, type Clock } from '../clock.ts';
import { createClockCheck, type ClockReading } from './clock-check.ts';
import { readHolds } from './holds.ts';
import type { Schema } from '../database/schema.ts';
import { readTerms } from './terms.ts';
import { dayMs } from './sweep.ts';
import { sweepEntries, sweepInstance, sweepWorkspace, type Swept } from './workspace-sweep.ts';

export interface RetentionOptions {
  readonly db: Kysely<Schema>;
  readonly clock: Clock;
  readonly nodeId: string;
  /** File that remembers the last run and the latest time seen, across starts. */
  readonly stateFile: string;
}

export interface Purge {
  /** Rows deleted, of every kind. */
  readonly rows: number;
  /** Calls past their term that holds keep. */
  readonly held: number;
  /** Why nothing was deleted although the day's run was due. */
  readonly withheld?: string;
}

export interface Retention {
  /** Run when the last run was on an earlier day (UTC); undefined when it was not due. */
  runIfDue(): Promise<Purge | undefined>;
  /** Milliseconds until it makes sense to ask again. */
  msUntilDue(): number;
}

/** As whom it is on record. */
export const retentionActor = 'retention';
const askEveryMs = 3_600_000;
/** How long it is known what was deleted when. */
const reportDays = 400;

/**
 * Deletes rows that are older than their workspace keeps them and that no hold keeps, once a day, and leaves an event of
 * it in each workspace. Of several nodes one does it for a workspace and day. What keeps a wrong clock from emptying
 * the tables is in `clock-check.ts`, and even then a run removes at most two days of data.
 */
export function createRetention({ db, clock, nodeId, stateFile }: RetentionOptions): Retention {
  const check = createClockCheck(clock, stateFile);
  let askAt = -Infinity;

  async function runIfDue(): Promise<Purge | undefined> {
    if (clock.monotonic() < askAt) return undefined;
    const reading = check.read(await newestRow());
    await noteClock(reading);
    if (reading.withheld !== undefined) return later({ rows: 0, held: 0, withheld: reading.withheld });
    const { now } = reading;
    const today = isoTime(now).slice(0, 10);
    const due = today !== check.ranOn();
    const purge = due ? await run(now, today) : undefined;
    check.remember(now, today);
    return later(purge);
  }

  const later = <T>(result: T): T => {
    askAt = clock.monotonic() + askEveryMs;
    return result;
  };

  async function run(now: number, today: string): Promise<Purge> {
    const terms = await readTerms(db, isoTime(now));
    let rows = 0;
    let held = 0;
    const purge = async (id: string, work: () => Promise<Swept>): Promise<void> => {
      if (!(await claim(id, today, now))) return;
      const swept = await work();
      await report(id, today, now, swept);
      rows += swept.calls + swept.events + swept.others;
      held += swept.held;
    };
    for (const id of await workspaces()) await purge(id, () => sweepWorkspace(db, id, terms.of(id), now));
    await purge('', async () => {
      await sweepEntries(db, now);
      const events = await sweepInstance(db, terms.longest.events, now);
      return { calls: 0, events, others: 0, held: 0 };
    });
    await db
      .deleteFrom('purges')
      .where('ran_on', '<', isoTime(now - reportDays * dayMs).slice(0, 10))
      .execute();
    return { rows, held };
  }

  /** Of all nodes one has a workspace on a day. */
  async function claim(workspace_id: string, ran_on: string, now: number): Promise<boolean> {
    const counts = { calls: 0, events: 0, others: 0, held: 0, hold_ids: '[]' };
    const row = await db
      .insertInto('purges')
      .values({ workspace_id, ran_on, node: nodeId, ran_at: isoTime(now), ...counts })
      .onConflict((clash) => clash.columns(['workspace_id', 'ran_on']).doNothing())
      .returning('node')
      .executeTakeFirst();
    return row !== undefined;
  }

  async function report(id: string, day: string, now: number, swept: Swept): Promise<void> {
    const holds = await readHolds(db, now);
    const holdIds = holds.filter((hold) => id === '' || hold.workspaceId === id).map((hold) => hold.id);
    await db
      .updateTable('purges')
      .set({ ...swept, hold_ids: JSON.stringify(holdIds) })
      .where('workspace_id', '=', id)
      .where('ran_on', '=', day)
      .execute();
    if (swept.calls + swept.events + swept.others === 0) return;
    const about = { workspaceId: id === '' ? null : id, action: 'retention.purge', target: 'records' };
    await insertEvent(db, { ...about, actor: retentionActor, detail: { ...swept, holds: holdIds } }, now);
  }

  async function noteClock({ now, driftMs, withheld }: ClockReading): Promise<void> {
    const row = { checked_at: isoTime(now), drift_ms: driftMs, withheld: withheld ?? null };
    await db
      .insertInto('retention_clocks')
      .values({ node: nodeId, ...row })
      .onConflict((clash) => clash.column('node').doUpdateSet(row))
      .execute();
  }

  /** Time of what this node wrote last: what was written while its clock was wrong is forgotten with the next call. */
  async function newestRow(): Promise<number | undefined> {
    const row = await db
      .selectFrom('mcp_tool_calls')
      .select('created_at')
      .where('node', '=', nodeId)
      .orderBy('epoch', 'desc')
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row === undefined ? undefined : Date.parse(row.created_at);
  }

  /** Every workspace, and those that are no more and have calls on record. */
  async function workspaces(): Promise<string[]> {
    const present = await db.selectFrom('gateway_workspaces').select('id').execute();
    const calling = await db.selectFrom('mcp_tool_calls').select('workspace_id as id').distinct().execute();
    return [...new Set([...present, ...calling].map(({ id }) => id))];
  }

  return { runIfDue, msUntilDue: () => Math.max(0, askAt - clock.monotonic()) };
}
