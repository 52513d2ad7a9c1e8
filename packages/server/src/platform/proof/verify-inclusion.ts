import { chainHash, splitLine } from '../journal/chain.ts';
import { inclusion, type Inclusion } from './frames.ts';
import { originOf } from './log-files.ts';
import { leafHash, verifyInclusion } from './merkle.ts';
import { openCheckpoint, type OpenedCheckpoint } from './note.ts';
import { checkTrust, openOthers, replacedSigner, type Trust, type TrustGiven } from './trust.ts';
import type { BadRecord } from './log-check.ts';

/** What a proof of one call was found to be. */
export interface InclusionReport {
  readonly node: string;
  readonly callId: string;
  readonly keys: Trust;
  /** Leaves the log had when its checkpoint was signed; undefined when that is no good. */
  readonly size: number | undefined;
  readonly records: readonly { readonly leaf: number; readonly kind: string }[];
  readonly firstBad: BadRecord | undefined;
}

/**
 * Check the proof of a call with nothing but itself and what the caller trusts.
 * @throws Error when the text is no such proof, or a checkpoint or key that was given is of something else
 */
export function verifyInclusionText(text: string, given: TrustGiven): InclusionReport {
  const parsed = inclusion.safeParse(jsonOf(text));
  if (!parsed.success) throw new Error('The file is not a proof of a form this version knows.');
  const proof = parsed.data;
  const trust = checkTrust(proof.node, proof.keys, given.keys);
  const others = openOthers(given.checkpoints, trust.publicKeys);
  const { node, callId } = proof;
  const records = proof.records.map(({ leaf, line }) => ({ leaf, kind: fieldsOf(line).kind }));
  const bad = (log: string, reason: string, leaf?: number, line = ''): BadRecord => {
    const parts = splitLine(line);
    return { log, leaf, epoch: parts?.epoch, seq: parts?.seq, reason };
  };
  const answer = (size: number | undefined, firstBad: BadRecord | undefined): InclusionReport => ({
    ...{ node, callId, keys: trust, size, records, firstBad },
  });
  if (trust.fault !== undefined) return answer(undefined, bad('', trust.fault));
  let checkpoint: OpenedCheckpoint;
  try {
    checkpoint = openCheckpoint(proof.checkpoint, trust.publicKeys);
  } catch (error) {
    return answer(undefined, bad('', `the checkpoint is no good: ${(error as Error).message}`));
  }
  const { origin, size } = checkpoint;
  if (!trust.signers.includes(checkpoint.signedBy)) return answer(size, bad(origin, replacedSigner));
  for (const [i, record] of proof.records.entries()) {
    const reason = faultOf(proof, record, i, checkpoint);
    if (reason !== undefined) return answer(size, bad(origin, reason, record.leaf, record.line));
  }
  for (const other of others) {
    if (other.origin !== origin || other.size !== size)
      throw new Error(
        `The checkpoint that was given is of ${other.origin} at ${other.size} records; this proof leads to ${origin} at ${size}. Ask for one that leads to it.`,
      );
    if (!other.root.equals(checkpoint.root))
      return answer(size, bad(origin, 'the checkpoint that was given has another root: the log was changed or forked'));
  }
  return answer(size, undefined);
}

function faultOf(
  { node, callId }: Inclusion,
  { leaf, line, path }: Inclusion['records'][number],
  place: number,
  { origin, size, root }: OpenedCheckpoint,
): string | undefined {
  const parts = splitLine(line);
  if (parts?.node !== node) return 'the line is not a journal record of the node';
  if (parts.prev !== undefined && chainHash(parts.prev, parts.body, parts.version) !== parts.hash)
    return 'the record was changed';
  const fields = fieldsOf(line);
  const kinds = place === 0 ? ['intent', 'denied'] : ['outcome'];
  if (fields.callId !== callId || !kinds.includes(fields.kind)) return 'the record is not of this call';
  if (place === 0 && originOf(node, fields.workspaceId) !== origin) return 'the record is of another workspace';
  return verifyInclusion(leafHash(Buffer.from(line, 'latin1')), leaf, size, path, root)
    ? undefined
    : 'the record does not lead to the root of the signed checkpoint';
}

function fieldsOf(line: string): { kind: string; callId: string; workspaceId: string } {
  const fields = (jsonOf(line) ?? {}) as Record<string, unknown>;
  const kind = String(fields.kind);
  return {
    kind: /^[a-z]{1,16}$/.test(kind) ? kind : 'unknown',
    callId: String(fields.callId),
    workspaceId: String(fields.workspaceId),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
