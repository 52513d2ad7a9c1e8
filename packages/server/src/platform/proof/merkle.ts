import { hash } from 'node:crypto';

/** Merkle trees of RFC 9162, section 2.1, over SHA-256. Sizes and indexes are whole numbers below 2^53. */

export const hashBytes = 32;

const leafPrefix = Buffer.of(0);
const nodePrefix = Buffer.of(1);

/** Hash of a leaf. */
export const leafHash = (entry: Buffer): Buffer => hash('sha256', Buffer.concat([leafPrefix, entry]), 'buffer');

/**
 * Write a hash where it belongs; as text it costs half of what it costs as a Buffer of its own.
 * @param prefixed an entry behind a zero byte, or the two hashes below a node behind a one
 */
export const hashInto = (prefixed: Buffer, into: Buffer, at: number): void =>
  void into.write(hash('sha256', prefixed, 'binary'), at, 'latin1');

/** Hash of the node above two others. */
export const nodeHash = (left: Buffer, right: Buffer): Buffer =>
  hash('sha256', Buffer.concat([nodePrefix, left, right]), 'buffer');

/** Root of a tree without leaves. */
export const emptyRoot = (): Buffer => hash('sha256', Buffer.alloc(0), 'buffer');

/** A full subtree: leaves `index * 2^level` to before `(index + 1) * 2^level`. */
export interface Subtree {
  readonly level: number;
  readonly index: number;
}

/** Where the hash of a full subtree is looked up. */
export type NodeAt = (subtree: Subtree) => Buffer;

/** The fewest full subtrees that make up the leaves from `from` to before `to`, left to right. */
export function subtreesOf(from: number, to: number): Subtree[] {
  const subtrees: Subtree[] = [];
  for (let at = from; at < to;) {
    let level = 0;
    let width = 1;
    while (at % (width * 2) === 0 && at + width * 2 <= to) {
      width *= 2;
      level++;
    }
    subtrees.push({ level, index: at / width });
    at += width;
  }
  return subtrees;
}

/** The roots of the full subtrees of a growing tree, enough to go on from and to know its root. */
export class CompactRange {
  #size = 0;
  readonly #roots: { level: number; hash: Buffer }[] = [];

  get size(): number {
    return this.#size;
  }

  /**
   * Add a full subtree at the right end; a leaf is one of level 0.
   * @throws RangeError when the tree does not end where a subtree of that level may begin
   */
  append(added: Buffer, level = 0): void {
    const width = 2 ** level;
    if (this.#size % width !== 0) throw new RangeError(`A subtree of level ${level} cannot begin at ${this.#size}.`);
    this.#size += width;
    let root = { level, hash: added };
    for (let last = this.#roots.at(-1); last?.level === root.level; last = this.#roots.at(-1)) {
      this.#roots.pop();
      root = { level: root.level + 1, hash: nodeHash(last.hash, root.hash) };
    }
    this.#roots.push(root);
  }

  /** Root of the tree as it is now. */
  root(): Buffer {
    return fold(this.#roots.map((root) => root.hash));
  }
}

/** A range of leaves: from, and before which one it ends. */
type Range = readonly [from: number, to: number];

/** Root of the leaves of a range that is a tree of its own or a subtree as RFC 9162 splits trees. */
export const rangeHash = (from: number, to: number, nodeAt: NodeAt): Buffer => fold(subtreesOf(from, to).map(nodeAt));

/** Root of the first `size` leaves. */
export const rootAt = (size: number, nodeAt: NodeAt): Buffer => rangeHash(0, size, nodeAt);

/**
 * Inclusion proof (RFC 9162, 2.1.3.1) of a leaf in the tree of the first `size` leaves.
 * @throws RangeError when the tree has no such leaf
 */
export function inclusionProof(index: number, size: number, nodeAt: NodeAt): Buffer[] {
  if (index < 0 || index >= size) throw new RangeError(`A tree of ${size} leaves has no leaf ${index}.`);
  const path: Range[] = [];
  let from = 0;
  let to = size;
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    if (index < middle) {
      path.push([middle, to]);
      to = middle;
    } else {
      path.push([from, middle]);
      from = middle;
    }
  }
  return path.reverse().map(([a, b]) => rangeHash(a, b, nodeAt));
}

/**
 * Consistency proof (RFC 9162, 2.1.4.1) from the tree of `older` leaves to that of `newer`.
 * @throws RangeError when the older tree is empty or larger
 */
export function consistencyProof(older: number, newer: number, nodeAt: NodeAt): Buffer[] {
  if (older < 1 || older > newer) throw new RangeError(`There is no proof from ${older} leaves to ${newer}.`);
  const path: Range[] = [];
  let from = 0;
  let to = newer;
  let rest = older;
  let whole = true;
  while (rest !== to - from) {
    const split = splitOf(to - from);
    if (rest <= split) {
      path.push([from + split, to]);
      to = from + split;
    } else {
      path.push([from, from + split]);
      from += split;
      rest -= split;
      whole = false;
    }
  }
  if (!whole) path.push([from, to]);
  return path.reverse().map(([a, b]) => rangeHash(a, b, nodeAt));
}

/** Whether a leaf's hash at an index leads to the root (RFC 9162, 2.1.3.2). */
export function verifyInclusion(
  leaf: Buffer,
  index: number,
  size: number,
  proof: readonly Buffer[],
  root: Buffer,
): boolean {
  if (index < 0 || index >= size) return false;
  let at = index;
  let last = size - 1;
  let computed = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      computed = nodeHash(sibling, computed);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else computed = nodeHash(computed, sibling);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && computed.equals(root);
}

/** Whether the newer tree begins with the older one (RFC 9162, 2.1.4.2). */
export function verifyConsistency(
  older: number,
  newer: number,
  olderRoot: Buffer,
  newerRoot: Buffer,
  proof: readonly Buffer[],
): boolean {
  if (older < 1 || older > newer) return false;
  if (older === newer) return proof.length === 0 && olderRoot.equals(newerRoot);
  const path = isPowerOfTwo(older) ? [olderRoot, ...proof] : [...proof];
  const first = path.shift();
  if (first === undefined) return false;
  let at = older - 1;
  let last = newer - 1;
  while (at % 2 === 1) [at, last] = [half(at), half(last)];
  let computedOlder = first;
  let computedNewer = first;
  for (const sibling of path) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      computedOlder = nodeHash(sibling, computedOlder);
      computedNewer = nodeHash(sibling, computedNewer);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else computedNewer = nodeHash(computedNewer, sibling);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && computedOlder.equals(olderRoot) && computedNewer.equals(newerRoot);
}

/** Roots of full subtrees, largest first, under one. */
const fold = (roots: readonly Buffer[]): Buffer =>
  roots.length === 0 ? emptyRoot() : roots.reduceRight((right, left) => nodeHash(left, right));

/** The largest power of two below a number above one. */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

const half = (value: number): number => Math.floor(value / 2);
const isPowerOfTwo = (value: number): boolean => value === 1 || splitOf(value) * 2 === value;
