import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CompactRange, hashBytes, leafHash } from './merkle.ts';
import { splitHashes, tilePath, tileWidth, TreeEdge } from './tiles.ts';

const entry = (i: number): Buffer => Buffer.from(`\0leaf ${i}`);
const rootOf = (hashes: readonly Buffer[]): Buffer => {
  const range = new CompactRange();
  for (const each of hashes) range.append(each);
  return range.root();
};

/** The files tiles are in. */
function tiles() {
  const files = new Map<string, Buffer>();
  return {
    files,
    take(edge: TreeEdge): void {
      for (const { path, at, hashes } of edge.take()) {
        const before = files.get(path) ?? Buffer.alloc(0);
        expect(at).toBe(before.length);
        files.set(path, Buffer.concat([before, hashes]));
      }
    },
    read: (level: number, index: number, count: number): Buffer =>
      files.get(tilePath(level, index))!.subarray(0, count * hashBytes),
  };
}

describe('the right edge of a tree', () => {
  it('[NEW-03] tells each hash once, has the root of its leaves, and goes on from the tiles it told', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 6 }), (batches) => {
        const { take, read } = tiles();
        const leaves: Buffer[] = [];
        let edge = new TreeEdge(0, read);
        for (const count of batches) {
          for (let i = 0; i < count; i++) {
            edge.append(entry(leaves.length));
            leaves.push(leafHash(entry(leaves.length).subarray(1)));
          }
          take(edge);
          expect(edge.root()).toEqual(rootOf(leaves));
          edge = new TreeEdge(leaves.length, read);
          expect(edge.root()).toEqual(rootOf(leaves));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('[NEW-03] fills the tiles of every level', () => {
    const { files, take, read } = tiles();
    const edge = new TreeEdge(0, read);
    const size = tileWidth ** 2 + tileWidth + 3;
    for (let i = 0; i < size; i++) edge.append(entry(i));
    take(edge);
    let below = Array.from({ length: size }, (_, i) => leafHash(entry(i).subarray(1)));
    for (const level of [0, 1, 2]) {
      const held = Array.from({ length: Math.ceil(below.length / tileWidth) }, (_, index) =>
        splitHashes(files.get(tilePath(level, index))!),
      );
      expect(held.flat()).toEqual(below);
      below = held.filter((hashes) => hashes.length === tileWidth).map(rootOf);
    }
    expect(below).toEqual([]);
    expect(new TreeEdge(size, read).root()).toEqual(edge.root());
  });
});
