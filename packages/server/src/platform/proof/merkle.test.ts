import { hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CompactRange,
  consistencyProof,
  emptyRoot,
  inclusionProof,
  leafHash,
  rootAt,
  subtreesOf,
  verifyConsistency,
  verifyInclusion,
  type NodeAt,
} from './merkle.ts';

/** Section 2.1 of RFC 9162 word for word, recursive and slow. */
function naiveRoot(leaves: readonly Buffer[]): Buffer {
  const sha = (...parts: Buffer[]): Buffer => hash('sha256', Buffer.concat(parts), 'buffer');
  if (leaves.length === 0) return sha();
  if (leaves.length === 1) return sha(Buffer.of(0), leaves[0]!);
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha(Buffer.of(1), naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}

const leavesOf = (count: number): Buffer[] => Array.from({ length: count }, (_, i) => Buffer.from(`leaf ${i}`));
const nodesOf =
  (leaves: readonly Buffer[]): NodeAt =>
  ({ level, index }) =>
    naiveRoot(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level));
const sizes = fc.integer({ min: 1, max: 70 });

describe('the tree', () => {
  it('has the roots RFC 9162 defines, grown leaf by leaf or put together from subtrees', () => {
    expect(emptyRoot()).toEqual(naiveRoot([]));
    fc.assert(
      fc.property(sizes, fc.nat(70), (size, at) => {
        const leaves = leavesOf(size);
        const cut = Math.min(at, size);
        const grown = new CompactRange();
        for (const leaf of leaves) grown.append(leafHash(leaf));
        const joined = new CompactRange();
        for (const each of [...subtreesOf(0, cut), ...subtreesOf(cut, size)])
          joined.append(nodesOf(leaves)(each), each.level);
        expect(grown.root()).toEqual(naiveRoot(leaves));
        expect(joined.root()).toEqual(naiveRoot(leaves));
        expect(rootAt(size, nodesOf(leaves))).toEqual(naiveRoot(leaves));
      }),
    );
  });

  it('proves every leaf, and no other leaf, place or root', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), (size, some, flip) => {
        const leaves = leavesOf(size);
        const index = some % size;
        const root = naiveRoot(leaves);
        const leaf = leafHash(leaves[index]!);
        const proof = inclusionProof(index, size, nodesOf(leaves));
        expect(verifyInclusion(leaf, index, size, proof, root)).toBe(true);
        expect(verifyInclusion(leafHash(Buffer.from('other')), index, size, proof, root)).toBe(false);
        expect(verifyInclusion(leaf, index, size, [...proof, leaf], root)).toBe(false);
        expect(verifyInclusion(leaf, index, size, proof, leafHash(root))).toBe(false);
        if (proof.length > 0) {
          expect(verifyInclusion(leaf, index, size, proof.slice(1), root)).toBe(false);
          const changed = proof.map((each) => Buffer.from(each));
          const one = changed[flip % changed.length]!;
          one[flip % 32]! ^= 1;
          expect(verifyInclusion(leaf, index, size, changed, root)).toBe(false);
          expect(verifyInclusion(leaf, (index + 1) % size, size, proof, root)).toBe(false);
        }
      }),
    );
  });

  it('proves that it only grew', () => {
    fc.assert(
      fc.property(sizes, sizes, fc.nat(), (a, b, flip) => {
        const [older, newer] = a < b ? [a, b] : [b, a];
        const leaves = leavesOf(newer);
        const before = naiveRoot(leaves.slice(0, older));
        const after = naiveRoot(leaves);
        const proof = consistencyProof(older, newer, nodesOf(leaves));
        expect(verifyConsistency(older, newer, before, after, proof)).toBe(true);
        expect(verifyConsistency(older, newer, leafHash(before), after, proof)).toBe(false);
        expect(verifyConsistency(older, newer, before, leafHash(after), proof)).toBe(false);
        if (proof.length > 0) {
          const changed = proof.map((each) => Buffer.from(each));
          changed[flip % changed.length]![flip % 32]! ^= 1;
          expect(verifyConsistency(older, newer, before, after, changed)).toBe(false);
          expect(verifyConsistency(older, newer, before, after, proof.slice(1))).toBe(false);
        }
      }),
    );
  });

  it('[NEW-03] holds at every size up to 70 and around powers of two, for every leaf and every older size', () => {
    const leaves = leavesOf(257);
    const roots = new Map<string, Buffer>();
    const nodeAt: NodeAt = ({ level, index }) => {
      const key = `${level}/${index}`;
      const known = roots.get(key) ?? naiveRoot(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level));
      roots.set(key, known);
      return known;
    };
    for (const size of [...Array.from({ length: 71 }, (_, i) => i), 127, 128, 129, 255, 256, 257]) {
      const root = naiveRoot(leaves.slice(0, size));
      expect(rootAt(size, nodeAt)).toEqual(root);
      for (let at = 0; at < size; at++) {
        const proof = inclusionProof(at, size, nodeAt);
        expect(verifyInclusion(leafHash(leaves[at]!), at, size, proof, root)).toBe(true);
        expect(verifyInclusion(leafHash(leaves[at]!), at, size, [...proof, root], root)).toBe(false);
        if (proof.length > 0)
          expect(verifyInclusion(leafHash(leaves[at]!), at, size, proof.slice(1), root)).toBe(false);
        const [older, grew] = [rootAt(at + 1, nodeAt), consistencyProof(at + 1, size, nodeAt)];
        expect(verifyConsistency(at + 1, size, older, root, grew)).toBe(true);
        expect(verifyConsistency(at + 1, size, older, root, [...grew, root])).toBe(false);
        if (grew.length > 0) expect(verifyConsistency(at + 1, size, older, root, grew.slice(1))).toBe(false);
      }
      expect(verifyInclusion(leafHash(leaves[0]!), size, size, [], root)).toBe(false);
      expect(() => inclusionProof(size, size, nodeAt)).toThrow(RangeError);
    }
    expect(verifyConsistency(0, 5, emptyRoot(), rootAt(5, nodeAt), [])).toBe(false);
  });
});
