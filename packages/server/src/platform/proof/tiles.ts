import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { CompactRange, hashBytes, hashInto, type NodeAt } from './merkle.ts';

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

/** Hashes that came into a tile, one after the other. */
export interface TileGrowth {
  /** Of the tile's file. */
  readonly path: string;
  /** Byte of it where they belong. */
  readonly at: number;
  readonly hashes: Buffer;
}

/** A tile at the right edge. */
interface Tile {
  readonly hashes: Buffer;
  count: number;
  /** How many of them were taken. */
  taken: number;
}

const newTile = (): Tile => ({ hashes: Buffer.allocUnsafeSlow(tileWidth * hashBytes), count: 0, taken: 0 });

/** The right edge of a growing tree: the unfinished tile of every level. */
export class TreeEdge {
  readonly #levels: Tile[] = [];
  #size: number;
  #full: TileGrowth[] = [];

  /** @param readTile the hashes of an unfinished tile of the tree of `size` leaves */
  constructor(size: number, readTile: (level: number, index: number, count: number) => Buffer) {
    this.#size = size;
    for (let level = 0, count = size; count > 0; level++, count = Math.floor(count / tileWidth)) {
      const tile = newTile();
      tile.count = tile.taken = count % tileWidth;
      if (tile.count > 0) readTile(level, Math.floor(count / tileWidth), tile.count).copy(tile.hashes);
      this.#levels.push(tile);
    }
  }

  get size(): number {
    return this.#size;
  }

  /** Add a leaf. @param entry what it is the hash of: a zero byte, and the record */
  append(entry: Buffer): void {
    const tile = (this.#levels[0] ??= newTile());
    hashInto(entry, tile.hashes, tile.count++ * hashBytes);
    this.#size++;
    let index = this.#size / tileWidth - 1;
    for (let level = 0; this.#levels[level]?.count === tileWidth; level++, index = (index + 1) / tileWidth - 1) {
      const full = this.#levels[level]!;
      this.#full.push(growthOf(full, level, index));
      this.#levels[level] = newTile();
      const above = (this.#levels[level + 1] ??= newTile());
      rootOfTile(full.hashes).copy(above.hashes, above.count++ * hashBytes);
    }
  }

  /** The hashes that were not taken yet; valid until the next leaf. */
  take(): TileGrowth[] {
    const grown = this.#full;
    this.#full = [];
    for (const [level, tile] of this.#levels.entries()) {
      if (tile.count === tile.taken) continue;
      grown.push(growthOf(tile, level, Math.floor(this.#size / tileWidth ** (level + 1))));
      tile.taken = tile.count;
    }
    return grown;
  }

  root(): Buffer {
    const range = new CompactRange();
    for (const [level, { hashes, count }] of [...this.#levels.entries()].reverse()) {
      for (const each of splitHashes(hashes.subarray(0, count * hashBytes))) range.append(each, level * tileHeight);
    }
    return range.root();
  }
}

const growthOf = ({ hashes, count, taken }: Tile, level: number, index: number): TileGrowth => ({
  path: tilePath(level, index),
  at: taken * hashBytes,
  hashes: hashes.subarray(taken * hashBytes, count * hashBytes),
});

/** Root of a tile that is full, or of a subtree in one: of its hashes one after the other, a power of two of them. */
export function rootOfTile(hashes: Buffer): Buffer {
  const row = Buffer.from(hashes);
  const node = Buffer.alloc(1 + 2 * hashBytes, 1);
  for (let width = row.length; width > hashBytes; width /= 2) {
    for (let at = 0; at < width; at += 2 * hashBytes) {
      row.copy(node, 1, at, at + 2 * hashBytes);
      hashInto(node, row, at / 2);
    }
  }
  return Buffer.from(row.subarray(0, hashBytes));
}

/** Hashes that lie one after the other, one by one. */
export const splitHashes = (hashes: Buffer): Buffer[] =>
  Array.from({ length: hashes.length / hashBytes }, (_, i) => hashes.subarray(i * hashBytes, (i + 1) * hashBytes));

/**
 * The hashes at the beginning of a tile, one after the other.
 * @throws Error when the file has fewer
 */
export function readTile(logDir: string, level: number, index: number, count: number): Buffer {
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
  return bytes;
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
    return rootOfTile(hashes.subarray(start * hashBytes));
  };
}
