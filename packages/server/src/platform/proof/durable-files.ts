import { fdatasync, mkdirSync, openSync, closeSync, existsSync, fsync, ftruncateSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const syncData = promisify(fdatasync);
const syncAll = promisify(fsync);

/** Files below one folder that are written at known places and made durable together. */
export class DurableFiles {
  readonly #dir: string;
  readonly #open = new Map<string, number>();
  readonly #dirs = new Set<string>();

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Write at a byte of a file, which is made with its folders where it is missing; what stood behind goes. */
  write(path: string, at: number, bytes: Buffer): void {
    let fd = this.#open.get(path);
    if (fd === undefined) {
      fd = this.#openFile(join(this.#dir, path));
      this.#open.set(path, fd);
      ftruncateSync(fd, at);
    }
    for (let written = 0; written < bytes.length;)
      written += writeSync(fd, bytes, written, bytes.length - written, at + written);
  }

  #openFile(path: string): number {
    if (existsSync(path)) return openSync(path, 'r+');
    const made = mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    for (let dir = dirname(path); ; dir = dirname(dir)) {
      this.#dirs.add(dir);
      // The first folder that was made is known to the one above it.
      if (made === undefined || dir === dirname(made)) break;
    }
    return openSync(path, 'wx', 0o600);
  }

  /** Resolves when everything written is on disk. One flush at a time: the thread pool is the calls' as well. */
  async sync(): Promise<void> {
    try {
      for (const fd of this.#open.values()) await syncData(fd);
      for (const dir of this.#dirs) await syncFolder(dir);
    } finally {
      this.close();
    }
  }

  /** Give up what is not on disk yet. */
  close(): void {
    for (const fd of this.#open.values()) closeSync(fd);
    this.#open.clear();
    this.#dirs.clear();
  }
}

/** Make the names in a folder durable. */
export async function syncFolder(dir: string): Promise<void> {
  const fd = openSync(dir, 'r');
  try {
    await syncAll(fd);
  } finally {
    closeSync(fd);
  }
}
