import { chainHash, chainHashInPlace, splitLine, type LineParts } from './chain.ts';
import { readLines, type SegmentLine } from './segment.ts';

/** Where the chain stands: what the next record must follow. */
export interface ChainLink {
  /** Digest of the last record; undefined when it is not known. */
  readonly hash: string | undefined;
  readonly epoch: number;
  readonly seq: number;
  /** Number of the last line within its segment, from 1. */
  readonly line: number;
}

/** Nothing is known yet: the first line says itself what it follows. */
export const unknownLink: ChainLink = { hash: undefined, epoch: 0, seq: 0, line: 0 };

export interface CheckedLine extends SegmentLine {
  /** Undefined when the line does not have the form of a record. */
  readonly parts: LineParts | undefined;
  /** Sequence number it has, or must have had. */
  readonly seq: number;
  /** What is wrong; undefined when the record is exactly what was written, where it was written. */
  readonly fault: string | undefined;
  /** Where the chain stands after this line. */
  readonly link: ChainLink;
}

/**
 * Read a segment and check every line against the one before. Goes on after a fault, taking the faulty line's own
 * digest as given, so that one flipped bit is one fault and not a thousand.
 * @param from byte to start at; it must start a line
 */
export function* checkLines(dir: string, segment: string, link: ChainLink, from = 0): Generator<CheckedLine> {
  let at = link;
  /** Whether the line before is a record and was read just now. */
  let behind = false;
  for (const line of readLines(dir, segment, from)) {
    const parts = line.whole ? splitLine(line.text) : undefined;
    const fault = faultOf(line, parts, at, behind);
    const number = line.offset === 0 ? 1 : at.line + 1;
    const seq = parts?.seq ?? at.seq + 1;
    if (parts !== undefined) at = { hash: parts.hash, epoch: parts.epoch, seq, line: number };
    // Half a line is not a record: the next one follows the last whole one.
    else if (line.whole) at = { hash: undefined, epoch: at.epoch, seq, line: number };
    else at = { ...at, line: number };
    behind = parts !== undefined;
    const { text, offset, end, whole, bytes, at: start } = line;
    yield { text, offset, end, whole, bytes, at: start, parts, seq, fault, link: at };
  }
}

/** Faults of a record that is whole itself but does not follow the last one read. */
export const recordsMissing = 'records before this one are missing';
export const numberSkipped = 'the sequence number does not follow';
export const isWhole = (fault: string | undefined): boolean =>
  fault === undefined || fault === recordsMissing || fault === numberSkipped;

function faultOf(
  line: SegmentLine,
  parts: LineParts | undefined,
  link: ChainLink,
  behind: boolean,
): string | undefined {
  if (!line.whole) return 'the line is unfinished';
  if (parts === undefined) return 'the line is not a journal record';
  const follows = parts.prev ?? link.hash;
  if (follows !== undefined && digestOf(line, parts, follows, behind) !== parts.hash) {
    return 'the record was changed, or the one before it was changed, removed or moved';
  }
  if (line.offset === 0 && parts.prev === undefined) return 'the first record of a segment must name what it follows';
  if (link.hash === undefined) return undefined;
  if (follows !== link.hash) return recordsMissing;
  const expected = parts.epoch === link.epoch ? link.seq + 1 : 1;
  if (parts.epoch < link.epoch || parts.seq !== expected) return numberSkipped;
  return undefined;
}

/** Taken from the bytes as they were read, wherever the record it follows stands before it: nothing is copied then. */
const digestOf = ({ bytes, at }: SegmentLine, parts: LineParts, follows: string, behind: boolean): string =>
  behind && parts.prev === undefined && parts.version === 2
    ? chainHashInPlace(bytes, at, parts.body.length)
    : chainHash(follows, parts.body, parts.version);
