import type { Kysely } from 'kysely';
import { isoTime } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { announce } from '../announce.ts';
import { runChange, type ChangeDeps } from '../change.ts';
import { trimLog, type DeliveryRow } from './deliveries.ts';
import type { Attempt } from './send.ts';
import { setState, untroubled, type WebhookRow } from './webhooks.ts';

/** What is to be delivered next. */
export interface Head {
  readonly hook: WebhookRow & { readonly slug: string };
  readonly delivery: DeliveryRow;
}

/** How long nobody else delivers to a webhook that somebody has begun with: longer than one attempt takes. */
const leaseMs = 60_000;
/** Waits between the attempts of one delivery; the last is repeated. */
const backoffMs = [5_000, 30_000, 120_000, 600_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000] as const;
/** A delivery that has failed this long has its webhook paused. */
const patienceMs = 24 * 3_600_000;

/** Webhooks with something to deliver now that nobody delivers to. */
export async function dueWebhooks(db: Kysely<Schema>, at: string, most: number): Promise<string[]> {
  const rows = await db
    .selectFrom('webhooks as hook')
    .select('hook.id')
    .where('hook.state', '=', 'active')
    .where((row) => row.or([row('hook.retry_at', 'is', null), row('hook.retry_at', '<=', at)]))
    .where((row) => row.or([row('hook.leased_until', 'is', null), row('hook.leased_until', '<=', at)]))
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('webhook_deliveries as next')
          .select('next.id')
          .whereRef('next.webhook_id', '=', 'hook.id')
          .where('next.state', '=', 'waiting'),
      ),
    )
    .orderBy('hook.id')
    .limit(most)
    .execute();
  return rows.map(({ id }) => id);
}

/** Be the one who delivers to a webhook. One statement decides, so of however many processes one is told true. */
export async function lease(db: Kysely<Schema>, id: string, me: string, now: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('webhooks')
    .set({ leased_by: me, leased_until: isoTime(now + leaseMs) })
    .where('id', '=', id)
    .where((row) =>
      row.or([row('leased_by', '=', me), row('leased_until', 'is', null), row('leased_until', '<=', isoTime(now))]),
    )
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** Let others deliver. */
export async function release(db: Kysely<Schema>, id: string, me: string): Promise<void> {
  await db
    .updateTable('webhooks')
    .set({ leased_by: null, leased_until: null })
    .where('id', '=', id)
    .where('leased_by', '=', me)
    .execute();
}

/** What is to be delivered next to a webhook; undefined: nothing now. */
export async function headOf(db: Kysely<Schema>, id: string, at: string): Promise<Head | undefined> {
  const hook = await db
    .selectFrom('webhooks')
    .innerJoin('gateway_workspaces as workspace', 'workspace.id', 'webhooks.workspace_id')
    .selectAll('webhooks')
    .select('workspace.slug')
    .where('webhooks.id', '=', id)
    .where('webhooks.state', '=', 'active')
    .executeTakeFirst();
  if (hook === undefined || (hook.retry_at !== null && hook.retry_at > at)) return undefined;
  const delivery = await db
    .selectFrom('webhook_deliveries')
    .selectAll()
    .where('webhook_id', '=', id)
    .where('state', '=', 'waiting')
    .orderBy('seq')
    .limit(1)
    .executeTakeFirst();
  return delivery === undefined ? undefined : { hook, delivery };
}

/**
 * Write down how an attempt went, and what follows: the next delivery, another attempt later, or the webhook's end.
 * @param me who holds the lease; without it nothing is written, since somebody else may have delivered meanwhile
 */
export async function settle(deps: ChangeDeps, { hook, delivery }: Head, attempt: Attempt, me: string): Promise<void> {
  const { status, problem, latencyMs } = attempt;
  const by = { actor: { kind: 'system' }, action: 'webhooks.pause', workspaceId: hook.workspace_id } as const;
  await runChange(deps, by, async (change) => {
    const now = await change.tx.selectFrom('webhooks').selectAll().where('id', '=', hook.id).executeTakeFirst();
    if (now === undefined || now.leased_by !== me) return;
    const attempts = delivery.attempts + 1;
    const tried = { attempts, status, problem, latency_ms: latencyMs, attempted_at: change.at };
    const arrived = problem === null;
    await change.tx
      .updateTable('webhook_deliveries')
      .set(arrived ? { ...tried, state: 'delivered' } : tried)
      .where('id', '=', delivery.id)
      .where('state', '=', 'waiting')
      .execute();
    const of = change.tx.updateTable('webhooks').where('id', '=', hook.id);
    if (arrived) await of.set(untroubled).execute();
    else if (now.state === 'active') {
      const failingSince = now.failing_since ?? change.at;
      const ended =
        status === 410
          ? ({ state: 'gone', why: 'gone' } as const)
          : change.now - Date.parse(failingSince) >= patienceMs
            ? ({ state: 'paused', why: 'failing' } as const)
            : undefined;
      if (ended === undefined) {
        const wait = Math.max(backoff(now.attempts), attempt.retryAfterMs ?? 0);
        const retry_at = isoTime(change.now + wait);
        await of.set({ failing_since: failingSince, attempts: now.attempts + 1, retry_at }).execute();
      } else {
        if (ended.state === 'gone') await dropAll(change.tx, hook.id);
        await setState(change, now, ended);
        const data = { webhookId: hook.id, state: ended.state, why: ended.why, note: hook.note };
        const decide = { page: `webhooks/${hook.id}`, command: `mcpnest webhooks show ${hook.id}` };
        await announce(change, hook.workspace_id, { type: 'webhook.paused', data, decide }, hook.id);
      }
    }
    await trimLog(change.tx, hook.id);
  });
}

/** @param failed attempts before this one */
const backoff = (failed: number): number =>
  backoffMs[Math.min(failed, backoffMs.length - 1)]! * (0.75 + Math.random() / 2);

const dropAll = async (db: Kysely<Schema>, webhookId: string): Promise<void> => {
  await db
    .updateTable('webhook_deliveries')
    .set({ state: 'dropped' })
    .where('webhook_id', '=', webhookId)
    .where('state', '=', 'waiting')
    .execute();
};
