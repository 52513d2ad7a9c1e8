import { join } from 'node:path';
import { readIfThere } from './replace-file.ts';
import { DurableFiles } from './durable-files.ts';
import { indexEntryBytes, indexPath, recordsPath, writeEntry } from './log-files.ts';
import { hashBytes, prefixedLeafHash, rootAt } from './merkle.ts';
import { readCheckpoint } from './note.ts';
import { nodesIn, readTile, tilePath, tileWidth, TreeEdge, type TileEntry } from './tiles.ts';

/** How far a log goes. What its files hold beyond that is left over from a crash and is written over. */
export interface LogState {
  /** Leaves. */
  readonly size: number;
  /** Day of the file that is written, counted from 1970-01-01, and its length in bytes. */
  readonly day: number;
  readonly bytes: number;
  /** The last record. */
  readonly epoch: number;
  readonly seq: number;
}

export const emptyLog: LogState = { size: 0, day: 0, bytes: 0, epoch: 0, seq: 0 };

/** A record on its way into a log. */
export interface Leaf {
  readonly epoch: number;
  readonly seq: number;
  /** Counted from 1970-01-01 (UTC). */
  readonly day: number;
  /** The journal's line without its line feed, one character per byte. */
  readonly line: string;
}

/**
 * Appends records to the log of one workspace: their lines by day, their hashes to the tiles of the tree, and where
 * each lies to the index.
 */
export class LogWriter {
  readonly #files: DurableFiles;
  readonly #edge: TreeEdge;
  #state: LogState;
  #pending: Leaf[] = [];

  /**
   * @param state how far the log goes
   * @throws Error when what is on disk is not what the state and the last checkpoint say; nothing may be added then
   */
  constructor(dir: string, state: LogState) {
    this.#files = new DurableFiles(dir);
    this.#state = state;
    this.#edge = new TreeEdge(state.size, (level, index, count) => readTile(dir, level, index, count));
    checkAgainstCheckpoint(dir, state.size, this.#edge);
  }

  get state(): LogState {
    return this.#state;
  }

  root(): Buffer {
    return this.#edge.root();
  }

  /** Take a record; nothing is written before `write`. False: it is in the log already, or came too late to be. */
  add(leaf: Leaf): boolean {
    const { epoch, seq } = this.#pending.at(-1) ?? this.#state;
    if (leaf.epoch < epoch || (leaf.epoch === epoch && leaf.seq <= seq)) return false;
    this.#pending.push(leaf);
    return true;
  }

  /** Write what was taken; resolves with the new state once all of it is on disk. */
  async write(): Promise<LogState> {
    const leaves = this.#pending;
    this.#pending = [];
    if (leaves.length === 0) return this.#state;
    const files = this.#files;
    const index = Buffer.alloc(leaves.length * indexEntryBytes);
    const tiles = new Map<string, { at: number; hashes: Buffer[] }>();
    const told = (entry: TileEntry): void => addToTile(tiles, entry);
    let { day, bytes } = this.#state;
    let lines: Buffer[] = [];
    let start = bytes;
    for (const [i, { epoch, seq, day: dayOfRecord, line }] of leaves.entries()) {
      // A day that was left is closed, whatever the clock says later.
      if (dayOfRecord > day) {
        if (lines.length > 0) files.write(recordsPath(day), start, Buffer.concat(lines));
        [day, bytes, start, lines] = [dayOfRecord, 0, 0, []];
      }
      const entry = Buffer.from(`\0${line}\n`, 'latin1');
      writeEntry(index, i * indexEntryBytes, { epoch, seq, day, offset: bytes });
      this.#edge.append(prefixedLeafHash(entry.subarray(0, -1)), told);
      lines.push(entry.subarray(1));
      bytes += entry.length - 1;
    }
    files.write(recordsPath(day), start, Buffer.concat(lines));
    files.write(indexPath, this.#state.size * indexEntryBytes, index);
    for (const [path, { at, hashes }] of tiles) files.write(path, at, Buffer.concat(hashes));
    await files.sync();
    const { epoch, seq } = leaves.at(-1)!;
    this.#state = { size: this.#edge.size, day, bytes, epoch, seq };
    return this.#state;
  }
}

function addToTile(tiles: Map<string, { at: number; hashes: Buffer[] }>, { level, index, hash }: TileEntry): void {
  const path = tilePath(level, Math.floor(index / tileWidth));
  const tile = tiles.get(path);
  if (tile === undefined) tiles.set(path, { at: (index % tileWidth) * hashBytes, hashes: [hash] });
  else tile.hashes.push(hash);
}

/** What was signed once is never contradicted: neither by a log set back nor by tiles that were changed. */
function checkAgainstCheckpoint(dir: string, size: number, edge: TreeEdge): void {
  const note = readIfThere(join(dir, 'checkpoint'));
  if (note === undefined) return;
  const checkpoint = readCheckpoint(note);
  if (checkpoint === undefined) throw new Error('its last checkpoint cannot be read');
  if (checkpoint.size > size)
    throw new Error(`it ends at ${size} records, but a checkpoint of ${checkpoint.size} was signed`);
  const root = checkpoint.size === size ? edge.root() : rootAt(checkpoint.size, nodesIn(dir));
  if (!root.equals(checkpoint.root)) throw new Error('its hashes are not those of its last checkpoint');
}
