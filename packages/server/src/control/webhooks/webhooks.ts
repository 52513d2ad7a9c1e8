import type { z } from 'zod';
import {
  webhookEvents,
  type Webhook,
  type WebhookEvent,
  type webhookCreate,
  type webhookRotate,
} from '@mcpnest/contract/schemas/webhooks';
import type { Kysely, Selectable } from 'kysely';
import { conflict, invalidInput, notFound } from '../../domain/errors.ts';
import { newId } from '../../domain/ids.ts';
import type { Secret } from '../../domain/secret.ts';
import { isoTime } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { Vault } from '../../platform/vault/vault.ts';
import type { Change } from '../change.ts';
import type { WorkspaceRef } from '../operation.ts';
import { addressWarnings, selectOpened } from '../servers/servers.ts';
import { newWebhookSecret } from '../../platform/standard-webhook.ts';
import { sealSecret } from './secret.ts';

export type WebhookRow = Selectable<Schema['webhooks']>;

/** Webhooks of one workspace. */
const mostWebhooks = 20;

/** A webhook with a secret that is shown once. */
export interface Issued {
  readonly row: WebhookRow;
  readonly secret: Secret;
}

/**
 * Add a webhook. Nothing is sent before it is committed.
 * @throws AppError `invalid_input` for an address that is not open, with the remedy; `conflict` for too many
 */
export async function createWebhook(
  change: Change,
  vault: Vault,
  workspace: WorkspaceRef,
  { url, events = [...webhookEvents], note }: z.output<typeof webhookCreate>,
): Promise<Issued> {
  const closed = addressWarnings(url, await selectOpened(change.tx))[0];
  if (closed !== undefined) {
    const message = `${closed.message} An owner of the instance opens it: ${closed.remedy}`;
    throw invalidInput(message, [{ path: 'body.url', message }]);
  }
  const present = await selectWebhooks(change.tx, workspace).execute();
  if (present.length >= mostWebhooks) throw conflict(`A workspace has at most ${mostWebhooks} webhooks.`);
  const id = newId(change.now);
  const secret = newWebhookSecret();
  const row: WebhookRow = {
    id,
    workspace_id: workspace.id,
    url,
    events: JSON.stringify(events),
    note,
    state: 'active',
    why: null,
    secret: sealSecret(vault, id, secret),
    old_secret: null,
    old_secret_until: null,
    seq: 0,
    ...untroubled,
    leased_by: null,
    leased_until: null,
    created_at: change.at,
    created_by: change.actorName,
  };
  await change.tx.insertInto('webhooks').values(row).execute();
  await recordWebhook(change, row, { origin: new URL(url).origin, events, note });
  return { row, secret };
}

/** The webhooks of a workspace, oldest first. */
export async function listWebhooks(db: Kysely<Schema>, workspace: WorkspaceRef): Promise<Webhook[]> {
  return viewWebhooks(db, await selectWebhooks(db, workspace).orderBy('id').execute());
}

/** @throws AppError `not_found` */
export async function findWebhook(db: Kysely<Schema>, workspace: WorkspaceRef, id: string): Promise<WebhookRow> {
  const row = await selectWebhooks(db, workspace).where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw notFound('webhook', id);
  return row;
}

/** Remove a webhook, with what waits for it and what is known of its deliveries. @throws AppError `not_found` */
export async function removeWebhook(change: Change, workspace: WorkspaceRef, id: string): Promise<void> {
  const row = await findWebhook(change.tx, workspace, id);
  await change.tx.deleteFrom('webhook_deliveries').where('webhook_id', '=', id).execute();
  await change.tx.deleteFrom('webhooks').where('id', '=', id).execute();
  await recordWebhook(change, row, { origin: new URL(row.url).origin });
}

/** Deliver nothing until it is resumed; what happens goes on being queued. @throws AppError `not_found` */
export async function pauseWebhook(change: Change, workspace: WorkspaceRef, id: string): Promise<WebhookRow> {
  const row = await findWebhook(change.tx, workspace, id);
  return row.state === 'active' ? setState(change, row, { state: 'paused', why: 'asked' }) : row;
}

/** Deliver again, beginning with what waits, as if nothing had failed. @throws AppError `not_found` */
export async function resumeWebhook(change: Change, workspace: WorkspaceRef, id: string): Promise<WebhookRow> {
  const row = await findWebhook(change.tx, workspace, id);
  return row.state === 'active' ? row : setState(change, row, { state: 'active', why: null });
}

/** Change whether a webhook is delivered to; recorded. */
export async function setState(
  change: Change,
  row: WebhookRow,
  state: Pick<WebhookRow, 'state' | 'why'>,
): Promise<WebhookRow> {
  const next = { ...state, ...untroubled };
  await change.tx.updateTable('webhooks').set(next).where('id', '=', row.id).execute();
  await recordWebhook(change, row, { origin: new URL(row.url).origin, before: row.state, ...state });
  return { ...row, ...next };
}

/**
 * Sign with a new secret from now on, and with the old one as well until the overlap ends.
 * @throws AppError `not_found`
 */
export async function rotateSecret(
  change: Change,
  vault: Vault,
  workspace: WorkspaceRef,
  id: string,
  { overlapSeconds }: z.output<typeof webhookRotate>,
): Promise<Issued> {
  const row = await findWebhook(change.tx, workspace, id);
  const secret = newWebhookSecret();
  const overlaps = overlapSeconds > 0;
  const next = {
    secret: sealSecret(vault, id, secret),
    old_secret: overlaps ? row.secret : null,
    old_secret_until: overlaps ? isoTime(change.now + overlapSeconds * 1_000) : null,
  };
  await change.tx.updateTable('webhooks').set(next).where('id', '=', id).execute();
  await recordWebhook(change, row, { overlapSeconds });
  return { row: { ...row, ...next }, secret };
}

/** Webhooks as the API shows them: of a secret nothing. */
export async function viewWebhooks(db: Kysely<Schema>, rows: readonly WebhookRow[]): Promise<Webhook[]> {
  if (rows.length === 0) return [];
  const counts = await db
    .selectFrom('webhook_deliveries')
    .select((row) => ['webhook_id', row.fn.countAll<number>().as('waiting')])
    .where(
      'webhook_id',
      'in',
      rows.map(({ id }) => id),
    )
    .where('state', '=', 'waiting')
    .groupBy('webhook_id')
    .execute();
  const waiting = new Map(counts.map((row) => [row.webhook_id, row.waiting]));
  return rows.map((row) => ({
    id: row.id,
    url: row.url,
    events: JSON.parse(row.events) as WebhookEvent[],
    note: row.note,
    state: row.state,
    why: row.why,
    waiting: waiting.get(row.id) ?? 0,
    failingSince: row.failing_since,
    retryAt: row.retry_at,
    createdAt: row.created_at,
    createdBy: row.created_by,
  }));
}

/** One of them. */
export const viewWebhook = async (db: Kysely<Schema>, row: WebhookRow): Promise<Webhook> =>
  (await viewWebhooks(db, [row]))[0]!;

const selectWebhooks = (db: Kysely<Schema>, workspace: WorkspaceRef) =>
  db.selectFrom('webhooks').selectAll().where('workspace_id', '=', workspace.id);

/** Nothing has failed since the last delivery that arrived. */
export const untroubled = { failing_since: null, attempts: 0, retry_at: null } as const;

/** The origin and not the whole address, which may hold a key. */
const recordWebhook = (change: Change, row: WebhookRow, detail: Record<string, unknown>): Promise<void> =>
  change.record({ workspaceId: row.workspace_id, target: `webhook:${row.id}`, detail, publish: 'nothing' });
