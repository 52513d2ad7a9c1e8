import { closeSync, fdatasync, fstatSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { checkLines, isWhole, unknownLink, type ChainLink, type CheckedLine } from '../journal/check-lines.ts';
import type { JournalDamage, JournalPosition } from '../journal/journal.ts';
import { comparePositions, listSegments } from '../journal/segment.ts';
import { appendCheckpoint } from './checkpoints.ts';
import type { ProofKeys } from './keys.ts';
import { originOf } from './log-files.ts';
import { emptyLog, LogWriter, type LogState } from './log-writer.ts';
import { signCheckpoint } from './note.ts';
import { OpenCalls } from './open-calls.ts';
import { readState, writeState } from './state.ts';

export interface SealerOptions {
  readonly journalDir: string;
  /** Made with mode 0700. */
  readonly dir: string;
  readonly nodeId: string;
  readonly keys: ProofKeys;
  /** Wall clock, milliseconds. */
  readonly now: () => number;
}

export interface SealStep {
  /** True: there is more to read at once. */
  readonly more: boolean;
  /** Everything before this is in its log, and on disk. */
  readonly position: JournalPosition;
  /** The first record ever that was not what was written when its turn came; it is in no log. */
  readonly damage: JournalDamage | undefined;
  /** Where a restart begins to read: nothing before it is needed any more. */
  readonly reread: JournalPosition;
}

export interface Sealer {
  /** Put the next records into their logs. @throws whatever kept it from that; it may be called again */
  step(): Promise<SealStep>;
  /** Sign a checkpoint of every log that grew. @returns those logs @throws what kept it from that; it may be called again */
  checkpoint(): string[];
}

const linesPerStep = 5_000;
/** Logs kept ready; the others are opened again when they grow. */
const mostWriters = 200;
const syncData = promisify(fdatasync);

/**
 * Puts the journal's records into the logs of their workspaces. Everything a step wrote is on disk before the state
 * says so, and what a state does not speak of is written over: a record is in its log once, whenever the process dies.
 */
export function createSealer({ journalDir, dir, nodeId, keys, now }: SealerOptions): Sealer {
  let position: JournalPosition | undefined;
  let link: ChainLink = unknownLink;
  let calls = new OpenCalls();
  let damage: JournalDamage | undefined;
  let logs = new Map<string, LogState>();
  let writers = new Map<string, LogWriter>();
  const grown = new Set<string>();
  let signedWith: string | undefined;

  async function step(): Promise<SealStep> {
    try {
      position ??= resume();
      return await advance(position);
    } catch (error) {
      // What is in memory may be ahead of the disk: begin again from the state.
      position = undefined;
      throw error;
    }
  }

  function resume(): JournalPosition {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const state = readState(dir);
    if (state !== undefined && state.node !== nodeId)
      throw new Error(`The logs of proof in ${dir} are of node ${state.node}, not of ${nodeId}.`);
    for (const writer of writers.values()) writer.close();
    writers = new Map();
    calls = new OpenCalls();
    logs = new Map(Object.entries(state?.logs ?? {}));
    damage = state?.damage;
    link = state?.link ?? unknownLink;
    // After a start nobody knows which checkpoints were signed; signing one again changes nothing.
    for (const [log, { size }] of logs) if (size > 0) grown.add(log);
    if (state !== undefined) rememberCalls(state.reread, state.position);
    return state?.position ?? { segment: '', byteOffset: 0 };
  }

  /** Read again what is sealed already, to know which calls are still open. */
  function rememberCalls(from: JournalPosition, to: JournalPosition): void {
    for (const segment of segmentsFrom(from)) {
      if (comparePositions({ segment, byteOffset: 0 }, to) >= 0) return;
      for (const line of checkLines(journalDir, segment, unknownLink, segment === from.segment ? from.byteOffset : 0)) {
        if (segment === to.segment && line.end > to.byteOffset) return;
        if (line.whole) calls.place(line.text, segment, line.offset);
      }
    }
  }

  const segmentsFrom = ({ segment }: JournalPosition): string[] =>
    listSegments(journalDir).filter(
      (name) => comparePositions({ segment: name, byteOffset: 0 }, { segment, byteOffset: 0 }) >= 0,
    );

  async function advance(from: JournalPosition): Promise<SealStep> {
    let at = from;
    let lines = 0;
    const touched = new Map<string, LogWriter>();
    // Listed before reading: nothing is added to a segment once a later one exists.
    const segments = segmentsFrom(from);
    for (const [i, segment] of segments.entries()) {
      const start = segment === from.segment ? from.byteOffset : 0;
      at = { segment, byteOffset: start };
      const durable = await syncFile(join(journalDir, segment), start);
      for (const line of checkLines(journalDir, segment, link, start)) {
        if (line.end > durable || (!line.whole && i === segments.length - 1)) break;
        link = line.link;
        at = { segment, byteOffset: line.end };
        // Where only others are missing before it, a record is still what was written.
        const refused = isWhole(line.fault) ? take(line, segment, touched) : undefined;
        const fault = line.fault ?? refused;
        if (fault !== undefined) damage ??= { segment, line: link.line, seq: line.seq, reason: fault };
        if (++lines >= linesPerStep) break;
      }
      if (lines >= linesPerStep) break;
    }
    if (lines > 0) await save(touched, at);
    position = at;
    return { more: lines >= linesPerStep, position: at, damage, reread: calls.oldest() ?? at };
  }

  /** @returns why the record cannot be in a log */
  function take(line: CheckedLine, segment: string, touched: Map<string, LogWriter>): string | undefined {
    const { text, offset: byteOffset, end, bytes, at, link: reached } = line;
    const place = calls.place(text, segment, byteOffset);
    if (place === undefined) return 'the record has no time or no kind';
    const { log, day } = place;
    let writer = touched.get(log);
    if (writer === undefined) {
      writer = writers.get(log) ?? openWriter(log);
      // Last in the order of use.
      writers.delete(log);
      writers.set(log, writer);
      touched.set(log, writer);
      grown.add(log);
    }
    const { epoch, seq } = reached;
    return writer.add({ epoch, seq, day }, bytes, at, at + end - byteOffset)
      ? undefined
      : 'its log has this record or a later one already';
  }

  function openWriter(log: string): LogWriter {
    try {
      return new LogWriter(join(dir, log), logs.get(log) ?? emptyLog);
    } catch (cause) {
      throw new Error(`The log of proof ${log} cannot be added to: ${(cause as Error).message}.`, { cause });
    }
  }

  async function save(touched: ReadonlyMap<string, LogWriter>, at: JournalPosition): Promise<void> {
    for (const [log, writer] of touched) logs.set(log, await writer.write());
    const reread = calls.oldest() ?? at;
    writeState(dir, { node: nodeId, position: at, reread, link, logs: Object.fromEntries(logs), damage });
    for (const log of writers.keys()) {
      if (writers.size <= mostWriters) break;
      writers.delete(log);
    }
  }

  function checkpoint(): string[] {
    // Between a failed step and the next nothing in memory is to be believed.
    if (position === undefined || logs.size === 0) return [];
    const signed: string[] = [];
    const { privateKey, publicKey } = keys.current();
    // A log at rest is vouched for by the new key, too.
    if (signedWith !== publicKey) for (const [log, { size }] of logs) if (size > 0) grown.add(log);
    signedWith = publicKey;
    for (const log of grown) {
      const { size, root } = headOf(log);
      const note = signCheckpoint({ origin: originOf(nodeId, log), size, root }, privateKey);
      if (appendCheckpoint(join(dir, log), note, now())) signed.push(log);
      grown.delete(log);
    }
    return signed;
  }

  function headOf(log: string): { size: number; root: Buffer } {
    const writer = writers.get(log) ?? openWriter(log);
    return { size: writer.state.size, root: writer.root() };
  }

  return { step, checkpoint };
}

/**
 * What a log holds must not be ahead of the journal when the machine stops.
 * @param from byte before which nothing will be read
 * @returns how many bytes of the file are on disk
 */
async function syncFile(path: string, from: number): Promise<number> {
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    if (size > from) await syncData(fd);
    return size;
  } finally {
    closeSync(fd);
  }
}
