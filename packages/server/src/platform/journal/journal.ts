import { closeSync, openSync } from 'node:fs';
import { AppError, unavailable } from '../../domain/errors.ts';
import type { Clock } from '../clock.ts';
import { createKeyedDigest } from '../keyed-digest.ts';
import type { Log } from '../log.ts';
import { signedText } from './chain.ts';
import { createDenials } from './denials.ts';
import { nodeDisk, type Disk } from './disk.ts';
import {
  encodeDenied,
  encodeEpoch,
  encodeEvent,
  encodeIntent,
  encodeOutcome,
  encodePurge,
  encodeTrim,
} from './encode.ts';
import type {
  CallIntent,
  CallOutcome,
  DeniedCall,
  EventRecord,
  PurgedRange,
  Receipt,
  TrimmedJournal,
} from './records.ts';
import { inherit, type Inheritance } from './restart.ts';
import { createSegmentFiles } from './segment-files.ts';
import { createWriter } from './writer.ts';

/**
 * The append-only record of every tools/call on this node: the evidence. The table `mcp_tool_calls` is a view of it
 * that the shipper fills.
 *
 * A call is two records: an *intent* before its first byte leaves for the upstream, an *outcome* after. A call refused
 * before that is one record, *denied*. What people change and read is an *event*, whose text is in `audit_events` and
 * which says here what that text must be. What the journal itself has to say is a *gap* (what could not be written), an
 * *epoch* (a start, and what the last run left torn), a *purge* (records that a log of proof lost on purpose) or a
 * *trim* (segments of the journal that have done their work); these are signed.
 *
 * - Order is by number, not by time: (node, epoch, seq) has no hole. Each start of the process is a new epoch.
 * - Each line carries the SHA-256 of the line before it and itself, so what was written cannot be changed, removed or
 *   moved without `verifyJournal` naming the place. Cutting off the newest end is seen once the next start is recorded;
 *   who can rewrite the whole folder can rewrite the chain, so copies elsewhere are what settles a dispute.
 * - A receipt in mode `available` survives the death of the process, in mode `strict` that of the machine too.
 * - When the disk fails, strict calls are refused and available ones go on and are counted; writing is tried again
 *   every two seconds at most, and what was lost is the first thing written.
 * - Records hold metadata. No value of an argument or a result has a field to be in.
 *
 * Files: `{epoch}-{number}-{day}.jsonl`, one record a line, read by anything; `epoch`, the last one used;
 * `*.torn-{epoch}`, bytes cut off a tail; `retention.json`, when rows were last deleted.
 */
export interface Journal extends AsyncDisposable {
  /**
   * Record that a call is about to be sent. `available` resolves once the record is written to the operating system
   * (it survives the death of the process) and never rejects: when the journal cannot be written the receipt says
   * `gap`. `strict` resolves once the record is on disk.
   * @throws AppError `unavailable` in strict mode when the record could not be made durable within two seconds: no
   * receipt, no call
   */
  intent(record: CallIntent, mode: JournalMode): Promise<Receipt>;
  /** Record how the call ended. Never throws, never blocks; written with the next group. */
  outcome(receipt: Receipt, record: CallOutcome): void;
  /** Record a call that was refused before dispatch. Never throws, never blocks; bursts are written as one record. */
  denied(record: DeniedCall): void;
  /**
   * Record an audit event; resolves once it is on disk.
   * @throws AppError `unavailable` when that is not sure: it is to be recorded again, under the same id
   */
  event(record: EventRecord): Promise<Receipt>;
  /**
   * Record, before it is done, that records will be deleted from a log of proof; resolves once that is on disk.
   * @throws AppError `unavailable` when it could not be made durable
   */
  purge(range: PurgedRange): Promise<void>;
  /** The same before segments of the journal itself are deleted. @throws AppError `unavailable` */
  trim(trim: TrimmedJournal): Promise<void>;
  /** Tell the listener, at most once per group written, that there is more to read. It must not throw. */
  onWrite(listener: () => void): Disposable;
  /** Where the next record will be written: all before it is in the file. */
  readonly position: JournalPosition;
  readonly health: JournalHealth;
  /** Resolves when everything recorded so far is on disk, or the journal is known to be failing. Never rejects. */
  flush(): Promise<void>;
}

export type JournalMode = 'available' | 'strict';

export interface JournalPosition {
  /** File name of the segment. */
  readonly segment: string;
  readonly byteOffset: number;
}

export interface JournalHealth {
  /** False while records cannot be written or flushed. */
  readonly ok: boolean;
  /** Why not; safe to show to an operator. */
  readonly reason: string | undefined;
  /** Records lost so far because the journal could not be written (available mode and denials). */
  readonly gaps: number;
  /** Milliseconds the latest flush to disk took, or has taken so far. */
  readonly flushMs: number;
  /** First record found damaged in what earlier runs wrote. */
  readonly damage: JournalDamage | undefined;
}

