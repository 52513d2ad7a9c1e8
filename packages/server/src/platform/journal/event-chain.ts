import type { Kysely, Selectable, Transaction } from 'kysely';
import { randomHex } from '../../domain/ids.ts';
import { commitmentOf } from '../audit-events.ts';
import { isoTime, type Clock } from '../clock.ts';
import { inTransaction } from '../database/database.ts';
import type { Schema } from '../database/schema.ts';
import { countEvent, settleCounts, type CountedEvent } from '../event-counts.ts';
import type { Log } from '../log.ts';
import { createEventSeal } from './event-seal.ts';
import type { Journal } from './journal.ts';
import type { EventRecord, Receipt } from './records.ts';

export interface EventChainOptions {
  readonly db: Kysely<Schema>;
  readonly journal: Pick<Journal, 'event' | 'health'>;
  readonly nodeId: string;
  /** From `vault.deriveKey('journal/events')`. */
  readonly macKey: Buffer;
  readonly clock: Clock;
  readonly log: Log;
}

export interface EventChain extends AsyncDisposable {
  /** Count what happens where nothing may wait for a database. Never throws. */
  note(event: CountedEvent): void;
  /** Take in what there is now; otherwise done every second. Never rejects. */
  run(): Promise<void>;
  /** False while events do not get into the journal. */
  readonly ok: boolean;
}

type EventRow = Selectable<Schema['audit_events']>;

const everyMs = 1_000;
const eventsPerStep = 200;
/** A node that has claimed an event and not written it for this long is gone, and another one takes it. */
const claimMs = 60_000;
/** Different things noted and not yet counted. */
const mostNoted = 1_000;

/**
 * Gives every audit event its place in this node's journal: `audit_events` is the outbox of the transactions that wrote
 * it. An event is claimed, written to the journal, and marked once that has it on disk, in the order of their ids. What
 * a crash cuts off between the last two is written again under the same id, and counts once. Of several nodes each event
 * is claimed by one.
 */
export function startEventChain({ db, journal, nodeId, macKey, clock, log }: EventChainOptions): EventChain {
  const seal = createEventSeal(macKey);
  const noted = new Map<string, { event: CountedEvent; count: number }>();
  let failing = false;
  let running: Promise<void> | undefined;
  let again = false;
  const timer = setInterval(() => void run(), everyMs).unref();

  /** Concurrent calls share one run, and who comes late is sure of another. */
  function run(): Promise<void> {
    again = true;
    running ??= drain().finally(() => (running = undefined));
    return running;
  }

  async function drain(): Promise<void> {
    try {
      while (again) {
        again = false;
        await countNoted();
        await settleCounts(db, clock.now());
        while (await step());
      }
      if (failing) log.info('audit events are written to the journal again');
      failing = false;
    } catch (error) {
      again = false;
      if (!failing) log.error({ err: error }, 'audit events are not written to the journal');
      failing = true;
    }
  }

  async function countNoted(): Promise<void> {
    for (const [key, { event, count }] of noted) {
      // Taken out first: what is noted meanwhile counts by itself.
      noted.delete(key);
      try {
        await countEvent(db, event, clock.now(), count);
      } catch (error) {
        note(event, count);
        throw error;
      }
    }
  }

  function note(event: CountedEvent, count: number): void {
    const key = JSON.stringify([event.workspaceId, event.actor, event.action, event.target]);
    const before = noted.get(key);
    if (before !== undefined) before.count += count;
    else if (noted.size < mostNoted) noted.set(key, { event, count });
    else log.warn({ action: event.action }, 'an audit event was left out: too many wait for the database');
  }

  /** @returns whether there may be more */
  async function step(): Promise<boolean> {
    // What is claimed while nothing can be written would keep other nodes from it.
    if (!journal.health.ok) return false;
    const claimed = await claim();
    if (claimed.length === 0) return false;
    const receipts = await Promise.all(claimed.map((row) => journal.event(eventRecord(row))));
    await mark(claimed, receipts);
    return claimed.length === eventsPerStep;
  }

  async function claim(): Promise<EventRow[]> {
    const now = clock.now();
    const free = await open(isoTime(now - claimMs))
      .select('id')
      .limit(eventsPerStep)
      .execute();
    if (free.length === 0) return [];
    const ids = free.map(({ id }) => id);
    return inTransaction(db, async (tx) => {
      await tx
        .updateTable('audit_events')
        .set({ chain_node: nodeId, chain_claimed_at: isoTime(now) })
        .where('id', 'in', ids)
        .where('chain_seq', 'is', null)
        .where((row) =>
          row.or([
            row('chain_node', 'is', null),
            row('chain_node', '=', nodeId),
            row('chain_claimed_at', '<', isoTime(now - claimMs)),
          ]),
        )
        .execute();
      const rows = await tx
        .selectFrom('audit_events')
        .selectAll()
        .where('id', 'in', ids)
        .where('chain_node', '=', nodeId)
        .where('chain_seq', 'is', null)
        .orderBy('id')
        .execute();
      const committed: EventRow[] = [];
      for (const row of rows) committed.push(row.commitment === null ? await commit(tx, row) : row);
      return committed;
    });
  }

  const open = (staleBefore: string) =>
    db
      .selectFrom('audit_events')
      .where('chain_seq', 'is', null)
      .where((row) =>
        row.or([
          row('chain_node', 'is', null),
          row('chain_node', '=', nodeId),
          row('chain_claimed_at', '<', staleBefore),
        ]),
      )
      .orderBy('id');

  async function mark(rows: readonly EventRow[], receipts: readonly Receipt[]): Promise<void> {
    await inTransaction(db, async (tx) => {
      for (const [i, row] of rows.entries()) {
        const place = { node: nodeId, epoch: receipts[i]!.epoch, seq: receipts[i]!.seq };
        await tx
          .updateTable('audit_events')
          .set({ chain_epoch: place.epoch, chain_seq: place.seq, chain_mac: seal(place, eventRecord(row)) })
          .where('id', '=', row.id)
          .where('chain_node', '=', nodeId)
          .where('chain_seq', 'is', null)
          .execute();
      }
    });
  }

  async function stop(): Promise<void> {
    clearInterval(timer);
    await run();
  }

  let stopped: Promise<void> | undefined;
  return {
    note: (event) => note(event, 1),
    run,
    get ok() {
      return !failing;
    },
    [Symbol.asyncDispose]: () => (stopped ??= stop()),
  };
}

/** Events of releases before the chain have nothing they are held to yet. */
async function commit(tx: Transaction<Schema>, row: EventRow): Promise<EventRow> {
  const salt = randomHex();
  const commitment = commitmentOf(salt, row.target ?? '', row.detail ?? '{}');
  await tx.updateTable('audit_events').set({ salt, commitment }).where('id', '=', row.id).execute();
  return { ...row, salt, commitment };
}

/** What the journal says of a row. */
export const eventRecord = (
  row: Pick<EventRow, 'id' | 'workspace_id' | 'actor' | 'action' | 'created_at' | 'commitment'>,
): EventRecord => ({
  eventId: row.id,
  workspaceId: row.workspace_id,
  actor: row.actor,
  action: row.action,
  at: row.created_at,
  commit: row.commitment ?? '',
});
