import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { Secret } from '../../domain/secret.ts';
import { systemClock } from '../clock.ts';
import type { OpenDatabase } from '../database/database.ts';
import { openProofKeys } from '../proof/keys.ts';
import { startSealLoop } from '../proof/seal-loop.ts';
import { createSealer } from '../proof/sealer.ts';
import { createRetention } from '../retention/retention.ts';
import type { JournalPosition } from './journal.ts';
import { comparePositions } from './segment.ts';
import { createShip } from './ship.ts';
import { findTrim } from './trim.ts';
import type { FromWorker, ShipperWork, ShipTarget, ToWorker } from './shipper-messages.ts';

// Entry and composition root of the shipper's thread: it opens its own database connection.

const { dir, nodeId, target, proof } = workerData as ShipperWork;
const port = parentPort!;
const tell = (message: FromWorker): void => port.postMessage(message);

const firstBackOffMs = 100;
const longestBackOffMs = 5_000;
/** How long a stop goes on copying what is there. */
const finishMs = 2_000;
const trimEveryMs = 3_600_000;

let wake: (() => void) | undefined;
let nudged = true;
let stopBy = Infinity;
let trimAt = -Infinity;
const drains = new Map<number, JournalPosition>();

giveWay();
// Beside the copying, so that a database that is away does not keep records from being sealed.
const now = (): number => systemClock.now();
const { dataDir, checkpointEveryMs } = proof;
const keys = openProofKeys({ dataDir, sealingKey: Buffer.from(proof.sealingKey), nodeId, now });
const sealing = startSealLoop({
  sealer: createSealer({ journalDir: dir, dir: join(dataDir, 'proof'), nodeId, keys, now }),
  clock: systemClock,
  checkpointEveryMs,
  tell,
});
let sealed: Promise<void> | undefined;

port.on('message', (message: ToWorker) => {
  if (message.kind === 'drain') drains.set(message.id, message.upTo);
  if (message.kind === 'seal') return sealing.seal(message.id, message.upTo);
  if (message.kind === 'stop') {
    stopBy = systemClock.monotonic() + finishMs;
    sealed ??= sealing.stop(finishMs);
  } else sealing.nudge();
  nudged = true;
  wake?.();
});

await using database = await openTarget(target);
const ship = createShip({ dir, nodeId, db: database.db, clock: systemClock });
const stateFile = `${dir}/retention.json`;
const retention = createRetention({ db: database.db, clock: systemClock, nodeId, stateFile });

let backOffMs = firstBackOffMs;
// Until the first step is done, nothing is known to work.
let failing = true;
for (let done = false; !done;) {
  nudged = false;
  try {
    const step = await ship.step();
    if (failing) tell({ kind: 'recovered' });
    failing = false;
    backOffMs = firstBackOffMs;
    if (step.damage !== undefined) tell({ kind: 'damage', damage: step.damage });
    for (const [id, upTo] of drains) {
      if (comparePositions(step.position, upTo) < 0) continue;
      drains.delete(id);
      tell({ kind: 'drained', id });
    }
    done = stopBy !== Infinity && (!step.more || systemClock.monotonic() > stopBy);
    if (step.more || done) continue;
    lookForTrim(step.reread);
    const purge = await retention.runIfDue();
    if (purge?.withheld !== undefined) tell({ kind: 'purge-withheld', reason: purge.withheld });
    else if (purge !== undefined) tell({ kind: 'purged', rows: purge.rows, held: purge.held });
    await rest(retention.msUntilDue());
  } catch (error) {
    failing = true;
    tell({ kind: 'failing', reason: error instanceof Error ? error.message : String(error) });
    done = stopBy !== Infinity;
    if (!done) await sleep(backOffMs);
    backOffMs = Math.min(backOffMs * 2, longestBackOffMs);
  }
}
await sealed;
port.close();

/** Once an hour; segments that have no reader left and are old enough are the journal's to delete. */
function lookForTrim(shipped: JournalPosition): void {
  const kept = sealing.reread();
  if (kept === undefined || systemClock.monotonic() < trimAt) return;
  trimAt = systemClock.monotonic() + trimEveryMs;
  const trim = findTrim(dir, comparePositions(shipped, kept) < 0 ? shipped : kept, systemClock.now());
  if (trim !== undefined) tell({ kind: 'trim', trim });
}

/** Calls come before copies: where processors are short, this thread is the one that waits. */
function giveWay(): void {
  try {
    // Linux schedules threads one by one and takes a thread's id here; elsewhere there is no such link.
    setPriority(Number(readlinkSync('/proc/thread-self').split('/').at(-1)), 19);
  } catch {
    // Only slower calls under load; nothing depends on it.
  }
}

/** Sleep until a message or the time is up. */
async function rest(ms: number): Promise<void> {
  if (nudged) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  wake = undefined;
}

// Loaded on demand: a thread that feeds SQLite need not hold the PostgreSQL driver in memory.
async function openTarget(to: ShipTarget): Promise<OpenDatabase> {
  if (to.kind === 'sqlite') return (await import('../database/sqlite.ts')).openSqlite(to.file, false);
  return (await import('../database/postgres.ts')).openPostgres(new Secret(to.url));
}
