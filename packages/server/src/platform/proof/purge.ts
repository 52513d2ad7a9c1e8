import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Journal } from '../journal/journal.ts';
import type { PurgedRange } from '../journal/records.ts';
import { dayText, recordsPath } from './log-files.ts';
import { openLog, type LogReader } from './log-reader.ts';
import { rootAt } from './merkle.ts';
import { lastPurge, markPurged } from './purged.ts';
import { tilePath, tileWidth } from './tiles.ts';

/** Deletes what a log of proof holds of a workspace's early days. */
export type Purge = (
  workspaceId: string,
  /** The first day (UTC, `YYYY-MM-DD`) that stays. */
  beforeDay: string,
  reason: string,
  /** Who wants it, by id. */
  actor: string,
  /** Asked once everything is recorded and nothing is gone yet: what holds it back may have begun meanwhile. */
  stillDue?: () => Promise<boolean>,
) => Promise<PurgedRange | undefined>;

export interface PurgeDeps {
  /** Folder of the logs. */
  readonly dir: string;
  readonly journal: Pick<Journal, 'purge'>;
  /** Resolves when every record of the journal so far is under a checkpoint. */
  readonly sealed: () => Promise<void>;
}

/**
 * Whole files of days go, with the leaf hashes wholly among them; higher tiles stay, so that the root, proofs of what
 * is left and consistency with old checkpoints from there on can still be made. Before, the journal says what will be
 * missing, as a leaf of the same log, and a checkpoint covers that. The file of the day that is being written, and what no
 * checkpoint covers, stays. What a crash left of an earlier purge goes with the next.
 *
 * Returns undefined when there is nothing to delete, or it is not due any more; throws AppError `unavailable` when that could not be recorded.
 */
export const createPurge =
  ({ dir, journal, sealed }: PurgeDeps): Purge =>
  async (workspaceId, beforeDay, reason, actor, stillDue) => {
    using log = openLog(dir, workspaceId);
    if (log === undefined || log.checkpoint.size === 0) return undefined;
    await removeFiles(log);
    const { day: lastDay } = log.index.at(log.checkpoint.size - 1);
    const to = log.firstOf(beforeDay < dayText(lastDay) ? beforeDay : dayText(lastDay));
    const from = log.purged;
    if (to <= from) return undefined;
    const range = { workspaceId, from, to, root: rootAt(to, log.nodeAt).toString('base64'), reason, actor };
    await journal.purge(range);
    await sealed();
    if (stillDue !== undefined && !(await stillDue())) return undefined;
    // While sealing fails this waits for days, and the next day's purge beside it.
    if (lastPurge(log.dir).to !== from) return undefined;
    markPurged(log.dir, { from, to });
    await removeFiles(log);
    return range;
  };

/** Delete the files of what the last purge took; those that are gone already are passed over. */
async function removeFiles({ dir, index }: LogReader): Promise<void> {
  const { from, to } = lastPurge(dir);
  if (to === 0) return;
  const firstKept = recordsPath(index.at(to).day);
  for (const file of readdirSync(join(dir, 'records')))
    if (`records/${file}` < firstKept) await rm(join(dir, 'records', file));
  for (let tile = Math.floor(from / tileWidth); (tile + 1) * tileWidth <= to; tile++)
    await rm(join(dir, tilePath(0, tile)), { force: true });
}
