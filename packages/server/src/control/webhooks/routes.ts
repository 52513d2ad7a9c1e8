import { webhooks } from '@mcpnest/contract/operations/webhooks';
import type { WebhookAttempt } from '@mcpnest/contract/schemas/webhooks';
import type { Kysely } from 'kysely';
import { newId } from '../../domain/ids.ts';
import { isoTime } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { route } from '../operation.ts';
import type { Route, WorkspaceRef } from '../operation.ts';
import { listDeliveries, redeliver } from './deliveries.ts';
import { send, type SendDeps } from './send.ts';
import {
  createWebhook,
  findWebhook,
  listWebhooks,
  pauseWebhook,
  removeWebhook,
  resumeWebhook,
  rotateSecret,
  viewWebhook,
  type WebhookRow,
} from './webhooks.ts';

/** The routes of `operations/webhooks.ts`. */
export function webhookRoutes({ db, ...deps }: SendDeps & { readonly db: Kysely<Schema> }): Route[] {
  const { vault } = deps;
  return [
    route(webhooks.create, async ({ change, workspace, input }) => {
      const { row, secret } = await change((made) => createWebhook(made, vault, workspace, input.body));
      const test = await tryOut(deps, workspace, row);
      return { webhook: await viewWebhook(db, row), secret: secret.reveal(), test };
    }),
    route(webhooks.list, async ({ workspace }) => ({ items: await listWebhooks(db, workspace) })),
    route(webhooks.get, async ({ workspace, input }) =>
      viewWebhook(db, await findWebhook(db, workspace, input.params.webhook)),
    ),
    route(webhooks.remove, async ({ change, workspace, input }) => {
      await change((made) => removeWebhook(made, workspace, input.params.webhook));
      return undefined;
    }),
    route(webhooks.test, async ({ workspace, input }) =>
      tryOut(deps, workspace, await findWebhook(db, workspace, input.params.webhook)),
    ),
    route(webhooks.pause, async ({ change, workspace, input }) =>
      viewWebhook(db, await change((made) => pauseWebhook(made, workspace, input.params.webhook))),
    ),
    route(webhooks.resume, async ({ change, workspace, input }) =>
      viewWebhook(db, await change((made) => resumeWebhook(made, workspace, input.params.webhook))),
    ),
    route(webhooks.rotateSecret, async ({ change, workspace, input }) => {
      const { row, secret } = await change((made) =>
        rotateSecret(made, vault, workspace, input.params.webhook, input.body),
      );
      return { webhook: await viewWebhook(db, row), secret: secret.reveal() };
    }),
    route(webhooks.deliveries, async ({ workspace, input }) => ({
      items: await listDeliveries(db, workspace, input.params.webhook),
    })),
    route(webhooks.redeliver, ({ change, workspace, input }) =>
      change((made) => redeliver(made, workspace, input.params.webhook, input.params.delivery)),
    ),
  ];
}

/** A delivery that tells of nothing, made at once and whatever the state of the webhook. */
function tryOut(deps: SendDeps, { slug }: WorkspaceRef, row: WebhookRow): Promise<WebhookAttempt> {
  const now = deps.clock.now();
  const data = { webhookId: row.id, note: row.note };
  return send(deps, row, { id: newId(now), type: 'webhook.test', createdAt: isoTime(now), workspace: slug, data });
}
