import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { isoTime } from '../clock.ts';
import { splitLine } from './chain.ts';
import type { Journal, JournalPosition } from './journal.ts';
import type { TrimmedJournal } from './records.ts';
import { comparePositions, dayOf, listSegments, readLines } from './segment.ts';

/** Segments stay at least this long, whoever has read them, for a look at what happened lately. */
const keepMs = 7 * 86_400_000;
/** At most this many go at once, so that looking at them takes a moment and not a day. */
const mostAtOnce = 50;

/**
 * Which segments of the journal have done their work.
 * @param needed nothing before it will be read again
 * @returns undefined when there are none; the newest is never among them
 */
export function findTrim(dir: string, needed: JournalPosition, now: number): TrimmedJournal | undefined {
  const before = isoTime(now - keepMs).slice(0, 10);
  const old: string[] = [];
  for (const segment of listSegments(dir).slice(0, -1)) {
    const read = comparePositions({ segment, byteOffset: 0 }, { ...needed, byteOffset: 0 }) < 0;
    if (!read || dayOf(segment) >= before || old.length === mostAtOnce) break;
    old.push(segment);
  }
  let from: TrimmedJournal['from'] | undefined;
  let last: (TrimmedJournal['to'] & { hash: string }) | undefined;
  let records = 0;
  for (const segment of old) {
    for (const { text, whole } of readLines(dir, segment)) {
      const parts = whole ? splitLine(text) : undefined;
      if (parts === undefined) continue;
      last = { epoch: parts.epoch, seq: parts.seq, hash: parts.hash };
      from ??= { epoch: parts.epoch, seq: parts.seq };
      records++;
    }
  }
  if (from === undefined || last === undefined) return undefined;
  const { hash: lastHash, ...to } = last;
  return { through: old.at(-1)!, records, from, to, lastHash };
}

/**
 * Delete segments, once the journal says so on disk.
 * @throws AppError `unavailable` when that could not be recorded; nothing is deleted then
 */
export async function trimJournal(dir: string, journal: Pick<Journal, 'trim'>, trim: TrimmedJournal): Promise<void> {
  await journal.trim(trim);
  for (const segment of listSegments(dir)) {
    if (comparePositions({ segment, byteOffset: 0 }, { segment: trim.through, byteOffset: 0 }) > 0) break;
    rmSync(join(dir, segment));
  }
}
