import type { Kysely, Transaction } from 'kysely';
import { actorName } from '../domain/roles.ts';
import type { Actor } from '../domain/roles.ts';
import { insertEvent } from '../platform/audit-events.ts';
import type { Bus } from '../platform/bus/bus.ts';
import { isoTime } from '../platform/clock.ts';
import type { Clock } from '../platform/clock.ts';
import { inTransaction } from '../platform/database/database.ts';
import type { Schema } from '../platform/database/schema.ts';
import { storeSnapshot } from './snapshot/publish.ts';

export interface ChangeDeps {
  readonly db: Kysely<Schema>;
  readonly bus: Bus;
  readonly clock: Clock;
}

export interface ChangeEvent {
  /** The workspace it happened in; null: it concerns the instance. */
  readonly workspaceId: string | null;
  /** What was changed, as `noun:name`. */
  readonly target: string;
  /** What an auditor wants to know, without any secret. */
  readonly detail?: Readonly<Record<string, unknown>>;
  /** Whose snapshots follow from it. */
  readonly publish: 'workspace' | 'every workspace' | 'nothing';
}

/** One change of desired state: a transaction, its time, its author, and the one way to make it count. */
export interface Change {
  readonly tx: Transaction<Schema>;
  readonly now: number;
  /** `now` as stored text. */
  readonly at: string;
  readonly actor: Actor;
  readonly actorName: string;
  /** Write the audit event and mark the snapshots that must follow; both commit with the change or not at all. */
  record(event: ChangeEvent): Promise<void>;
}

export type Changer = <T>(work: (change: Change) => Promise<T>) => Promise<T>;

export interface ChangeAuthor {
  readonly actor: Actor;
  /** Id of the operation. */
  readonly action: string;
  /**
   * Serialises changes of that workspace, so that rules over several rows (the last owner, the order of servers) hold
   * on every database.
   */
  readonly workspaceId?: string | undefined;
  /** Throws when the actor may no longer do this, now that the change has its turn. */
  readonly confirm?: ((tx: Transaction<Schema>, at: string) => Promise<void>) | undefined;
}

/**
 * Run a change of desired state. Audit events and snapshots are written in the same transaction; the nudge to the
 * gateways leaves after commit and may be lost, since they also poll.
 */
export function runChange<T>(deps: ChangeDeps, by: ChangeAuthor, work: (change: Change) => Promise<T>): Promise<T> {
  return inTransaction(deps.db, async (tx, afterCommit) => {
    if (by.workspaceId !== undefined) await lockWorkspace(tx, by.workspaceId);
    const now = deps.clock.now();
    const at = isoTime(now);
    await by.confirm?.(tx, at);
    /** Each with the last event it follows from. */
    const stale = new Map<string, string>();
    const result = await work({
      tx,
      now,
      at,
      actor: by.actor,
      actorName: actorName(by.actor),
      record: async ({ workspaceId, target, detail = {}, publish }) => {
        const event = { workspaceId, actor: actorName(by.actor), action: by.action, target, detail };
        const eventId = await insertEvent(tx, event, now);
        if (publish === 'workspace' && workspaceId !== null) stale.set(workspaceId, eventId);
        if (publish === 'every workspace') for (const id of await workspaceIds(tx)) stale.set(id, eventId);
      },
    });
    // In one order everywhere, so that two changes cannot wait for each other.
    for (const workspaceId of [...stale.keys()].sort()) {
      await storeSnapshot(tx, workspaceId, at, stale.get(workspaceId)!);
      afterCommit(() => deps.bus.publish('snapshot.changed', workspaceId).catch(() => undefined));
    }
    return result;
  });
}

/** Wait until it is this change's turn in a workspace. */
export const lockWorkspace = async (tx: Transaction<Schema>, workspaceId: string): Promise<void> => {
  await tx
    .updateTable('gateway_workspaces')
    .set((row) => ({ updated_at: row.ref('updated_at') }))
    .where('id', '=', workspaceId)
    .execute();
};

const workspaceIds = async (tx: Transaction<Schema>): Promise<string[]> =>
  (await tx.selectFrom('gateway_workspaces').select('id').execute()).map((row) => row.id);
