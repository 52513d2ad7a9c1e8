import { unavailable, type AppError } from '../../domain/errors.ts';
import { isoTimes } from '../clock.ts';
import type { Log } from '../log.ts';
import { LineComposer, lineStart } from './chain.ts';
import { encodeGap, encodeOutcome } from './encode.ts';
import { createFlushWatch } from './flush-watch.ts';
import type { Receipt } from './records.ts';
import type { SegmentFiles } from './segment-files.ts';

/** A record waiting to be written: its fields as JSON text, and whoever waits for it. */
export interface Entry {
  readonly kind: 'intent' | 'outcome' | 'denied' | 'mark';
  readonly fields: string;
  /** Wall clock, milliseconds. */
  readonly at: number;
  /** Calls it stands for. */
  readonly count: number;
  readonly waiter: Waiter | undefined;
}

export interface Waiter {
  readonly callId: string;
  readonly strict: boolean;
  resolve(receipt: Receipt): void;
  reject(error: AppError): void;
}

export interface WriterOptions {
  readonly files: SegmentFiles;
  readonly log: Log;
  readonly node: string;
  readonly epoch: number;
  /** Digest the first record is chained to. */
  readonly prev: string;
  /** Milliseconds written records of mode `available` may wait for their flush. */
  readonly syncEveryMs: number;
  /** Milliseconds strict calls wait for a flush before they are refused. */
  readonly lateAfterMs: number;
  readonly now: () => number;
  readonly monotonic: () => number;
  readonly sign: (fields: string) => string;
  readonly onWrite: () => void;
}

