import { Worker } from 'node:worker_threads';
import type { ShipTarget } from '../journal/shipper-messages.ts';
import type { Log } from '../log.ts';
import type { FromSinksWorker, SinksWork, ToSinksWorker } from './messages.ts';
import type { SendParcel } from './send.ts';

export interface SinksOptions {
  readonly nodeId: string;
  readonly target: ShipTarget;
  readonly send: SendParcel;
  /** Whether there are sinks at all. */
  readonly wanted: () => Promise<boolean>;
  readonly log: Log;
}

/** The thread that sends to sinks. */
export interface Sinks extends AsyncDisposable {
  readonly health: { readonly ok: boolean };
}

const stopWaitMs = 3_000;
const restartMs = 1_000;
const lookEveryMs = 2_000;

/**
 * Send records to where people want them, on a thread of its own: it reads the database, which holds everything until
 * retention, so nothing waits in memory and no call waits for a receiver. If it dies it is started again and goes on
 * from what it has saved. Where there is no sink there is no thread.
 */
export function startSinks({ nodeId, target, send, wanted, log }: SinksOptions): Sinks {
  if (target.kind === 'sqlite' && target.file === ':memory:') {
    throw new RangeError('The sinks open the database themselves and cannot reach one in memory; use a file.');
  }
  const workerData: SinksWork = { nodeId, target };
  let ok = true;
  let stopping = false;
  let restartTimer: NodeJS.Timeout | undefined;
  let worker: Worker | undefined;
  // Whoever makes the first one may be another process.
  const look = setInterval(() => {
    wanted().then(
      (some) => {
        if (!some || worker !== undefined || stopping) return;
        clearInterval(look);
        worker = start();
      },
      // The database is away, as others say; it is asked again.
      () => undefined,
    );
  }, lookEveryMs).unref();

  function start(): Worker {
    const fresh = new Worker(new URL('./sinks-worker.ts', import.meta.url), {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 8 },
    });
    fresh.unref();
    fresh.on('message', (message: FromSinksWorker) => void heard(fresh, message));
    fresh.on('error', (error) => {
      ok = false;
      log.error({ err: error }, 'sinks failed');
    });
    fresh.on('exit', () => {
      if (!stopping) restartTimer = setTimeout(() => (worker = start()), restartMs).unref();
    });
    return fresh;
  }

  async function heard(from: Worker, message: FromSinksWorker): Promise<void> {
    switch (message.kind) {
      case 'send': {
        const { id, contentType, name, body } = message;
        const outcome = await send(message.target, {
          contentType,
          name,
          body: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
        });
        from.postMessage({ kind: 'sent', id, outcome } satisfies ToSinksWorker);
        break;
      }
      case 'failing':
        ok = false;
        log.error({ reason: message.reason }, 'sinks cannot be read or saved; they go on once the database answers');
        break;
      case 'recovered':
        ok = true;
        log.info('sinks go on');
        break;
    }
  }

  async function stop(): Promise<void> {
    stopping = true;
    clearInterval(look);
    clearTimeout(restartTimer);
    const last = worker;
    // An exited worker tells nobody again; its thread id says so.
    if (last === undefined || last.threadId === -1) return;
    const exited = new Promise((resolve) => last.once('exit', resolve));
    last.ref();
    last.postMessage({ kind: 'stop' } satisfies ToSinksWorker);
    const late = setTimeout(() => void last.terminate(), stopWaitMs);
    await exited;
    clearTimeout(late);
  }

  let stopped: Promise<void> | undefined;
  return {
    get health() {
      return { ok };
    },
    [Symbol.asyncDispose]: () => (stopped ??= stop()),
  };
}
