import { setImmediate as nextTurn } from 'node:timers/promises';
import { everyCheckpoint } from './checkpoints.ts';
import { inclusionFormat, type InclusionText, type KeyRecord } from './frames.ts';
import type { LogReader } from './log-reader.ts';
import { inclusionProof } from './merkle.ts';
import { readCheckpoint } from './note.ts';

/** Where a record is in the journal of its node. */
export interface RecordPlace {
  readonly epoch: number;
  readonly seq: number;
}

export interface ProofRequest {
  readonly callId: string;
  /** Of its intent or denial. */
  readonly begin: RecordPlace;
  /** Prove it to be in the checkpoint of this size; default: in the last. */
  readonly size?: number | undefined;
}

/** How far behind its intent an outcome is looked for. */
const longestLook = 200_000;
const linesPerTurn = 2_000;

/**
 * The records of a call with the way from each to a signed root.
 * @returns undefined when no checkpoint covers it yet, there is none of the asked size, or its records were purged
 */
export async function proveCall(
  log: LogReader,
  node: string,
  keys: readonly KeyRecord[],
  { callId, begin, size: askedSize }: ProofRequest,
): Promise<InclusionText | undefined> {
  const note = askedSize === undefined ? log.note : checkpointOf(log, askedSize);
  const size = note === undefined ? 0 : readCheckpoint(note)!.size;
  const leaf = log.index.find(begin.epoch, begin.seq, size);
  if (note === undefined || leaf === undefined || leaf < log.purged) return undefined;
  const [line] = log.lines(leaf, leaf + 1);
  const found = [{ leaf, line: line! }];
  if (line!.includes(',"kind":"intent",')) {
    const end = await findOutcome(log, callId, leaf + 1, Math.min(size, leaf + longestLook));
    if (end !== undefined) found.push(end);
  }
  const records = found.map((each) => ({
    ...each,
    path: inclusionProof(each.leaf, size, log.nodeAt).map((hash) => hash.toString('base64')),
  }));
  return { proof: inclusionFormat, node, callId, records, checkpoint: note, keys: [...keys] };
}

function checkpointOf(log: LogReader, size: number): string | undefined {
  for (const note of everyCheckpoint(log.dir)) if (readCheckpoint(note)?.size === size) return note;
  return undefined;
}

async function findOutcome(
  log: LogReader,
  callId: string,
  from: number,
  to: number,
): Promise<{ leaf: number; line: string } | undefined> {
  const wanted = `,"kind":"outcome","callId":"${callId}",`;
  let leaf = from;
  for (const line of log.lines(from, to)) {
    if (line.includes(wanted)) return { leaf, line };
    leaf++;
    // Others are served in between.
    if ((leaf - from) % linesPerTurn === 0) await nextTurn();
  }
  return undefined;
}
