import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Kysely } from 'kysely';
import { defaultWorkspaceSettings, type WorkspaceSettings } from '../../domain/snapshot.ts';
import { isoTime, type Clock } from '../clock.ts';
import type { Schema } from '../database/schema.ts';
import { noteMissed, type MissedTables } from '../sinks/missed.ts';
import { purgeCounts, type CountTables } from './call-counts.ts';

/** The tables retention may name. */
export type RetentionTables = Pick<Schema, 'mcp_tool_calls' | 'gateway_workspaces' | 'approvals'> &
  MissedTables &
  CountTables;

export interface RetentionOptions {
  readonly db: Kysely<RetentionTables>;
  readonly clock: Clock;
  /** File that remembers the last run and the latest time seen, across starts. */
  readonly stateFile: string;
}

export interface Purge {
  readonly rows: number;
  /** Why nothing was deleted although the day's run was due. */
  readonly withheld?: string;
}

export interface Retention {
  /** Run when the last run was on an earlier day (UTC); undefined when it was not due. */
  runIfDue(): Promise<Purge | undefined>;
  /** Milliseconds until it makes sense to ask again. */
  msUntilDue(): number;
}

interface State {
  /** Latest wall clock seen, milliseconds. */
  readonly seenAt: number;
  /** Day of the last run, `YYYY-MM-DD`. */
  readonly ranOn: string;
}

const dayMs = 86_400_000;
const askEveryMs = 3_600_000;
const rowsPerDelete = 500;
/** Days of data that may go in one run: a clock far in the future costs two days of rows, not all of them. */
const daysPerRun = 2;
/** How far wall clock and monotonic clock may drift apart before the wall clock counts as set. */
const driftMs = 5 * 60_000;

/**
 * Deletes rows of `mcp_tool_calls`, and approvals, that are older than their workspace keeps them, once a day. The clock is not
 * believed blindly: it must not be behind what was seen before or behind the newest row, must not have been set while
 * the process ran, and even then a run removes at most two days of data.
 */
export function createRetention({ db, clock, stateFile }: RetentionOptions): Retention {
  const startedAt = clock.now();
  const startedTicks = clock.monotonic();
  let askAt = -Infinity;

  async function runIfDue(): Promise<Purge | undefined> {
    if (clock.monotonic() < askAt) return undefined;
    const now = clock.now();
    const today = isoTime(now).slice(0, 10);
    const state = readState(stateFile);
    const jump = now - startedAt - (clock.monotonic() - startedTicks);
    if (Math.abs(jump) > driftMs) return withheld(`the clock was set by ${Math.round(jump / 1000)} s while running`);
    if (now < state.seenAt) return withheld(`the clock is behind ${isoTime(state.seenAt)}, which was seen before`);
    if (today === state.ranOn) {
      writeState(stateFile, { ...state, seenAt: now });
      return later(undefined);
    }
    const newest = await edge('max');
    if (newest !== undefined && newest > now + driftMs)
      return withheld(`the newest row is of ${isoTime(newest)}, later than now`);
    let rows = 0;
    for (const workspace of await workspaces()) rows += await purge(workspace, now);
    writeState(stateFile, { seenAt: now, ranOn: today });
    return later({ rows });
  }

  const later = <T>(result: T): T => {
    askAt = clock.monotonic() + askEveryMs;
    return result;
  };
  const withheld = (reason: string): Purge => later({ rows: 0, withheld: reason });

  async function edge(of: 'min' | 'max', workspaceId?: string): Promise<number | undefined> {
    let query = db.selectFrom('mcp_tool_calls').select((row) => row.fn[of]('created_at').as('at'));
    if (workspaceId !== undefined) query = query.where('workspace_id', '=', workspaceId);
    const { at } = await query.executeTakeFirstOrThrow();
    return at === null ? undefined : Date.parse(at);
  }

  /** Every workspace that has rows; one that is no more keeps the default. */
  async function workspaces(): Promise<{ id: string; keepDays: number }[]> {
    const settings = await db.selectFrom('gateway_workspaces').select(['id', 'settings']).execute();
    const keepDays = new Map(
      settings.map((row) => [row.id, (JSON.parse(row.settings) as Partial<WorkspaceSettings>).retentionDays]),
    );
    const present = await db.selectFrom('mcp_tool_calls').select('workspace_id as id').distinct().execute();
    return present.map(({ id }) => ({ id, keepDays: keepDays.get(id) ?? defaultWorkspaceSettings.retentionDays }));
  }

  async function purge(workspace: { id: string; keepDays: number }, now: number): Promise<number> {
    const oldest = await edge('min', workspace.id);
    if (oldest === undefined) return 0;
    const before = isoTime(Math.min(now - workspace.keepDays * dayMs, oldest + daysPerRun * dayMs));
    await noteMissed(db, workspace.id, before);
    // Asked for by calls of the same days, and far fewer.
    await db
      .deleteFrom('approvals')
      .where('workspace_id', '=', workspace.id)
      .where('created_at', '<', before)
      .execute();
    // Small bites: each is a transaction of its own, and other writers get their turn between them.
    let rows = 0;
    for (;;) {
      const { numDeletedRows } = await db
        .deleteFrom('mcp_tool_calls')
        .where('id', 'in', (from) =>
          from
            .selectFrom('mcp_tool_calls')
            .select('id')
            .where('workspace_id', '=', workspace.id)
            .where('created_at', '<', before)
            .limit(rowsPerDelete),
        )
        .executeTakeFirstOrThrow();
      rows += Number(numDeletedRows);
      if (numDeletedRows < rowsPerDelete) break;
    }
    await purgeCounts(db.$pickTables<keyof CountTables>(), workspace.id, before, now);
    return rows;
  }

  return { runIfDue, msUntilDue: () => Math.max(0, askAt - clock.monotonic()) };
}

function readState(file: string): State {
  try {
    const state = JSON.parse(readFileSync(file, 'utf8')) as Partial<State>;
    return { seenAt: Number(state.seenAt) || 0, ranOn: String(state.ranOn) };
  } catch {
    // Missing or unreadable: as if it had never run; the other checks still hold.
    return { seenAt: 0, ranOn: '' };
  }
}

function writeState(file: string, state: State): void {
  writeFileSync(`${file}.new`, JSON.stringify(state), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