interface Written {
  readonly entry: Entry;
  readonly receipt: Receipt;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
/** Turns of the event loop that a flush may wait for more to flush. */
const mostTurns = 16;
const firstRetryMs = 250;
const longestRetryMs = 2_000;

/**
 * Group commit. Everything queued in one turn of the event loop is one write; there is no timer, so a lone record
 * waits for nothing. Flushes run one at a time beside it: whatever was written before a flush began is covered by it,
 * and the next group forms meanwhile.
 *
 * Numbers are given out when the write has succeeded and not before, so a failed write leaves no hole.
 */
export function createWriter(options: WriterOptions) {
  const { files, log, node, epoch, prev, syncEveryMs, now, sign, onWrite } = options;
  const { monotonic, lateAfterMs } = options;
  const start = lineStart(node, epoch);
  const composer = new LineComposer();
  let queue: Entry[] = [];
  let scheduled = false;
  let closed = false;

  let seq = 0;
  let confirmedSeq = 0;
  let chain = prev;

  /** Written, promised to nobody before the next flush. */
  let awaitingFlush: Written[] = [];
  /** The same, and the flush under way covers them. */
  let covered: Written[] = [];
  let dirty = false;
  let syncing: Promise<void> | undefined;
  let syncTimer: NodeJS.Timeout | undefined;
  let syncFailures = 0;
  const flushes = createFlushWatch({ monotonic, lateAfterMs, onLate: flushIsLate });

  let failing: { reason: string; retryMs: number } | undefined;
  let retryTimer: NodeJS.Timeout | undefined;
  const lost = { calls: 0, denials: 0 };

  const isoOf = isoTimes();

  function push(entry: Entry): void {
    const stuck = failing !== undefined ? entry.kind !== 'outcome' : flushes.late() && isStrictCall(entry);
    if (closed || stuck) {
      lose(entry);
      return;
    }
    queue.push(entry);
    schedule();
  }

  function schedule(): void {
    if (scheduled || failing !== undefined) return;
    scheduled = true;
    setImmediate(writeGroup);
  }

  function writeGroup(): void {
    scheduled = false;
    if (failing !== undefined || queue.length === 0) return;
    const group = queue;
    queue = [];
    try {
      append(group);
    } catch (error) {
      stop(error, group);
    }
  }

  /** Write all of the group or none of it. */
  function append(group: readonly Entry[]): void {
    let link = files.ready(isoOf(group[0]!.at).slice(0, 10)) ? `"prev":"${chain}",` : '';
    let last = chain;
    let next = seq;
    composer.begin(last);
    for (const entry of group) {
      last = composer.add(`${start}${++next},${link}"t":"${isoOf(entry.at)}",${entry.fields}`);
      link = '';
    }
    try {
      files.append(composer.lines(), seq);
    } catch (error) {
      if (!files.hasCurrent()) {
        // Some of the group may be in the file for good: its numbers are spent, and what is refused is said to be.
        seq = next;
        for (const { kind, waiter } of group)
          if (kind === 'intent' && waiter?.strict) queue.push(refusal(waiter.callId));
      }
      throw error;
    }
    const before = seq;
    seq = next;
    chain = last;
    dirty = true;
    for (let i = 0; i < group.length; i++) {
      const entry = group[i]!;
      if (entry.waiter === undefined) continue;
      const receipt: Receipt = { node, epoch, seq: before + i + 1, gap: false };
      if (entry.waiter.strict) awaitingFlush.push({ entry, receipt });
      else entry.waiter.resolve(receipt);
    }
    if (awaitingFlush.length > 0) void requestSync();
    else syncTimer ??= setTimeout(syncDue, syncEveryMs).unref();
    onWrite();
  }

  function stop(error: unknown, group: readonly Entry[]): void {
    const reason = describe(error);
    if (failing === undefined) {
      log.error({ err: error }, 'journal cannot be written');
      failing = { reason, retryMs: firstRetryMs };
      retryTimer = setTimeout(() => void recover(), failing.retryMs);
    } else failing.reason = reason;
    // Outcomes stay: there are at most as many as calls in flight, and each one answers an intent on disk.
    queue = [...group.filter((entry) => entry.kind === 'outcome'), ...queue];
    for (const entry of group) if (entry.kind !== 'outcome') lose(entry);
  }

  function lose({ kind, count, waiter }: Entry): void {
    if (kind === 'denied') lost.denials += count;
    if (waiter === undefined) return;
    if (waiter.strict) {
      const detail = failure() ?? 'the journal is closed';
      waiter.reject(unavailable(notProven, { detail, retryAfterMs: longestRetryMs }));
    } else {
      lost.calls++;
      waiter.resolve({ node, epoch, seq: 0, gap: true });
    }
  }

  function gapEntry(reason: string): Entry {
    const gap = { reason, lostCalls: lost.calls, lostDenials: lost.denials, sealed: files.sealed() };
    return { kind: 'mark', fields: encodeGap(gap, sign), at: now(), count: 0, waiter: undefined };
  }

  /** Try to write again, beginning with what is missing. The journal counts as failing until that is on disk. */
  async function recover(): Promise<void> {
    retryTimer = undefined;
    if (failing === undefined) return;
    const { reason } = failing;
    const told = lost.calls + lost.denials;
    const held = queue;
    queue = [];
    try {
      append([gapEntry(reason), ...held]);
    } catch (error) {
      queue = [...held, ...queue];
      retryLater(describe(error));
      return;
    }
    const failuresBefore = syncFailures;
    await requestSync();
    if (syncFailures > failuresBefore) {
      queue = [...held, ...queue];
      retryLater(failing.reason);
      return;
    }
    failing = undefined;
    log.info({ lostCalls: lost.calls, lostDenials: lost.denials }, 'journal is written again');
    if (lost.calls + lost.denials > told) push(gapEntry(reason));
    if (queue.length > 0) schedule();
  }

  function retryLater(reason: string): void {
    if (failing === undefined || closed) return;
    failing = { reason, retryMs: Math.min(failing.retryMs * 2, longestRetryMs) };
    retryTimer = setTimeout(() => void recover(), failing.retryMs);
  }

  function syncDue(): void {
    syncTimer = undefined;
    void requestSync();
  }

  /** Resolves when everything written so far is on disk, or flushing it has failed. */
  function requestSync(): Promise<void> {
    return (syncing ??= syncWritten());
  }

  /**
   * A flush costs the processor as much as a call does, so calls that have just arrived share it: as long as each turn
   * of the event loop brings more of them. A lone one waits for a turn that brings nothing.
   */
  async function latecomers(): Promise<void> {
    for (let turns = 0, known = -1; known < awaitingFlush.length && turns < mostTurns; turns++) {
      known = awaitingFlush.length;
      await turn();
    }
  }

  async function syncWritten(): Promise<void> {
    do {
      await latecomers();
      dirty = false;
      covered = awaitingFlush;
      awaitingFlush = [];
      const upTo = seq;
      try {
        await flushes.over(files.sync());
      } catch (error) {
        syncFailed(error);
        break;
      }
      confirmedSeq = upTo;
      syncFailures = 0;
      files.confirm(upTo);
      for (const { entry, receipt } of covered) entry.waiter!.resolve(receipt);
    } while (awaitingFlush.length > 0);
    syncing = undefined;
    // What came meanwhile and nobody waits for has its time, or a busy journal would flush without a pause.
    if (dirty && failing === undefined) syncTimer ??= setTimeout(syncDue, syncEveryMs).unref();
  }

  /** What nobody was promised yet is written anew, once, into another file. */
  function syncFailed(error: unknown): void {
    syncFailures++;
    dirty = false;
    const promised = [...covered, ...awaitingFlush].map(({ entry }) => entry);
    covered = [];
    awaitingFlush = [];
    files.giveUp(confirmedSeq);
    log.error({ err: error, sealed: files.sealed() }, 'journal segment given up: flushing it failed');
    if (failing === undefined && syncFailures === 1) {
      queue = [gapEntry(`flush failed: ${describe(error)}`), ...promised, ...queue];
      writeGroup();
      return;
    }
    // The intents may be in the file although their calls never happen: say so, or they would stay open for ever.
    for (const { kind, waiter } of promised)
      if (kind === 'intent' && waiter !== undefined) queue.push(refusal(waiter.callId));
    stop(error, promised);
  }

  /** The disk may be at it for ever: whoever needs it is refused meanwhile, whoever does not is recorded as ever. */
  function flushIsLate(): void {
    log.error({ lateAfterMs }, 'journal: a flush to disk does not end; strict calls are refused until it does');
    // From here on none is taken; those taken before must be among the ones refused.
    writeGroup();
    const calls = [...covered, ...awaitingFlush].filter(({ entry }) => isStrictCall(entry));
    covered = covered.filter(({ entry }) => !isStrictCall(entry));
    awaitingFlush = awaitingFlush.filter(({ entry }) => !isStrictCall(entry));
    for (const { entry } of calls) {
      lose(entry);
      queue.push(refusal(entry.waiter!.callId));
    }
    writeGroup();
  }

  const failure = (): string | undefined => failing?.reason ?? (flushes.late() ? flushLate : undefined);

  function refusal(callId: string): Entry {
    const fields = encodeOutcome({ callId, ...refused });
    return { kind: 'outcome', fields, at: now(), count: 1, waiter: undefined };
  }

  async function flush(): Promise<void> {
    writeGroup();
    // One under way may have begun too early to cover the last records.
    await syncing;
    if (dirty && failing === undefined) await requestSync();
  }

  async function close(): Promise<void> {
    clearTimeout(retryTimer);
    if (failing !== undefined) await recover();
    await flush();
    closed = true;
    clearTimeout(retryTimer);
    clearTimeout(syncTimer);
    files.close();
  }

  return {
    push,
    flush,
    close,
    /** Why the journal is failing now, if it is. */
    failure,
    flushMs: flushes.latestMs,
    /** Calls and denials not recorded. */
    lost: (): number => lost.calls + lost.denials,
  };
}

const isStrictCall = (entry: Entry): boolean => entry.kind === 'intent' && entry.waiter?.strict === true;

const flushLate = 'a flush to disk does not end';
const notProven = 'The audit journal cannot be written, and this workspace requires proof of every call.';

const refused = {
  outcome: 'refused',
  status: 503,
  errorCode: 'unavailable',
  latencyMs: 0,
  upstreamMs: null,
  bytesOut: 0,
  dispatched: false,
} as const;

/** The system's own short name of the fault, such as ENOSPC. */
const describe = (error: unknown): string => {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : error instanceof Error ? error.message : String(error);
};
