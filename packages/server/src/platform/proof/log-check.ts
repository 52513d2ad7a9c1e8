import { chainHash, splitLine, type LineParts } from '../journal/chain.ts';
import type { z } from 'zod';
import type { consistencyFrame, leavesFrame, logFrame, subtreesFrame } from './frames.ts';
import { CompactRange, hashBytes, leafHash, subtreesOf, verifyConsistency } from './merkle.ts';
import { openCheckpoint, type OpenedCheckpoint, type PublicKeyText } from './note.ts';
import { tileWidth } from './tiles.ts';
import { replacedSigner, type Trust } from './trust.ts';

/** The first thing that is not as it was signed. */
export interface BadRecord {
  /** Origin of the log. */
  readonly log: string;
  /** Undefined where it is no single record that is wrong. */
  readonly leaf: number | undefined;
  readonly epoch: number | undefined;
  readonly seq: number | undefined;
  readonly reason: string;
}

/** What a log was found to be. */
export interface CheckedLog {
  readonly origin: string;
  readonly from: number;
  readonly to: number;
  readonly size: number;
  readonly records: number;
  readonly purged: number;
  /** Root of the signed checkpoint, in base64. */
  readonly root: string;
  readonly signedBy: PublicKeyText;
  /** Sizes of the other checkpoints it was found consistent with. */
  readonly consistentWith: readonly number[];
}

/** Thrown where a log is not what was signed. */
export class BadLog extends Error {
  readonly bad: BadRecord;

  constructor(bad: BadRecord) {
    super(bad.reason);
    this.bad = bad;
  }
}

type LogFrame = z.output<typeof logFrame>;
type LeavesFrame = z.output<typeof leavesFrame>;
type SubtreesFrame = z.output<typeof subtreesFrame>;

interface PurgeClaim {
  readonly to: number;
  readonly root: string;
}

/**
 * Checks one log while it is read from its first leaf to its last: each record's form and order, the journal's chain
 * where two records follow one another, the hashes of the tree up to the signed root, and that everything said to be
 * purged has a record that says so. Memory does not grow with the log.
 */
export class LogCheck {
  readonly #frame: LogFrame['log'];
  readonly #node: string;
  readonly #checkpoint: OpenedCheckpoint;
  readonly #others: Map<number, OpenedCheckpoint[]>;
  readonly #consistentWith: number[] = [];
  readonly #tree = new CompactRange();
  #before: LineParts | undefined;
  /** Leaves that wait for the list of their hashes. */
  #untold: { hash: Buffer; parts: LineParts }[] = [];
  #records = 0;
  #purgedRoot: PurgeClaim | undefined;
  #purged = 0;
  #claims: PurgeClaim[] = [];