export interface JournalDamage {
  readonly segment: string;
  /** Counted from 1. */
  readonly line: number;
  /** Sequence number of the damaged record, as far as it can be read or counted. */
  readonly seq: number;
  readonly reason: string;
}

export interface JournalOptions {
  /** Folder of the segments; created with mode 0700. */
  readonly dir: string;
  /** Names this node in every record: letters, digits, `.`, `_` and `-`. */
  readonly nodeId: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Signs gap and epoch records (HMAC-SHA-256): from `vault.deriveKey('journal')`. */
  readonly macKey: Buffer;
  /** Highest epoch of this node that is in the database, so that a lost folder cannot make numbers repeat. */
  readonly afterEpoch?: number;
  /** A segment is closed at this size. Default 16 MiB. */
  readonly segmentBytes?: number;
  /** Default: the file system. */
  readonly disk?: Disk;
}

/**
 * Open the journal of this node: repair what a crash left, start a new epoch, and write its first record to disk.
 * @throws AppError `unavailable` when the folder cannot be written; the message names the remedy
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { dir, nodeId, clock, log } = options;
  if (!/^[\w.-]{1,64}$/.test(nodeId)) throw new RangeError('nodeId: 1 to 64 letters, digits, ".", "_" or "-".');
  const digest = createKeyedDigest(options.macKey);
  const listeners = new Set<() => void>();
  let past: Inheritance;
  let dirFd: number;
  try {
    past = inherit(dir, options.afterEpoch ?? 0);
    dirFd = openSync(dir, 'r');
  } catch (error) {
    throw cannotWrite(dir, error);
  }
  if (past.repaired !== null)
    log.warn({ repaired: past.repaired }, 'journal: a torn tail was cut off and kept beside the segment');
  if (past.damage !== undefined) log.error({ damage: past.damage }, 'journal: a record of an earlier run is damaged');

  const sign = (fields: string): string => digest(signedText(nodeId, past.epoch, fields));
  const { epoch, prev } = past;
  const segmentBytes = options.segmentBytes ?? 16 * 1024 * 1024;
  const files = createSegmentFiles({ dir, dirFd, disk: options.disk ?? nodeDisk, log, epoch, segmentBytes });
  const writer = createWriter({
    files,
    log,
    node: nodeId,
    epoch,
    prev,
    syncEveryMs: 200,
    lateAfterMs: 2_000,
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    sign,
    onWrite: () => {
      for (const listener of listeners) listener();
    },
  });
  const denials = createDenials({
    monotonic: () => clock.monotonic(),
    write: (record, count) =>
      writer.push({ kind: 'denied', fields: encodeDenied(record, count), at: clock.now(), count, waiter: undefined }),
  });
  const mark = (fields: string): Promise<Receipt> =>
    new Promise((resolve, reject) => {
      const waiter = { callId: '', strict: true, resolve, reject };
      writer.push({ kind: 'mark', fields, at: clock.now(), count: 0, waiter });
    });
  const close = async (): Promise<void> => {
    denials.flush();
    await writer.close();
    closeSync(dirFd);
  };

  try {
    await mark(encodeEpoch({ repaired: past.repaired }, sign));
  } catch (error) {
    await close();
    throw cannotWrite(dir, error);
  }

  let closing: Promise<void> | undefined;
  return {
    intent: (record, mode) =>
      new Promise((resolve, reject) => {
        const waiter = { callId: record.callId, strict: mode === 'strict', resolve, reject };
        writer.push({ kind: 'intent', fields: encodeIntent(record), at: clock.now(), count: 1, waiter });
      }),
    outcome(receipt, record) {
      // Without an intent there is nothing to complete; the gap record counts the call.
      if (receipt.gap) return;
      writer.push({ kind: 'outcome', fields: encodeOutcome(record), at: clock.now(), count: 1, waiter: undefined });
    },
    denied: (record) => denials.add(record),
    purge: async (range) => void (await mark(encodePurge(range, sign))),
    trim: async (trim) => void (await mark(encodeTrim(trim, sign))),
    event: (record) => mark(encodeEvent(record)),
    onWrite(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    get position() {
      return files.position();
    },
    get health() {
      const reason = writer.failure();
      return {
        ok: reason === undefined,
        reason,
        gaps: writer.lost(),
        flushMs: writer.flushMs(),
        damage: past.damage,
      };
    },
    async flush() {
      denials.flush();
      await writer.flush();
    },
    [Symbol.asyncDispose]: () => (closing ??= close()),
  };
}

const cannotWrite = (dir: string, cause: unknown) =>
  unavailable(
    `The audit journal in ${dir} cannot be written (${cause instanceof AppError ? cause.detail : (cause as Error).message}). ` +
      'Give the folder to the user MCPNest runs as and make room on its disk, then start again.',
    { cause },
  );
