import { Worker } from 'node:worker_threads';
import type { Log } from '../log.ts';
import type { Journal, JournalDamage } from './journal.ts';
import type { FromWorker, ShipperWork, ShipTarget, ToWorker } from './shipper-messages.ts';

export interface ShipperOptions {
  readonly dir: string;
  readonly nodeId: string;
  readonly journal: Journal;
  readonly target: ShipTarget;
  readonly log: Log;
}

export interface Shipper extends AsyncDisposable {
  /** Resolves when every call that has ended so far is in the table; waits while the database is away. */
  drained(): Promise<void>;
  readonly health: {
    readonly ok: boolean;
    readonly reason: string | undefined;
    readonly damage: JournalDamage | undefined;
  };
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
  const { dir, nodeId, journal, target, log } = options;
  if (target.kind === 'sqlite' && target.file === ':memory:') {
    throw new RangeError('The shipper opens the database itself and cannot reach one in memory; use a file.');
  }
  const workerData: ShipperWork = { dir, nodeId, target };
  const waiting = new Map<number, { upTo: Journal['position']; resolve: () => void; reject: (error: Error) => void }>();
  let nextId = 0;
  let reason: string | undefined;
  let damage: JournalDamage | undefined;
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
    for (const [id, { upTo }] of waiting) tell({ kind: 'drain', id, upTo });
  }

  function heard(message: FromWorker): void {
    switch (message.kind) {
      case 'drained':
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
      case 'purged':
        log.info({ rows: message.rows }, 'rows past their retention were deleted');
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

  let stopped: Promise<void> | undefined;
  return {
    async drained() {
      await journal.flush();
      const upTo = journal.position;
      const id = nextId++;
      await new Promise<void>((resolve, reject) => {
        waiting.set(id, { upTo, resolve, reject });
        worker.ref();
        tell({ kind: 'drain', id, upTo });
      });
    },
    get health() {
      return { ok: reason === undefined, reason, damage };
    },
    [Symbol.asyncDispose]: () => (stopped ??= stop()),
  };
}
