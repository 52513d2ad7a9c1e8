import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { bundleLines, isRecord } from './bundle.ts';
import { everyCheckpoint } from './checkpoints.ts';
import type { ProofKeys } from './keys.ts';
import { isLogId, originOf } from './log-files.ts';
import { openLog, type LogReader } from './log-reader.ts';
import type { BadRecord, CheckedLog } from './log-check.ts';
import { readTile, rootOfTile, splitHashes, tilePath, tileWidth } from './tiles.ts';
import { readState } from './state.ts';
import { verifyLines } from './verify-bundle.ts';

/** What the logs of a data folder were found to be. */
export interface FolderReport {
  readonly logs: readonly CheckedLog[];
  readonly firstBad: BadRecord | undefined;
}

/** Logs that have at least one checkpoint. */
export const listLogs = (proofDir: string): string[] =>
  existsSync(proofDir)
    ? readdirSync(proofDir)
        .filter((name) => isLogId(name) && existsSync(join(proofDir, name, 'checkpoint')))
        .sort()
    : [];

/**
 * Check every log of a node against its checkpoints, all of them, and its tiles against its records. Works beside a
 * server that goes on sealing.
 */
export function verifyFolder(proofDir: string, node: string, keys: Pick<ProofKeys, 'history' | 'held'>): FolderReport {
  const logs: CheckedLog[] = [];
  const foreign = faultOfKeys(keys);
  if (foreign !== undefined) return { logs, firstBad: { log: '', ...noRecord, reason: foreign } };
  for (const name of listLogs(proofDir)) {
    const report = verifyLog(proofDir, name, node, keys);
    if ('reason' in report) return { logs, firstBad: report };
    logs.push(report);
  }
  return { logs, firstBad: missingLog(proofDir, node, logs) };
}

const noRecord = { leaf: undefined, epoch: undefined, seq: undefined };

/** Who can write files and has not the secret key could sign everything anew with a key of their own. */
function faultOfKeys({ history, held }: Pick<ProofKeys, 'history' | 'held'>): string | undefined {
  try {
    const known = history();
    const key = held();
    // One that is gone has signed nothing since; a new one follows it in the list.
    if (key === undefined || known.some(({ publicKey }) => publicKey === key)) return undefined;
    return 'the list of keys does not hold the key of this data folder: it was replaced or is older';
  } catch (error) {
    return (error as Error).message;
  }
}

/** A log that has records and no checkpoint any more, or that was set back to an earlier one. */
function missingLog(proofDir: string, node: string, found: readonly CheckedLog[]): BadRecord | undefined {
  for (const [name, { size }] of Object.entries(readState(proofDir)?.logs ?? {})) {
    const log = originOf(node, name);
    if (size === 0 || found.some(({ origin }) => origin === log)) continue;
    // The first checkpoint comes after the first records.
    const young = existsSync(join(proofDir, name, 'index')) && !existsSync(join(proofDir, name, 'checkpoints'));
    if (!young) return { log, ...noRecord, reason: `the log or its checkpoint is gone; it had ${size} records` };
  }
  return undefined;
}

/** What one log was found to be. */
export type LogReport = CheckedLog | BadRecord;

/**
 * Check one log of a node as `verifyFolder` checks all.
 * @param tell now and then given how many records were checked, and of how many
 */
export function verifyOneLog(
  proofDir: string,
  node: string,
  keys: Pick<ProofKeys, 'history' | 'held'>,
  name: string,
  tell: (checked: number, of: number) => void,
): LogReport {
  const foreign = faultOfKeys(keys);
  if (foreign !== undefined) return { log: originOf(node, name), ...noRecord, reason: foreign };
  return verifyLog(proofDir, name, node, keys, tell);
}

function verifyLog(
  proofDir: string,
  name: string,
  node: string,
  keys: Pick<ProofKeys, 'history'>,
  tell: (checked: number, of: number) => void = () => undefined,
): LogReport {
  const bad = (reason: string): BadRecord => ({
    ...{ log: originOf(node, name), ...noRecord, reason },
  });
  try {
    // The checkpoint is read before the others, so that none of them can be ahead of it.
    using log = openLog(proofDir, name);
    if (log === undefined) return bad('the log has no checkpoint');
    const kept = [...everyCheckpoint(log.dir)];
    // Read last, so that nothing signed meanwhile is ahead of it.
    const written = readState(proofDir)?.logs[name]?.size ?? 0;
    const ahead = kept.map(sizeOf).find((size) => size > Math.max(written, log.checkpoint.size));
    if (ahead !== undefined)
      return bad(`it ends at ${written} records, but a checkpoint of ${ahead} was signed: the log was set back`);
    const checkpoints = kept.filter((note) => covers(log, note));
    const range = { from: 0, to: log.checkpoint.size };
    const lines = bundleLines({ node, keys: keys.history() }, [{ log, range }]);
    const { logs, firstBad } = verifyLines(withIndex(log, lines, tell), { checkpoints, keys: [] });
    if (firstBad !== undefined) return firstBad;
    checkUpperTiles(log);
    return logs[0]!;
  } catch (error) {
    return bad((error as Error).message);
  }
}

/** Records after which it is told how far a check is. */
const tellEvery = 1_000;

const sizeOf = (note: string): number => Number(note.split('\n')[1]);

/** What was signed in the part that was purged has no record left to be compared with. */
const covers = (log: LogReader, note: string): boolean => {
  const size = sizeOf(note);
  return size >= log.purged && size <= log.checkpoint.size;
};

/** The same lines without line feeds. @throws Error where the index says of a record what it is not */
function* withIndex(
  log: LogReader,
  lines: Iterable<string>,
  tell: (checked: number, of: number) => void,
): Generator<string, undefined> {
  const { size } = log.checkpoint;
  let leaf = log.purged;
  for (const line of lines) {
    if (isRecord(line)) {
      const { epoch, seq } = log.index.at(leaf);
      if (!line.includes(`,"epoch":${epoch},"seq":${seq},`)) throw new Error(`the index is wrong about leaf ${leaf}`);
      leaf++;
      if (leaf % tellEvery === 0) tell(leaf, size);
    }
    yield line.slice(0, -1);
  }
}

/** Every hash of an upper tile is the root of the tile below. @throws Error that names the tile */
function checkUpperTiles(log: LogReader): void {
  const { size } = log.checkpoint;
  for (let level = 1, count = Math.floor(size / tileWidth); count > 0; level++, count = Math.floor(count / tileWidth)) {
    for (let tile = 0; tile * tileWidth < count; tile++) {
      const hashes = readTile(log.dir, level, tile, Math.min(tileWidth, count - tile * tileWidth));
      for (const [i, hash] of splitHashes(hashes).entries()) {
        const below = tile * tileWidth + i;
        if (level === 1 && (below + 1) * tileWidth <= log.purged) continue;
        if (!rootOfTile(readTile(log.dir, level - 1, below, tileWidth)).equals(hash))
          throw new Error(`the tile ${tilePath(level, tile)} does not fit the one below it`);
      }
    }
  }
}
