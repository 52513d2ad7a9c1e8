import type { WebhookEvent } from '@mcpnest/contract/schemas/webhooks';
import type { Transaction } from 'kysely';
import { newId } from '../domain/ids.ts';
import { isoTime } from '../platform/clock.ts';
import type { Schema } from '../platform/database/schema.ts';

/** Something that happened, for whoever wants to be told: names, ids and shapes, never a value of an argument. */
export interface Announcement {
  readonly type: WebhookEvent;
  readonly data: Readonly<Record<string, unknown>>;
  /** Where somebody can do something about it. */
  readonly decide?: {
    /** Page of the console within the workspace. */
    readonly page: string;
    /** The same on the command line. */
    readonly command: string;
  };
}

/** Where and when it happened: a change is one. */
export interface Occasion {
  readonly tx: Transaction<Schema>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Deliveries that may wait for one webhook; the oldest make room. */
const mostWaiting = 1_000;

/**
 * Put an announcement into the queue of every webhook of the workspace that wants it: in the transaction of what is
 * announced, so that both happen or neither. `webhooks/courier.ts` delivers.
 * @param except a webhook that is not told
 */
export async function announce(
  { tx, now }: Occasion,
  workspaceId: string,
  { type, data, decide }: Announcement,
  except?: string,
): Promise<void> {
  const hooks = await tx
    .selectFrom('webhooks')
    .select(['id', 'events'])
    .where('workspace_id', '=', workspaceId)
    .where('state', '!=', 'gone')
    // In one order everywhere, so that two announcements cannot wait for each other.
    .orderBy('id')
    .execute();
  for (const { id, events } of hooks) {
    if (id === except || !(JSON.parse(events) as string[]).includes(type)) continue;
    const { seq } = await tx
      .updateTable('webhooks')
      .set((row) => ({ seq: row('seq', '+', 1) }))
      .where('id', '=', id)
      .returning('seq')
      .executeTakeFirstOrThrow();
    await makeRoom(tx, id);
    await tx
      .insertInto('webhook_deliveries')
      .values({
        id: newId(now),
        webhook_id: id,
        seq,
        type,
        data: JSON.stringify(decide === undefined ? data : { ...data, decide }),
        state: 'waiting',
        attempts: 0,
        status: null,
        problem: null,
        latency_ms: null,
        created_at: isoTime(now),
        attempted_at: null,
      })
      .execute();
  }
}

async function makeRoom(tx: Transaction<Schema>, webhookId: string): Promise<void> {
  const kept = await tx
    .selectFrom('webhook_deliveries')
    .select('seq')
    .where('webhook_id', '=', webhookId)
    .where('state', '=', 'waiting')
    .orderBy('seq', 'desc')
    .limit(1)
    .offset(mostWaiting - 1)
    .executeTakeFirst();
  if (kept === undefined) return;
  await tx
    .updateTable('webhook_deliveries')
    .set({ state: 'dropped' })
    .where('webhook_id', '=', webhookId)
    .where('state', '=', 'waiting')
    .where('seq', '<=', kept.seq)
    .execute();
}