  /**
   * @param others checkpoints of the same log from elsewhere, their signatures checked
   * @throws BadLog
   */
  constructor(
    node: string,
    frame: LogFrame,
    { publicKeys, signers }: Pick<Trust, 'publicKeys' | 'signers'>,
    others: readonly OpenedCheckpoint[],
  ) {
    this.#frame = frame.log;
    this.#node = node;
    try {
      this.#checkpoint = openCheckpoint(frame.checkpoint, publicKeys);
    } catch (error) {
      throw this.#bad(`the checkpoint is no good: ${(error as Error).message}`);
    }
    if (!signers.includes(this.#checkpoint.signedBy)) throw this.#bad(replacedSigner);
    const { origin, size, from, to } = frame.log;
    const { origin: signedOrigin, size: signedSize } = this.#checkpoint;
    if (origin !== signedOrigin || size !== signedSize || !(from >= 0 && from <= to && to <= size))
      throw this.#bad('the checkpoint is of another log or size than the bundle says');
    if (!origin.startsWith(`mcpnest/${node}/`)) throw this.#bad('the log is not one of this node');
    this.#others = Map.groupBy(others, (other) => other.size);
    const ahead = others.find((other) => other.size > size);
    if (ahead !== undefined)
      throw this.#bad(`it ends at ${size} records, but a checkpoint of ${ahead.size} was signed: the log was set back`);
    this.#compare();
  }

  /** Where a line that cannot be read stands. */
  get leaf(): number {
    return this.#tree.size;
  }

  #bad(reason: string, leaf?: number, parts?: LineParts): BadLog {
    return new BadLog({ log: this.#frame.origin, leaf, epoch: parts?.epoch, seq: parts?.seq, reason });
  }

  /** @throws BadLog */
  record(line: string): void {
    const leaf = this.#tree.size;
    const parts = splitLine(line);
    if (parts === undefined) throw this.#bad('the line is not a journal record', leaf);
    const fault =
      this.#untold.length < tileWidth ? this.#faultOf(parts) : 'the hashes of the records before it are missing';
    if (fault !== undefined) throw this.#bad(fault, leaf, parts);
    if (leaf < this.#frame.from || leaf >= this.#frame.to)
      throw this.#bad('the record is outside the range the bundle names', leaf, parts);
    const hash = leafHash(Buffer.from(line, 'latin1'));
    this.#untold.push({ hash, parts });
    this.#tree.append(hash);
    this.#records++;
    this.#before = parts;
    const claim = line.includes(',"kind":"purge",') ? claimOf(line) : undefined;
    if (claim !== undefined) this.#claims.push(claim);
    this.#compare(parts);
  }

  #faultOf(parts: LineParts): string | undefined {
    const before = this.#before;
    if (parts.node !== this.#node) return 'the record is of another node';
    if (parts.prev !== undefined && chainHash(parts.prev, parts.body, parts.version) !== parts.hash)
      return 'the record was changed';
    if (before === undefined) return undefined;
    if (parts.epoch < before.epoch || (parts.epoch === before.epoch && parts.seq <= before.seq))
      return 'the record does not come after the one before it';
    if (parts.epoch !== before.epoch || parts.seq !== before.seq + 1) return undefined;
    if (parts.prev !== undefined) return parts.prev === before.hash ? undefined : 'the record before it was changed';
    return chainHash(before.hash, parts.body, parts.version) === parts.hash
      ? undefined
      : 'the record or the one before it was changed';
  }

  /** @throws BadLog */
  leaves({ from, hashes }: LeavesFrame['leaves']): void {
    const untold = this.#untold;
    this.#untold = [];
    if (from + untold.length !== this.#tree.size || hashes.length !== untold.length * hashBytes)
      throw this.#bad('records are missing, or there are too many', from);
    for (const [i, { hash, parts }] of untold.entries()) {
      if (!hash.equals(hashes.subarray(i * hashBytes, (i + 1) * hashBytes)))
        throw this.#bad('the record is not the one whose hash is in the tree', from + i, parts);
    }
  }

  /** @throws BadLog */
  subtrees({ from, to, why, hashes }: SubtreesFrame['subtrees']): void {
    if (this.#untold.length > 0) throw this.#bad('the hashes of records are missing', from);
    const expected = from === this.#tree.size && to <= this.#frame.size ? subtreesOf(from, to) : [];
    if (expected.length === 0 || expected.length !== hashes.length)
      throw this.#bad('the hashes that stand for records do not fit', from);
    const inside = from < this.#frame.to && to > this.#frame.from;
    if (inside !== (why === 'purged')) throw this.#bad('records the bundle should hold are missing', from);
    for (const [i, { level }] of expected.entries()) {
      this.#tree.append(hashes[i]!, level);
      this.#compare();
    }
    this.#before = undefined;
    if (why === 'purged') {
      this.#purged += to - from;
      this.#purgedRoot = { to, root: this.#tree.root().toString('base64') };
    }
  }

  /**
   * The log grew from an earlier checkpoint; worth something only to who has that checkpoint.
   * @throws BadLog
   */
  consistency({ older, hashes }: z.output<typeof consistencyFrame>['consistency']): void {
    const { size, root } = this.#checkpoint;
    for (const other of this.#others.get(older) ?? []) {
      if (!verifyConsistency(older, size, other.root, root, hashes))
        throw this.#bad(`it did not grow from the checkpoint of ${older} records: the log was changed or forked`);
      this.#consistentWith.push(older);
    }
    this.#others.delete(older);
  }

  /** Where another checkpoint was signed, the tree must have had its root. */
  #compare(parts?: LineParts): void {
    const { size } = this.#tree;
    const others = this.#others.get(size);
    if (others === undefined) return;
    const root = this.#tree.root();
    for (const other of others) {
      if (!other.root.equals(root))
        throw this.#bad(
          `the checkpoint of ${size} records has another root: what it covers was changed or the log was forked`,
          undefined,
          parts,
        );
      this.#consistentWith.push(size);
    }
    this.#others.delete(size);
  }

  /** To be called at the end of the log. @throws BadLog */
  finish(): CheckedLog {
    const { origin, from, to, size } = this.#frame;
    if (this.#tree.size !== size || this.#untold.length > 0)
      throw this.#bad(`the log ends after ${this.#tree.size} of ${size} records`);
    if (!this.#tree.root().equals(this.#checkpoint.root))
      throw this.#bad('the records do not lead to the root of the signed checkpoint');
    const claim = this.#purgedRoot;
    if (claim !== undefined && !this.#claims.some((each) => each.to === claim.to && each.root === claim.root))
      throw this.#bad('records are missing that no record says were purged', claim.to - 1);
    const [uncompared] = this.#others.keys();
    if (uncompared !== undefined)
      throw this.#bad(
        `the checkpoint of ${uncompared} records cannot be compared: this bundle holds too little of what it covers; export it with --since ${uncompared}`,
      );
    return {
      origin,
      from,
      to,
      size,
      records: this.#records,
      purged: this.#purged,
      root: this.#checkpoint.root.toString('base64'),
      signedBy: this.#checkpoint.signedBy,
      consistentWith: this.#consistentWith,
    };
  }
}

/** What a purge record claims; undefined when the line is no JSON, as one that was changed may be. */
function claimOf(line: string): PurgeClaim | undefined {
  try {
    // Compared strictly with what was computed: of another type, it matches nothing.
    return JSON.parse(line) as PurgeClaim;
  } catch {
    return undefined;
  }
}
