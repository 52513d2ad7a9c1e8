import type { WebhookDelivery, WebhookEvent } from '@mcpnest/contract/schemas/webhooks';
import type { Kysely, Selectable } from 'kysely';
import { conflict, notFound } from '../../domain/errors.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { Change } from '../change.ts';
import type { WorkspaceRef } from '../operation.ts';
import { findWebhook } from './webhooks.ts';

export type DeliveryRow = Selectable<Schema['webhook_deliveries']>;

/** Deliveries of one webhook that are kept after they are over, and that are shown of those that wait. */
const mostKept = 100;

/** The last deliveries that are over, and the next that wait; newest first. @throws AppError `not_found` */
export async function listDeliveries(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  webhookId: string,
): Promise<WebhookDelivery[]> {
  const { id } = await findWebhook(db, workspace, webhookId);
  const of = db.selectFrom('webhook_deliveries').selectAll().where('webhook_id', '=', id);
  const waiting = await of.where('state', '=', 'waiting').orderBy('seq').limit(mostKept).execute();
  const over = await of.where('state', '!=', 'waiting').orderBy('seq', 'desc').limit(mostKept).execute();
  return [...waiting, ...over].sort((a, b) => b.seq - a.seq).map(toDelivery);
}

/**
 * Have a delivery made once more, under its old id and before what waits.
 * @throws AppError `not_found`; `conflict` for one that waits, or while nothing is delivered
 */
export async function redeliver(
  change: Change,
  workspace: WorkspaceRef,
  webhookId: string,
  id: string,
): Promise<WebhookDelivery> {
  const hook = await findWebhook(change.tx, workspace, webhookId);
  const row = await change.tx
    .selectFrom('webhook_deliveries')
    .selectAll()
    .where('webhook_id', '=', hook.id)
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw notFound('delivery', id);
  if (row.state === 'waiting') throw conflict('It waits to be delivered already.');
  if (hook.state === 'gone') throw conflict('Its receiver has said that it is gone. Resume the webhook first.');
  await change.tx.updateTable('webhook_deliveries').set({ state: 'waiting' }).where('id', '=', id).execute();
  const detail = { delivery: id, type: row.type };
  await change.record({ workspaceId: workspace.id, target: `webhook:${hook.id}`, detail, publish: 'nothing' });
  return toDelivery({ ...row, state: 'waiting' });
}

/** Forget deliveries that are over, but for the newest. */
export async function trimLog(db: Kysely<Schema>, webhookId: string): Promise<void> {
  const oldest = await db
    .selectFrom('webhook_deliveries')
    .select('seq')
    .where('webhook_id', '=', webhookId)
    .where('state', '!=', 'waiting')
    .orderBy('seq', 'desc')
    .limit(1)
    .offset(mostKept - 1)
    .executeTakeFirst();
  if (oldest === undefined) return;
  await db
    .deleteFrom('webhook_deliveries')
    .where('webhook_id', '=', webhookId)
    .where('state', '!=', 'waiting')
    .where('seq', '<', oldest.seq)
    .execute();
}

const toDelivery = (row: DeliveryRow): WebhookDelivery => ({
  id: row.id,
  type: row.type as WebhookEvent,
  state: row.state,
  attempts: row.attempts,
  status: row.status,
  problem: row.problem,
  latencyMs: row.latency_ms,
  createdAt: row.created_at,
  attemptedAt: row.attempted_at,
});
