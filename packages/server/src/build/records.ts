import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import type { Secrets } from '../config/secrets.ts';
import type { ControlDeps } from '../control/app.ts';
import { systemClock } from '../platform/clock.ts';
import type { DataFolder } from '../platform/data-folder.ts';
import type { OpenDatabase } from '../platform/database/database.ts';
import { startEventChain, type EventChain } from '../platform/journal/event-chain.ts';
import { openJournal, type Journal } from '../platform/journal/journal.ts';
import { startShipper, type Shipper } from '../platform/journal/shipper.ts';
import type { ShipTarget } from '../platform/journal/shipper-messages.ts';
import { startPublisher } from '../platform/proof/publisher.ts';
import { createPurge } from '../platform/proof/purge.ts';
import { purgeLogs } from '../platform/retention/logs.ts';

/** Between two checkpoints of a log of proof that grows. */
const checkpointEveryMs = 60_000;

/** What is written of calls and changes. */
export interface Records {
  readonly journal: Journal;
  readonly shipper: Shipper;
  readonly events: EventChain;
}

/** Open the journal, and start what copies it to the database, seals it in logs of proof, publishes and purges those. */
export async function openRecords(
  config: Config,
  secrets: Secrets,
  { dir: dataDir, nodeId }: DataFolder,
  { database, vault, log, proof, sendCheckpoint: send }: ControlDeps,
  opened: AsyncDisposableStack,
): Promise<Records> {
  const dir = join(dataDir, 'journal');
  const journal = opened.use(
    await openJournal({
      dir,
      nodeId,
      clock: systemClock,
      log,
      macKey: vault.deriveKey('journal'),
      afterEpoch: await lastEpoch(database.db, nodeId),
    }),
  );
  const target = targetOf(config, secrets);
  const { db } = database;
  const publisher = opened.use(startPublisher({ db, dir: proof.dir, vault, send, clock: systemClock, log }));
  const shipper = opened.use(
    startShipper({
      ...{ dir, nodeId, journal, target, log },
      proof: { dataDir, sealingKey: vault.deriveKey('proof'), checkpointEveryMs },
      onCheckpoints: () => publisher.nudge(),
      onRetention: () => void purgeLogs({ db, dir: proof.dir, purge, clock: systemClock, log }),
    }),
  );
  const purge = createPurge({ dir: proof.dir, journal, sealed: () => shipper.sealed() });
  proof.sealing = {
    get health() {
      return shipper.sealing;
    },
    sealed: () => shipper.sealed(),
  };
  publisher.nudge();
  const macKey = vault.deriveKey('journal/events');
  const events = opened.use(startEventChain({ db, journal, nodeId, macKey, clock: systemClock, log }));
  return { journal, shipper, events };
}

/** Highest epoch of a node that the database knows of; 0 when there is none. */
async function lastEpoch(db: OpenDatabase['db'], nodeId: string): Promise<number> {
  const calls = await db
    .selectFrom('mcp_tool_calls')
    .select((row) => row.fn.max('epoch').as('epoch'))
    .where('node', '=', nodeId)
    .executeTakeFirstOrThrow();
  const event = await db
    .selectFrom('audit_events')
    .select('chain_epoch as epoch')
    .where('chain_node', '=', nodeId)
    .where('chain_seq', 'is not', null)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return Math.max(calls.epoch ?? 0, event?.epoch ?? 0);
}

/** How workers reach the database. */
export const targetOf = (config: Config, secrets: Secrets): ShipTarget =>
  config.database.kind === 'sqlite' ? config.database : { kind: 'postgres', url: secrets.databaseUrl!.reveal() };
