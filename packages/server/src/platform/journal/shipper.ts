import { Worker } from 'node:worker_threads';
import type { Log } from '../log.ts';
import type { Journal, JournalDamage } from './journal.ts';
import { trimJournal } from './trim.ts';
import type { FromWorker, ProofWork, ShipperWork, ShipTarget, ToWorker } from './shipper-messages.ts';

export interface ShipperOptions {
  readonly dir: string;
  readonly nodeId: string;
  readonly journal: Journal;
  readonly target: ShipTarget;
  readonly proof: ProofWork;
  readonly log: Log;
  /** Told which logs of proof have a new checkpoint. It must not throw. */
  readonly onCheckpoints?: (logs: readonly string[]) => void;
  /** Told once a day, when rows past their retention have been deleted and the clock was found right. It must not throw. */
  readonly onRetention?: () => void;
}

export interface Shipper extends AsyncDisposable {
  /** Resolves when every call that has ended so far is in the table; waits while the database is away. */
  drained(): Promise<void>;
  /** Resolves when every record so far is in its log of proof and under a signed checkpoint; waits while that fails. */
  sealed(): Promise<void>;
  readonly health: ShipperHealth;
  /** The same of the sealing of records. */
  readonly sealing: ShipperHealth;
}

export interface ShipperHealth {
  readonly ok: boolean;
  /** Why not; for an operator. */
  readonly reason: string | undefined;
  /** The first record that was not what was written. */
  readonly damage: JournalDamage | undefined;
}

interface Waiting {
  readonly kind: 'drain' | 'seal';
  readonly upTo: Journal['position'];
  resolve(): void;
  reject(error: Error): void;
}

/** Milliseconds writes are gathered before the worker is woken. */
const nudgeEveryMs = 250;
const stopWaitMs = 5_000;
const firstRestartMs = 500;
const longestRestartMs = 5_000;

/**
 * Copy the journal into `mcp_tool_calls` on a thread of its own, so that neither parsing nor the database ever holds
 * up a call. The worker sleeps until it is told of new records; if it dies it is started again and begins from its
 * cursor.
 */
export function startShipper(options: ShipperOptions): Shipper {
  const { dir, nodeId, journal, target, proof, log, onCheckpoints, onRetention } = options;
  if (target.kind === 'sqlite' && target.file === ':memory:') {
    throw new RangeError('The shipper opens the database itself and cannot reach one in memory; use a file.');
  }
  const workerData: ShipperWork = { dir, nodeId, target, proof };
  const waiting = new Map<number, Waiting>();
  let nextId = 0;
  let reason: string | undefined;
  let damage: JournalDamage | undefined;
  let sealReason: string | undefined;
  let sealDamage: JournalDamage | undefined;
  let nudgeTimer: NodeJS.Timeout | undefined;
  let restartTimer: NodeJS.Timeout | undefined;
  let restartMs = firstRestartMs;
  let stopping = false;
  let worker = start();

  function start(): Worker {
    const fresh = new Worker(new URL('./shipper-worker.ts', import.meta.url), {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 8 },
    });
    fresh.unref();
    fresh.on('message', (message: FromWorker) => heard(message));
    fresh.on('error', (error) => {
      reason = error.message;
      log.error({ err: error }, 'journal shipper failed');
    });
    fresh.on('exit', () => {
      if (stopping) return;
      restartTimer = setTimeout(restart, restartMs).unref();
      restartMs = Math.min(restartMs * 2, longestRestartMs);
    });
    return fresh;
  }

  function restart(): void {
    worker = start();
    if (waiting.size > 0) worker.ref();
    for (const [id, { kind, upTo }] of waiting) tell({ kind, id, upTo });
  }

  function heard(message: FromWorker): void {
    switch (message.kind) {
      case 'drained':
      case 'sealed':
        waiting.get(message.id)?.resolve();
        waiting.delete(message.id);
        if (waiting.size === 0) worker.unref();
        break;
      case 'failing':
        if (reason === undefined) log.warn({ reason: message.reason }, 'journal is not copied to the database');
        reason = message.reason;
        break;
      case 'recovered':
        restartMs = firstRestartMs;
        if (reason !== undefined) log.info('journal is copied to the database again');
        reason = undefined;
        break;
      case 'damage':
        if (damage === undefined) log.error({ damage: message.damage }, 'journal: a record is damaged');
        damage ??= message.damage;
        break;
      case 'checkpoints':
        onCheckpoints?.(message.logs);
        break;
      case 'seal-failing':
        log.error({ reason: message.reason }, 'records are not put into their logs of proof');
        sealReason = message.reason;
        break;
      case 'seal-recovered':
        log.info('records are put into their logs of proof again');
        sealReason = undefined;
        break;
      case 'seal-damage':
        if (sealDamage === undefined)
          log.error({ damage: message.damage }, 'a record of the journal is damaged and in no log of proof');
        sealDamage ??= message.damage;
        break;
      case 'trim':
        trimJournal(dir, journal, message.trim).then(
          () => log.info({ trim: message.trim }, 'segments of the journal that have done their work were deleted'),
          (error: unknown) => log.warn({ err: error }, 'segments of the journal could not be deleted'),
        );
        break;
      case 'purged':
        if (message.rows > 0) log.info({ rows: message.rows }, 'rows past their retention were deleted');
        if (message.held > 0) log.info({ calls: message.held }, 'calls past their retention are kept by legal holds');
        onRetention?.();
        break;
      case 'purge-withheld':
        log.warn({ reason: message.reason }, 'no rows were deleted');
        break;
    }
  }

  const tell = (message: ToWorker): void => worker.postMessage(message);

  const subscription = journal.onWrite(() => {
    nudgeTimer ??= setTimeout(() => {
      nudgeTimer = undefined;
      tell({ kind: 'nudge' });
    }, nudgeEveryMs).unref();
  });

  async function stop(): Promise<void> {
    stopping = true;
    subscription[Symbol.dispose]();
    clearTimeout(nudgeTimer);
    clearTimeout(restartTimer);
    const exited = new Promise((resolve) => worker.once('exit', resolve));
    worker.ref();
    tell({ kind: 'stop' });
    // An exited worker tells nobody again; its thread id says so.
    if (worker.threadId !== -1) {
      const late = setTimeout(() => void worker.terminate(), stopWaitMs);
      await exited;
      clearTimeout(late);
    }
    for (const { reject } of waiting.values()) reject(new Error('The journal shipper was stopped.'));
    waiting.clear();
  }

  async function reach(kind: 'drain' | 'seal'): Promise<void> {
    await journal.flush();
    const upTo = journal.position;
    const id = nextId++;
    await new Promise<void>((resolve, reject) => {
      waiting.set(id, { kind, upTo, resolve, reject });
      worker.ref();
      tell({ kind, id, upTo });
    });
  }

  let stopped: Promise<void> | undefined;
  return {
    drained: () => reach('drain'),
    sealed: () => reach('seal'),
    get health() {
      return { ok: reason === undefined, reason, damage };
    },
    get sealing() {
      return { ok: sealReason === undefined, reason: sealReason, damage: sealDamage };
    },
    [Symbol.asyncDispose]: () => (stopped ??= stop()),
  };
}
