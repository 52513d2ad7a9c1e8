import { bundleFormat, type BundleHead, type FrameText } from './frames.ts';
import type { LogReader } from './log-reader.ts';
import { consistencyProof, subtreesOf } from './merkle.ts';
import { tileWidth } from './tiles.ts';

/*
 * The proof bundle: everything somebody without this server needs to check records of one node. Text, one JSON object
 * a line; what begins with `{"v":` is a record as the journal wrote it, the rest is one of the frames of frames.ts.
 *
 * Of each log the lines together cover all leaves, left to right, so that its root can be computed while reading:
 * records, or in their place hashes of full subtrees.
 */

/** Leaves from, and before which one it ends. */
export interface LeafRange {
  readonly from: number;
  readonly to: number;
}

/** The range of the leaves of some days, purged ones left out unless everything is asked for. */
export function rangeOfDays(log: LogReader, from: string | undefined, to: string | undefined): LeafRange {
  const { size } = log.checkpoint;
  if (from === undefined && to === undefined) return { from: 0, to: size };
  const first = Math.max(from === undefined ? 0 : log.firstOf(from), Math.min(log.purged, size));
  return { from: first, to: Math.max(first, to === undefined ? size : log.firstOf(to)) };
}

/** A log of a bundle. */
export interface BundledLog {
  readonly log: LogReader;
  readonly range: LeafRange;
  /** Size of an earlier checkpoint that the log is shown to have grown from. */
  readonly since?: number | undefined;
}

/**
 * The lines of a bundle, each with its line feed; read as they are asked for.
 */
export function* bundleLines(head: Omit<BundleHead, 'bundle'>, logs: readonly BundledLog[]): Generator<string> {
  yield frame({ bundle: bundleFormat, ...head });
  let records = 0;
  for (const each of logs) {
    for (const line of logLines(each)) {
      if (isRecord(line)) records++;
      yield line;
    }
  }
  yield frame({ end: { logs: logs.length, records } });
}

export const isRecord = (line: string): boolean => line.startsWith('{"v":');

/** The lines of one log of a bundle. */
function* logLines({ log, range: { from, to }, since }: BundledLog): Generator<string> {
  const { origin, size } = log.checkpoint;
  yield frame({ log: { origin, from, to, size }, checkpoint: log.note });
  if (since !== undefined) {
    const hashes = consistencyProof(since, size, log.nodeAt).map((each) => each.toString('base64'));
    yield frame({ consistency: { older: since, hashes } });
  }
  yield* subtrees(log, 0, from, 'outside');
  const kept = Math.min(Math.max(from, log.purged), to);
  yield* subtrees(log, from, kept, 'purged');
  for (let tile = kept; tile < to;) {
    const end = Math.min(to, (Math.floor(tile / tileWidth) + 1) * tileWidth);
    for (const line of log.lines(tile, end)) yield `${line}\n`;
    yield frame({ leaves: { from: tile, hashes: log.leafHashes(tile, end).toString('base64') } });
    tile = end;
  }
  yield* subtrees(log, to, size, 'outside');
}

function* subtrees(log: LogReader, from: number, to: number, why: 'outside' | 'purged'): Generator<string> {
  if (from === to) return;
  const hashes = subtreesOf(from, to).map((each) => log.nodeAt(each).toString('base64'));
  yield frame({ subtrees: { from, to, why, hashes } });
}

const frame = (value: BundleHead | FrameText): string => `${JSON.stringify(value)}\n`;
