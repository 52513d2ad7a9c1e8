import { z } from 'zod';
import { defineOperation } from '../operation.ts';
import { id, nothing, slug } from '../schemas/common.ts';
import {
  webhook,
  webhookAttempt,
  webhookCreate,
  webhookDelivery,
  webhookDeliveryList,
  webhookIssued,
  webhookList,
  webhookRotate,
  webhookRotated,
} from '../schemas/webhooks.ts';

const collection = '/api/v1/workspaces/{workspace}/webhooks';
const item = `${collection}/{webhook}` as const;
const inWorkspace = z.strictObject({ workspace: slug });
const inWebhook = z.strictObject({ workspace: slug, webhook: id });

const common = { query: nothing, role: 'admin', scope: 'workspace' } as const;
const onOne = { ...common, params: inWebhook, body: null } as const;

export const webhooks = {
  create: defineOperation({
    ...common,
    id: 'webhooks.create',
    method: 'POST',
    path: collection,
    summary: 'Have another system told of what happens',
    description:
      'Deliveries are signed after standardwebhooks.com. A delivery of `webhook.test` is made at once; the webhook is there whether or not it arrives.',
    params: inWorkspace,
    body: webhookCreate,
    response: webhookIssued,
    status: 201,
    errors: ['not_found', 'conflict'],
    example: { url: 'https://mcp.example.com/webhooks', events: ['approval.requested', 'tool.held_back'] },
  }),
  list: defineOperation({
    ...common,
    id: 'webhooks.list',
    method: 'GET',
    path: collection,
    summary: 'List the webhooks',
    params: inWorkspace,
    body: null,
    response: webhookList,
    status: 200,
    errors: ['not_found'],
  }),
  get: defineOperation({
    ...onOne,
    id: 'webhooks.get',
    method: 'GET',
    path: item,
    summary: 'Show one webhook',
    response: webhook,
    status: 200,
    errors: ['not_found'],
  }),
  remove: defineOperation({
    ...onOne,
    id: 'webhooks.remove',
    method: 'DELETE',
    path: item,
    summary: 'Remove a webhook with everything that waits for it',
    response: null,
    status: 204,
    errors: ['not_found'],
  }),
  test: defineOperation({
    ...onOne,
    id: 'webhooks.test',
    method: 'POST',
    path: `${item}/test`,
    summary: 'Make a delivery of `webhook.test` now',
    response: webhookAttempt,
    status: 200,
    errors: ['not_found'],
  }),
  pause: defineOperation({
    ...onOne,
    id: 'webhooks.pause',
    method: 'POST',
    path: `${item}/pause`,
    summary: 'Deliver nothing for the time being',
    description: 'What happens meanwhile is kept, the newest 1,000 of it, and delivered after `resume`.',
    response: webhook,
    status: 200,
    errors: ['not_found'],
  }),
  resume: defineOperation({
    ...onOne,
    id: 'webhooks.resume',
    method: 'POST',
    path: `${item}/resume`,
    summary: 'Go on delivering, with what waits first',
    response: webhook,
    status: 200,
    errors: ['not_found'],
  }),
  rotateSecret: defineOperation({
    ...common,
    id: 'webhooks.rotateSecret',
    method: 'POST',
    path: `${item}/rotate-secret`,
    summary: 'Sign with a new secret',
    params: inWebhook,
    body: webhookRotate,
    response: webhookRotated,
    status: 201,
    errors: ['not_found'],
    example: { overlapSeconds: 3_600 },
  }),
  deliveries: defineOperation({
    ...onOne,
    id: 'webhooks.deliveries',
    method: 'GET',
    path: `${item}/deliveries`,
    summary: 'What was delivered or waits, newest first',
    description: 'The last 100 that are over and the next 100 that wait.',
    response: webhookDeliveryList,
    status: 200,
    errors: ['not_found'],
  }),
  redeliver: defineOperation({
    ...common,
    id: 'webhooks.redeliver',
    method: 'POST',
    path: `${item}/deliveries/{delivery}/redeliver`,
    summary: 'Make a delivery once more, under the same id',
    params: z.strictObject({ workspace: slug, webhook: id, delivery: id }),
    body: null,
    response: webhookDelivery,
    status: 200,
    errors: ['not_found', 'conflict'],
  }),
};
