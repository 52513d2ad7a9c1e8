import { basename, dirname } from 'node:path';
import { readLines } from '../journal/segment.ts';
import { isRecord } from './bundle.ts';
import { bundleFrame, bundleHead, type BundleFrame, type BundleHead } from './frames.ts';
import { BadLog, LogCheck, type BadRecord, type CheckedLog } from './log-check.ts';
import { checkTrust, findFork, openOthers, type Trust, type TrustGiven } from './trust.ts';
import type { OpenedCheckpoint } from './note.ts';

/** What a bundle was found to be. */
export interface BundleReport {
  readonly node: string;
  readonly keys: Trust;
  /** Those found good before the first bad record. */
  readonly logs: readonly CheckedLog[];
  readonly firstBad: BadRecord | undefined;
}

/**
 * Check a bundle with nothing but itself and what the caller trusts. Reads the file once.
 * @throws Error when the file is no bundle, or a checkpoint or key that was given is of something else
 */
export const verifyBundle = (path: string, given: TrustGiven): BundleReport => verifyLines(textLines(path), given);

/** The same of the lines of a bundle, without line feeds. */
export function verifyLines(lines: Generator<string, undefined>, given: TrustGiven): BundleReport {
  const head = headOf(lines.next().value);
  const { node } = head;
  const trust = checkTrust(node, head.keys, given.keys);
  const logs: CheckedLog[] = [];
  const none = { leaf: undefined, epoch: undefined, seq: undefined };
  if (trust.fault !== undefined)
    return { node, keys: trust, logs, firstBad: { log: '', ...none, reason: trust.fault } };
  const others = openOthers(given.checkpoints, trust.publicKeys);
  const forked = findFork(others);
  if (forked !== undefined) return { node, keys: trust, logs, firstBad: { ...forked, ...none } };
  try {
    for (const log of checkLogs(lines, node, trust, others)) logs.push(log);
  } catch (error) {
    if (!(error instanceof BadLog)) throw error;
    return { node, keys: trust, logs, firstBad: error.bad };
  }
  const strange = others.find(({ origin }) => !logs.some((log) => log.origin === origin));
  if (strange !== undefined)
    throw new Error(`The checkpoint of ${strange.origin} is of a log that is not in this bundle.`);
  return { node, keys: trust, logs, firstBad: undefined };
}

function* checkLogs(
  lines: Iterable<string>,
  node: string,
  trust: Trust,
  others: readonly OpenedCheckpoint[],
): Generator<CheckedLog> {
  let check: LogCheck | undefined;
  let origin = '';
  const seen = new Set<string>();
  let records = 0;
  let ended = false;
  const broken = (reason: string): BadLog =>
    new BadLog({ log: origin, leaf: check?.leaf, epoch: undefined, seq: undefined, reason });
  for (const line of lines) {
    if (ended) throw broken('something follows the end of the bundle');
    if (isRecord(line)) {
      if (check === undefined) throw broken('a record stands before its log');
      check.record(line);
      records++;
      continue;
    }
    const frame = frameOf(line);
    if (frame === undefined) throw broken('a line is neither a record nor a part of a bundle');
    if ('leaves' in frame || 'subtrees' in frame || 'consistency' in frame) {
      if (check === undefined) throw broken('hashes stand before their log');
      if ('leaves' in frame) check.leaves(frame.leaves);
      else if ('subtrees' in frame) check.subtrees(frame.subtrees);
      else check.consistency(frame.consistency);
      continue;
    }
    if (check !== undefined) yield check.finish();
    check = undefined;
    if ('log' in frame) {
      ({ origin } = frame.log);
      const ofLog = others.filter((other) => other.origin === origin);
      check = new LogCheck(node, frame, trust, ofLog);
      if (seen.has(origin)) throw broken('the bundle holds this log twice');
      seen.add(origin);
    } else if (frame.end.logs !== seen.size || frame.end.records !== records)
      throw broken('the bundle is not complete');
    else ended = true;
  }
  if (!ended) throw broken('the bundle is cut off');
  if (seen.size === 0) throw broken('the bundle holds no log, and so proves nothing');
}

/** The longest is the first: it lists the keys. */
const longestLine = 8 * 1024 * 1024;

function* textLines(path: string): Generator<string, undefined> {
  for (const { text } of readLines(dirname(path), basename(path), 0, longestLine))
    // Records are ASCII; the rest is UTF-8.
    yield isRecord(text) ? text : Buffer.from(text, 'latin1').toString('utf8');
}

function headOf(line: string | undefined): BundleHead {
  const head = bundleHead.safeParse(line === undefined ? undefined : json(line));
  if (!head.success) throw new Error('The file is not a proof bundle of a form this version knows.');
  return head.data;
}

const frameOf = (line: string): BundleFrame | undefined => bundleFrame.safeParse(json(line)).data;

function json(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
