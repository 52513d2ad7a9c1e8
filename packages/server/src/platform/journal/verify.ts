import { createKeyedDigest } from '../keyed-digest.ts';
import { genesis, signedText } from './chain.ts';
import { checkLines, isWhole, unknownLink, type ChainLink, type CheckedLine } from './check-lines.ts';
import type { JournalDamage } from './journal.ts';
import type { EpochStart, Gap, PurgedRange, TrimmedJournal } from './records.ts';
import { comparePositions, listSegments } from './segment.ts';

export interface Verification {
  readonly segments: number;
  /** Lines that are exactly what was written. */
  readonly records: number;
  /** Calls and denials that the journal itself says were not recorded. */
  readonly lost: number;
  /** Bytes of torn tails cut off at starts. */
  readonly repairedBytes: number;
  /** The first line that is not what was written; undefined when the journal is whole. */
  readonly firstBad: JournalDamage | undefined;
}

/**
 * Check a whole journal folder: every line against the one before it, every number against the one before it, and,
 * where the key is at hand, the signatures of gap, epoch, purge and trim records. Works on a copy and while the journal
 * is written. Where segments are gone from the front, a trim record must say so; records removed from the very end are only noticed once
 * the next start has written its first record.
 * @param macKey `vault.deriveKey('journal')`
 */
export function verifyJournal(dir: string, macKey?: Buffer): Verification {
  const sign = macKey === undefined ? undefined : createKeyedDigest(macKey);
  const segments = listSegments(dir);
  const lostInEpoch = new Map<number, number>();
  let records = 0;
  let repairedBytes = 0;
  let firstBad: (JournalDamage & { epoch: number }) | undefined;
  let link: ChainLink = unknownLink;
  const trimmed = new Set<string>([genesis]);
  let trimmedThrough = '';
  let beginning: Beginning | undefined;

  for (const segment of segments) {
    for (const line of settledLines(dir, segment, link)) {
      const before = link;
      if (before === unknownLink) beginning = { segment, line };
      link = line.link;
      let fault = line.fault;
      const mark = isWhole(fault) ? markOf(line) : undefined;
      if (mark === 'unreadable') fault = 'the record cannot be read';
      else if (mark !== undefined && sign !== undefined && sign(mark.signedText) !== mark.mac)
        fault = 'the signature is wrong';
      else if (mark?.kind === 'gap') {
        lostInEpoch.set(link.epoch, mark.lostCalls + mark.lostDenials);
        if (mark.sealed !== null && line.offset === 0) {
          // A segment given up after a failed flush may have lost its end; this record declares it.
          const { confirmedSeq } = mark.sealed;
          if (fault !== undefined && declares(line, before, confirmedSeq)) fault = undefined;
          if (firstBad?.epoch === link.epoch && firstBad.seq > confirmedSeq) firstBad = undefined;
        }
      } else if (mark?.kind === 'trim') {
        trimmed.add(mark.lastHash);
        trimmedThrough = mark.through;
      } else if (mark?.kind === 'epoch') repairedBytes += mark.repaired?.bytes ?? 0;

      if (fault === undefined) records++;
      else firstBad ??= { segment, line: link.line, seq: line.seq, reason: fault, epoch: link.epoch };
    }
  }
  if (beginning?.line.fault === undefined && !isTold(beginning, trimmed, trimmedThrough)) {
    const { segment, line } = beginning!;
    firstBad = { segment, line: 1, seq: line.seq, reason: untold, epoch: line.link.epoch };
  }
  const lost = [...lostInEpoch.values()].reduce((sum, count) => sum + count, 0);
  return { segments: segments.length, records, lost, repairedBytes, firstBad: withoutEpoch(firstBad) };
}

const untold = 'records before this one are missing, and no record says that they were deleted';

interface Beginning {
  readonly segment: string;
  readonly line: CheckedLine;
}

/** Whether the journal begins where it began once, or where a trim record says; a trim cut short may have left more. */
const isTold = (beginning: Beginning | undefined, ends: ReadonlySet<string>, through: string): boolean =>
  beginning?.line.parts?.prev === undefined ||
  ends.has(beginning.line.parts.prev) ||
  comparePositions({ segment: beginning.segment, byteOffset: 0 }, { segment: through, byteOffset: 0 }) <= 0;

/** Lines of a segment; one that is just being written gets a moment to be finished. */
function* settledLines(dir: string, segment: string, link: ChainLink): Generator<CheckedLine> {
  let before = link;
  for (const line of checkLines(dir, segment, link)) {
    if (!line.whole) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
      yield* checkLines(dir, segment, before, line.offset);
      return;
    }
    before = line.link;
    yield line;
  }
}

const declares = (line: CheckedLine, before: ChainLink, confirmedSeq: number): boolean =>
  before.epoch === line.link.epoch && before.seq >= confirmedSeq && line.link.seq > before.seq;

type Mark = { readonly signedText: string; readonly mac: string } & (
  | ({ readonly kind: 'gap' } & Gap)
  | ({ readonly kind: 'epoch' } & EpochStart)
  | ({ readonly kind: 'purge' } & PurgedRange)
  | ({ readonly kind: 'trim' } & TrimmedJournal)
);

const markPattern = /"kind":"(?:gap|epoch|purge|trim)"/;

/** A signed record with the text its signature covers; undefined for every other record. */
function markOf(line: CheckedLine): Mark | 'unreadable' | undefined {
  if (line.parts === undefined) return undefined;
  const { node, epoch, body } = line.parts;
  const from = body.search(markPattern);
  const to = body.lastIndexOf(',"mac":"');
  if (from === -1 || to < from) return undefined;
  try {
    return { ...(JSON.parse(line.text) as Mark), signedText: signedText(node, epoch, body.slice(from, to)) };
  } catch {
    return 'unreadable';
  }
}

function withoutEpoch(bad: (JournalDamage & { epoch: number }) | undefined): JournalDamage | undefined {
  if (bad === undefined) return undefined;
  const { epoch: _, ...damage } = bad;
  return damage;
}
