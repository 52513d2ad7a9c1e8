import { join } from 'node:path';
import { readLines } from '../journal/segment.ts';
import { lastCheckpoint } from './checkpoints.ts';
import { dayText, LogIndex, recordsPath } from './log-files.ts';
import { hashBytes, type NodeAt } from './merkle.ts';
import { readCheckpoint, type Checkpoint } from './note.ts';
import { lastPurge } from './purged.ts';
import { nodesIn, readTile, tileWidth } from './tiles.ts';

/** A log as far as its last checkpoint goes: what can be proven. Closed by disposing it. */
export class LogReader implements Disposable {
  readonly dir: string;
  readonly note: string;
  readonly checkpoint: Checkpoint;
  readonly index: LogIndex;
  readonly nodeAt: NodeAt;
  /** Leaves from the beginning whose records were purged. */
  readonly purged: number;

  private constructor(dir: string, note: string, checkpoint: Checkpoint) {
    this.dir = dir;
    this.note = note;
    this.checkpoint = checkpoint;
    this.index = new LogIndex(dir);
    this.nodeAt = nodesIn(dir);
    this.purged = lastPurge(dir).to;
  }

  /**
   * @returns undefined when the log has no checkpoint yet
   * @throws Error when its checkpoint cannot be read
   */
  static open(dir: string): LogReader | undefined {
    const note = lastCheckpoint(dir);
    if (note === undefined) return undefined;
    const checkpoint = readCheckpoint(note);
    if (checkpoint === undefined) throw new Error('The last checkpoint of the log cannot be read.');
    return new LogReader(dir, note, checkpoint);
  }

  /** The first leaf of a day (UTC, `YYYY-MM-DD`) or a later one. */
  firstOf(day: string): number {
    return this.index.firstNot((entry) => dayText(entry.day) < day, this.checkpoint.size);
  }

  /**
   * The records of a range of leaves, one line each, without line feed.
   * @throws Error when one that should be there is not
   */
  *lines(from: number, to: number): Generator<string> {
    for (let leaf = from; leaf < to;) {
      const { day, offset } = this.index.at(leaf);
      const first = leaf;
      for (const line of readLines(this.dir, recordsPath(day), offset)) {
        if (!line.whole) break;
        yield line.text;
        leaf++;
        if (leaf === to || this.index.at(leaf).day !== day) break;
      }
      if (leaf === first) throw new Error(`The record of leaf ${leaf} is missing in ${recordsPath(day)}.`);
    }
  }

  /** Hashes of the leaves of a range within one tile, one after the other. */
  leafHashes(from: number, to: number): Buffer {
    const start = from % tileWidth;
    return readTile(this.dir, 0, Math.floor(from / tileWidth), start + to - from).subarray(start * hashBytes);
  }

  [Symbol.dispose](): void {
    this.index[Symbol.dispose]();
  }
}

/** A reader of a log of a node; undefined when it has none that is under a checkpoint. */
export const openLog = (proofDir: string, log: string): LogReader | undefined => LogReader.open(join(proofDir, log));
