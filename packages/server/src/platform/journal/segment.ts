import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { linkBytes } from './chain.ts';

/**
 * Segment files are named `{epoch}-{number}-{date}.jsonl`, zero-padded, so that names sort in the order of writing.
 * @param epoch of the first record in it
 * @param number within the epoch, from 1
 * @param day UTC, `YYYY-MM-DD`
 */
export const segmentName = (epoch: number, number: number, day: string): string =>
  `${String(epoch).padStart(10, '0')}-${String(number).padStart(6, '0')}-${day}.jsonl`;

const namePattern = /^(\d{10})-(\d{6,})-(\d{4}-\d{2}-\d{2})\.jsonl$/;

/** Epoch a segment's name states. */
export const epochOf = (segment: string): number => Number(namePattern.exec(segment)?.[1] ?? 0);

/** Day (UTC) a segment's name states. */
export const dayOf = (segment: string): string => namePattern.exec(segment)?.[3] ?? '';

/** Names of the segments in a folder, oldest first. */
export const listSegments = (dir: string): string[] =>
  readdirSync(dir)
    .filter((name) => namePattern.test(name))
    .sort((a, b) => epochOf(a) - epochOf(b) || numberOf(a) - numberOf(b));

const numberOf = (segment: string): number => Number(namePattern.exec(segment)?.[2] ?? 0);

/** One line of a segment without its newline. */
export interface SegmentLine {
  /** One character per byte. */
  readonly text: string;
  /** Byte where the line starts. */
  readonly offset: number;
  /** Byte after its newline. */
  readonly end: number;
  /** False for what stands after the last newline. */
  readonly whole: boolean;
  /** Memory that holds the line and the end of the line before it; only until the next line is asked for. */
  readonly bytes: Buffer;
  /** Where in it the line starts. */
  readonly at: number;
}

const chunkBytes = 256 * 1024;
const lineFeed = 10;

/**
 * Read a segment line by line from a byte that starts a line. Reads what is there now and does not wait for more.
 * @param longest bytes of a line, where the file is not our own
 * @throws RangeError when a line is longer
 */
export function* readLines(dir: string, segment: string, from = 0, longest = Infinity): Generator<SegmentLine> {
  const fd = openSync(join(dir, segment), 'r');
  try {
    let memory = Buffer.allocUnsafeSlow(chunkBytes);
    let start = 0;
    let filled = 0;
    let offset = from;
    for (;;) {
      if (filled === memory.length) memory = Buffer.concat([memory], filled * 2);
      const got = readSync(fd, memory, filled, memory.length - filled, offset + filled - start);
      if (got === 0) break;
      const bytes = memory.subarray(0, filled + got);
      let newline = bytes.indexOf(lineFeed, filled);
      filled += got;
      for (; newline !== -1; newline = bytes.indexOf(lineFeed, start)) {
        const end = offset + newline + 1 - start;
        yield { text: bytes.toString('latin1', start, newline), offset, end, whole: true, bytes, at: start };
        offset = end;
        start = newline + 1;
      }
      if (filled - start > longest) throw new RangeError(`Line at byte ${offset} is longer than ${longest} bytes.`);
      const done = Math.max(0, start - linkBytes);
      memory.copyWithin(0, done, filled);
      start -= done;
      filled -= done;
    }
    if (filled > start) {
      const text = memory.toString('latin1', start, filled);
      yield { text, offset, end: offset + text.length, whole: false, bytes: memory, at: start };
    }
  } finally {
    closeSync(fd);
  }
}

/** Negative when `a` comes before `b` in the order of writing. The empty name comes before every segment. */
export function comparePositions(a: Position, b: Position): number {
  if (a.segment === b.segment) return a.byteOffset - b.byteOffset;
  return epochOf(a.segment) - epochOf(b.segment) || numberOf(a.segment) - numberOf(b.segment);
}

interface Position {
  readonly segment: string;
  readonly byteOffset: number;
}
