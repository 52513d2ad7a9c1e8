import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';

/** Where the files of a log lie, and how its index is written. */

/** The log of records that belong to no workspace. */
export const instanceLog = 'instance';

const idForm = /^[\w-]{1,64}$/;

/** Whether a workspace's id can name a folder. */
export const isLogId = (id: string): boolean => idForm.test(id);

export const originOf = (nodeId: string, log: string): string => `mcpnest/${nodeId}/${log}`;

/** A day (UTC) counted from 1970-01-01, and back as `YYYY-MM-DD`. */
export const dayNumber = (day: string): number => Math.round(Date.parse(day) / dayMs);
export const dayText = (day: number): string => new Date(day * dayMs).toISOString().slice(0, 10);
const dayMs = 86_400_000;

/** File of the records of a day. */
export const recordsPath = (day: number): string => `records/${dayText(day)}.jsonl`;

/** Where a leaf is: which record it is, and the file and byte where its line starts. */
export interface IndexEntry {
  readonly epoch: number;
  readonly seq: number;
  readonly day: number;
  readonly offset: number;
}

export const indexPath = 'index';
/** Bytes of an entry: epoch 4, sequence number 6, day 4, offset 6, all big-endian. */
export const indexEntryBytes = 20;

export function writeEntry(into: Buffer, at: number, { epoch, seq, day, offset }: IndexEntry): void {
  into.writeUInt32BE(epoch, at);
  into.writeUIntBE(seq, at + 4, 6);
  into.writeUInt32BE(day, at + 10);
  into.writeUIntBE(offset, at + 14, 6);
}

const readEntry = (from: Buffer, at: number): IndexEntry => ({
  epoch: from.readUInt32BE(at),
  seq: from.readUIntBE(at + 4, 6),
  day: from.readUInt32BE(at + 10),
  offset: from.readUIntBE(at + 14, 6),
});

/** The index of a log, leaf by leaf; strictly ascending by epoch and sequence number. */
export class LogIndex implements Disposable {
  readonly #fd: number;
  readonly #entry = Buffer.alloc(indexEntryBytes);

  constructor(logDir: string) {
    this.#fd = openSync(join(logDir, indexPath), 'r');
  }

  /** Leaves it knows, whether or not a checkpoint covers them. */
  get size(): number {
    return Math.floor(fstatSync(this.#fd).size / indexEntryBytes);
  }

  /** @throws RangeError when there is no such leaf */
  at(leaf: number): IndexEntry {
    const got = readSync(this.#fd, this.#entry, 0, indexEntryBytes, leaf * indexEntryBytes);
    if (got < indexEntryBytes) throw new RangeError(`The index has no leaf ${leaf}.`);
    return readEntry(this.#entry, 0);
  }

  /** The first of the first `size` leaves that is not before something; `size` when all are. */
  firstNot(before: (entry: IndexEntry) => boolean, size: number): number {
    let low = 0;
    let high = size;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (before(this.at(middle))) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The leaf of a record; undefined when it is not among the first `size`. */
  find(epoch: number, seq: number, size: number): number | undefined {
    const leaf = this.firstNot((entry) => entry.epoch < epoch || (entry.epoch === epoch && entry.seq < seq), size);
    if (leaf === size) return undefined;
    const entry = this.at(leaf);
    return entry.epoch === epoch && entry.seq === seq ? leaf : undefined;
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}
