import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../clock.ts';
import type { OpenDatabase } from '../database/database.ts';
import type { ShipTarget } from '../journal/shipper-messages.ts';
import { Secret } from '../../domain/secret.ts';
import { releaseSinks } from './lease.ts';
import type { FromSinksWorker, SinksWork, ToSinksWorker } from './messages.ts';
import { runSink, type SinkRow } from './run-sink.ts';
import type { SendOutcome, SendParcel } from './send.ts';

// Entry and composition root of the thread that reads, renders and packs what sinks get. The network and the secrets
// are the main thread's: this one asks it to send.

const { nodeId, target } = workerData as SinksWork;
const port = parentPort!;
const tell = (message: FromSinksWorker): void => port.postMessage(message);

const idleMs = 1_000;
const waiting = new Map<number, (outcome: SendOutcome) => void>();
const running = new Map<string, Promise<void>>();
const stop = new AbortController();
let nextId = 0;
let failing = false;

port.on('message', (message: ToSinksWorker) => {
  if (message.kind === 'stop') stop.abort();
  else waiting.get(message.id)?.(message.outcome);
});

const send: SendParcel = (to, { contentType, name, body }) =>
  new Promise((resolve) => {
    const id = nextId++;
    waiting.set(id, (outcome) => {
      waiting.delete(id);
      resolve(outcome);
    });
    tell({ kind: 'send', id, target: to, contentType, name, body });
  });

await using database = await openTarget(target);
const deps = { db: database.db, clock: systemClock, node: nodeId, send };

while (!stop.signal.aborted) {
  try {
    const sinks = await database.db.selectFrom('sinks').selectAll().where('paused_at', 'is', null).execute();
    // One that is slow holds up no other.
    for (const sink of sinks) if (!running.has(sink.id)) running.set(sink.id, drain(sink));
    if (failing) tell({ kind: 'recovered' });
    failing = false;
  } catch (error) {
    fail(error);
  }
  await sleep(idleMs, undefined, { signal: stop.signal }).catch(() => undefined);
}
await Promise.all(running.values());
await releaseSinks(database.db, nodeId).catch(() => undefined);
port.close();

/** Send for a sink until there is nothing more for now. */
async function drain(sink: SinkRow): Promise<void> {
  try {
    while (!stop.signal.aborted && (await runSink(deps, sink)) === 'more');
  } catch (error) {
    fail(error);
  } finally {
    running.delete(sink.id);
  }
}

function fail(error: unknown): void {
  if (!failing) tell({ kind: 'failing', reason: error instanceof Error ? error.message : String(error) });
  failing = true;
}

// Loaded on demand: a thread that reads SQLite need not hold the PostgreSQL driver in memory.
async function openTarget(to: ShipTarget): Promise<OpenDatabase> {
  if (to.kind === 'sqlite') return (await import('../database/sqlite.ts')).openSqlite(to.file);
  return (await import('../database/postgres.ts')).openPostgres(new Secret(to.url));
}
