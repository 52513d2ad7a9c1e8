import type { Kysely } from 'kysely';
import { isoTime, type Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { dayText, instanceLog } from '../proof/log-files.ts';
import { openLog } from '../proof/log-reader.ts';
import type { Purge } from '../proof/purge.ts';
import { listLogs } from '../proof/verify-folder.ts';
import { readHolds, type Hold } from './holds.ts';
import { retentionActor } from './retention.ts';
import { dayMs, daysPerRun } from './sweep.ts';
import type { Schema } from '../database/schema.ts';
import { readTerms, type Term } from './terms.ts';

export interface LogRetentionOptions {
  readonly db: Kysely<Schema>;
  /** Folder of the logs of proof. */
  readonly dir: string;
  readonly purge: Purge;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

/**
 * Purges this node's logs of proof of what is past its term, whole days at a time and at most two in a run; whoever
 * calls it has found the clock right. A log loses its beginning only, so it keeps everything from the first day a hold is
 * about.
 *
 * Never rejects: what could not be done is logged and done the next day.
 * @returns how many records went
 */
export async function purgeLogs({ db, dir, purge, clock, log }: LogRetentionOptions): Promise<number> {
  let records = 0;
  // Asked for each log, and again before anything of it goes: that takes a while, and a hold begins at once.
  async function dueBefore(name: string): Promise<string | undefined> {
    const now = clock.now();
    const terms = await readTerms(db, isoTime(now));
    const holds = await readHolds(db, now);
    const instance = name === instanceLog;
    const its = instance ? holds : holds.filter((hold) => hold.workspaceId === name);
    const term: Term = instance ? terms.longest : terms.of(name);
    return firstDayToKeep(dir, name, now - (instance ? term.events : term.calls) * dayMs, its);
  }
  for (const name of listLogs(dir)) {
    try {
      const day = await dueBefore(name);
      if (day === undefined) continue;
      const stillDue = async (): Promise<boolean> => ((await dueBefore(name)) ?? '') >= day;
      const range = await purge(name, day, 'retention', retentionActor, stillDue);
      if (range !== undefined) records += range.to - range.from;
    } catch (error) {
      log.error({ err: error, log: name }, 'records past their retention were not purged from a log of proof');
    }
  }
  if (records > 0) log.info({ records }, 'records past their retention were purged from their logs of proof');
  return records;
}

/** @returns undefined when nothing may go */
function firstDayToKeep(dir: string, name: string, before: number, holds: readonly Hold[]): string | undefined {
  using log = openLog(dir, name);
  if (log === undefined || log.purged >= log.checkpoint.size) return undefined;
  const first = log.index.at(log.purged).day;
  const bounds = [dayText(first + daysPerRun), isoTime(before).slice(0, 10)];
  // An open bound of time is the beginning of everything.
  for (const hold of holds) bounds.push(hold.from?.slice(0, 10) ?? '');
  const day = bounds.sort()[0]!;
  return day > dayText(first) ? day : undefined;
}
