import { join } from 'node:path';
import { readIfThere } from './replace-file.ts';
import { AppendBuffer } from './append-buffer.ts';
import { DurableFiles } from './durable-files.ts';
import { indexEntryBytes, indexPath, recordsPath, writeEntry } from './log-files.ts';
import { rootAt } from './merkle.ts';
import { readCheckpoint } from './note.ts';
import { nodesIn, readTile, TreeEdge } from './tiles.ts';

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

/** Which record it is. */
export interface RecordPlace {
  readonly epoch: number;
  readonly seq: number;
  /** Counted from 1970-01-01 (UTC). */
  readonly day: number;
}

/**
 * Appends records to the log of one workspace: their lines by day, their hashes to the tiles of the tree, and where
 * each lies to the index.
 */
export class LogWriter {
  readonly #files: DurableFiles;
  readonly #edge: TreeEdge;
  /** How far it goes on disk, and with what was taken since. */
  #state: LogState;
  #taken: LogState;
  #lines: AppendBuffer;
  readonly #index: AppendBuffer;

  /**
   * @param state how far the log goes
   * @throws Error when what is on disk is not what the state and the last checkpoint say; nothing may be added then
   */
  constructor(dir: string, state: LogState) {
    this.#files = new DurableFiles(dir);
    this.#state = state;
    this.#taken = state;
    this.#lines = new AppendBuffer(this.#files, recordsPath(state.day), state.bytes);
    this.#index = new AppendBuffer(this.#files, indexPath, state.size * indexEntryBytes);
    this.#edge = new TreeEdge(state.size, (level, index, count) => readTile(dir, level, index, count));
    checkAgainstCheckpoint(dir, state.size, this.#edge);
  }

  get state(): LogState {
    return this.#state;
  }

  root(): Buffer {
    return this.#edge.root();
  }

  /**
   * Take a record; it counts for nothing before `write`.
   * @param from where its line starts in memory
   * @param to where it ends, line feed included
   * @returns false: it is in the log already, or came too late to be
   */
  add({ epoch, seq, day: dayOfRecord }: RecordPlace, memory: Buffer, from: number, to: number): boolean {
    const last = this.#taken;
    if (epoch < last.epoch || (epoch === last.epoch && seq <= last.seq)) return false;
    let { day, bytes } = last;
    // A day that was left is closed, whatever the clock says later.
    if (dayOfRecord > day) {
      [day, bytes] = [dayOfRecord, 0];
      this.#lines.flush();
      this.#lines = new AppendBuffer(this.#files, recordsPath(day), 0);
    }
    const entry = this.#index.reserve(indexEntryBytes);
    writeEntry(this.#index.bytes, entry, { epoch, seq, day, offset: bytes });
    const length = to - from;
    // For its hash a leaf needs a zero byte before it, where the line before has its end.
    const at = this.#lines.reserve(length);
    const lines = this.#lines.bytes;
    memory.copy(lines, at, from, to);
    const before = lines[at - 1]!;
    lines[at - 1] = 0;
    this.#edge.append(lines.subarray(at - 1, at + length - 1));
    lines[at - 1] = before;
    this.#taken = { size: this.#edge.size, day, bytes: bytes + length, epoch, seq };
    return true;
  }

  /** Write what was taken; resolves with the new state once all of it is on disk. */
  async write(): Promise<LogState> {
    if (this.#taken === this.#state) return this.#state;
    this.#lines.flush();
    this.#index.flush();
    for (const { path, at, hashes } of this.#edge.take()) this.#files.write(path, at, hashes);
    await this.#files.sync();
    this.#state = this.#taken;
    return this.#state;
  }

  /** Give up what is not on disk yet; nothing can be added after that. */
  close(): void {
    this.#files.close();
  }
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
