import { createHash } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { genesis } from './chain.ts';
import { checkLines, unknownLink } from './check-lines.ts';
import type { JournalDamage } from './journal.ts';
import type { EpochStart } from './records.ts';
import { epochOf, listSegments } from './segment.ts';

/** What earlier runs left behind. */
export interface Inheritance {
  /** Higher than any epoch before, and on disk. */
  readonly epoch: number;
  /** Digest the new epoch's first record is chained to. */
  readonly prev: string;
  readonly repaired: EpochStart['repaired'];
  readonly damage: JournalDamage | undefined;
}

/**
 * Make a journal folder ready for a new start: cut a torn tail off the last segment (the bytes are kept beside it)
 * and raise the epoch. Only the last segment is read, so a start takes no longer with years of evidence.
 * @param afterEpoch highest epoch known elsewhere
 * @throws the file system's error when the folder cannot be written
 */
export function inherit(dir: string, afterEpoch: number): Inheritance {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const segments = listSegments(dir);
  const epoch = Math.max(afterEpoch, savedEpoch(dir), epochOf(segments.at(-1) ?? '')) + 1;
  saveEpoch(dir, epoch);
  let repaired: EpochStart['repaired'] = null;
  let damage: JournalDamage | undefined;
  for (const segment of segments.reverse()) {
    const tail = readTail(dir, segment);
    damage = tail.damage ?? damage;
    if (tail.torn > 0) repaired = cutTail(dir, segment, tail.end, epoch);
    if (tail.hash !== undefined) return { epoch, prev: tail.hash, repaired, damage };
  }
  return { epoch, prev: genesis, repaired, damage };
}

function readTail(dir: string, segment: string) {
  let hash: string | undefined;
  let end = 0;
  let read = 0;
  let first: JournalDamage | undefined;
  let whole = 0;
  for (const line of checkLines(dir, segment, unknownLink)) {
    read = line.end;
    if (line.fault === undefined) {
      hash = line.link.hash;
      end = line.end;
    } else if (line.whole) {
      whole++;
      first ??= { segment, line: line.link.line, seq: line.seq, reason: line.fault };
    }
  }
  // A line cut off in the middle is what a crash leaves; a whole line that does not hold is damage.
  return { hash, end, torn: read - end, damage: whole > 0 ? first : undefined };
}

function cutTail(dir: string, segment: string, from: number, epoch: number): EpochStart['repaired'] {
  const fd = openSync(join(dir, segment), 'r+');
  try {
    const digest = createHash('sha256');
    const chunk = Buffer.allocUnsafe(64 * 1024);
    const beside = openSync(join(dir, `${segment}.torn-${epoch}`), 'w', 0o600);
    let bytes = 0;
    try {
      for (
        let got = readSync(fd, chunk, 0, chunk.length, from);
        got > 0;
        got = readSync(fd, chunk, 0, chunk.length, from + bytes)
      ) {
        digest.update(chunk.subarray(0, got));
        for (let put = 0; put < got;) put += writeSync(beside, chunk, put, got - put);
        bytes += got;
      }
      fsyncSync(beside);
    } finally {
      closeSync(beside);
    }
    ftruncateSync(fd, from);
    fsyncSync(fd);
    return { segment, bytes, sha256: digest.digest('hex') };
  } finally {
    closeSync(fd);
  }
}

function savedEpoch(dir: string): number {
  try {
    const text = readFileSync(join(dir, 'epoch'), 'utf8').trim();
    return /^\d{1,9}$/.test(text) ? Number(text) : 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

function saveEpoch(dir: string, epoch: number): void {
  writeFileSync(join(dir, 'epoch.new'), `${epoch}\n`, { mode: 0o600, flush: true });
  renameSync(join(dir, 'epoch.new'), join(dir, 'epoch'));
  const fd = openSync(dir, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
