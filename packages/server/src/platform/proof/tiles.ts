import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { CompactRange, hashBytes, type NodeAt } from './merkle.ts';

/** The tree on disk: C2SP `tlog-tiles`. A tile that is not full yet lies where the full one will be, and grows. */

export const tileWidth = 256;
/** Levels of the tree that one tile spans. */
const tileHeight = 8;

/** `tile/<level>/<index>` with the index in groups of three digits, all but the last led by an x. */
export function tilePath(level: number, index: number): string {
  let path = String(index % 1000).padStart(3, '0');
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    path = `x${String(rest % 1000).padStart(3, '0')}/${path}`;
  }
  return `tile/${level}/${path}`;
}

/** A hash as it comes to lie in a tile. */
export interface TileEntry {
  readonly level: number;
  /** Among all hashes of the level. */
  readonly index: number;
  readonly hash: Buffer;
}

/** The right edge of a growing tree: the unfinished tile of every level. */
export class TreeEdge {
  readonly #levels: Buffer[][] = [];
  #size: number;

  /** @param readTile the hashes of an unfinished tile of the tree of `size` leaves */
  constructor(size: number, readTile: (level: number, index: number, count: number) => Buffer[]) {
    this.#size = size;
    for (let level = 0, count = size; count > 0; level++, count = Math.floor(count / tileWidth)) {
      const unfinished = count % tileWidth;
      this.#levels.push(unfinished === 0 ? [] : readTile(level, Math.floor(count / tileWidth), unfinished));
    }
  }

  get size(): number {
    return this.#size;
  }

  /** Add a leaf; every hash that comes into a tile by that is told. */
  append(leaf: Buffer, told: (entry: TileEntry) => void): void {
    let added = leaf;
    let index = this.#size++;
    for (let level = 0; ; level++) {
      const tile = (this.#levels[level] ??= []);
      tile.push(added);
      told({ level, index, hash: added });
      if (tile.length < tileWidth) return;
      added = rootOfTile(tile);
      index = Math.floor(index / tileWidth);
      this.#levels[level] = [];
    }
  }

  root(): Buffer {
    const range = new CompactRange();
    for (let level = this.#levels.length - 1; level >= 0; level--) {
      for (const each of this.#levels[level]!) range.append(each, level * tileHeight);
    }
    return range.root();
  }
}

/** Root of the hashes of a tile. */
export function rootOfTile(hashes: readonly Buffer[]): Buffer {
  const range = new CompactRange();
  for (const each of hashes) range.append(each);
  return range.root();
}

/**
 * The hashes at the beginning of a tile.
 * @throws Error when the file has fewer
 */
export function readTile(logDir: string, level: number, index: number, count: number): Buffer[] {
  const bytes = Buffer.alloc(count * hashBytes);
  const fd = openSync(join(logDir, tilePath(level, index)), 'r');
  try {
    let got = 0;
    while (got < bytes.length) {
      const more = readSync(fd, bytes, got, bytes.length - got, got);
      if (more === 0) throw new Error(`The tile ${tilePath(level, index)} is shorter than its log says.`);
      got += more;
    }
  } finally {
    closeSync(fd);
  }
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * hashBytes, (i + 1) * hashBytes));
}

/**
 * Look up the hashes of full subtrees in the tiles of a log. What is not in a tile itself is computed from the hashes
 * below it in one.
 * @returns a function that throws the file system's error where a tile is missing, such as one that was purged
 */
export function nodesIn(logDir: string): NodeAt {
  return ({ level, index }) => {
    const tileLevel = Math.floor(level / tileHeight);
    const width = 2 ** (level % tileHeight);
    const first = index * width;
    const start = first % tileWidth;
    const hashes = readTile(logDir, tileLevel, Math.floor(first / tileWidth), start + width);
    return rootOfTile(hashes.slice(start));
  };
}
