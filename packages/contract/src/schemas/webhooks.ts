import { z } from 'zod';
import { id, note, time } from './common.ts';

/** What a webhook may be told of. */
export const webhookEvents = [
  'approval.requested',
  'approval.decided',
  'approval.expired',
  'access_request.created',
  'access_request.decided',
  'manifest.waiting',
  'manifest.decided',
  'tool.held_back',
  'server.health_changed',
  'stop.created',
  'stop.ended',
  'member.removed',
  'webhook.paused',
] as const;
export type WebhookEvent = (typeof webhookEvents)[number];

const url = z
  .url({ protocol: /^https?$/, error: 'must be an http(s) URL' })
  .max(2_000)
  .refine((text) => {
    if (!URL.canParse(text)) return true;
    const { username, password, hash } = new URL(text);
    return username === '' && password === '' && hash === '';
  }, 'must have neither a user nor a fragment in it')
  .describe('Where to POST to: https, or http at an address an owner of the instance has opened.');

const events = z
  .array(z.enum(webhookEvents))
  .min(1, 'must name an event; leave it out for all of them')
  .refine((named) => new Set(named).size === named.length, 'must name each event once');

export const webhook = z.object({
  id,
  url: z.string(),
  events: z.array(z.enum(webhookEvents)),
  note: z.string(),
  state: z
    .enum(['active', 'paused', 'gone'])
    .describe('gone: its receiver has answered 410; nothing more is kept for it.'),
  why: z.enum(['asked', 'failing', 'gone']).nullable().describe('Why it is not active.'),
  waiting: z.int().describe('Deliveries that are still to be made.'),
  failingSince: time.nullable().describe('When the delivery that is tried again and again was tried first.'),
  retryAt: time.nullable(),
  createdAt: time,
  createdBy: z.string(),
});
export type Webhook = z.output<typeof webhook>;

export const webhookList = z.object({ items: z.array(webhook) });

export const webhookCreate = z.strictObject({
  url,
  events: events.optional().describe('What it is told of; everything when left out.'),
  note: note.default(''),
});

/** How one attempt to deliver went. */
export const webhookAttempt = z.object({
  status: z.int().nullable().describe('What was answered; null: nothing.'),
  problem: z
    .enum(['address', 'no_answer', 'refused'])
    .nullable()
    .describe(
      'address: it is not open to us. no_answer: none came in time, or the connection failed. refused: another status than 2xx.',
    ),
  latencyMs: z.int(),
});
export type WebhookAttempt = z.output<typeof webhookAttempt>;

export const webhookIssued = z.object({
  webhook,
  secret: z.string().describe('`whsec_` and 32 random bytes in Base64: shown this once.'),
  test: webhookAttempt.describe('How a first delivery of `webhook.test` went.'),
});

export const webhookRotate = z.strictObject({
  overlapSeconds: z
    .int()
    .min(0)
    .max(7 * 86_400)
    .default(86_400)
    .describe('Seconds during which deliveries are signed with the old secret, too.'),
});

export const webhookRotated = webhookIssued.omit({ test: true });

export const webhookDelivery = z.object({
  id: id.describe('Sent as `webhook-id`; the same at every attempt.'),
  type: z.enum(webhookEvents),
  state: z.enum(['waiting', 'delivered', 'dropped']).describe('dropped: it will not be made.'),
  attempts: z.int(),
  status: z.int().nullable().describe('Of the last attempt.'),
  problem: webhookAttempt.shape.problem,
  latencyMs: z.int().nullable(),
  createdAt: time,
  attemptedAt: time.nullable(),
});
export type WebhookDelivery = z.output<typeof webhookDelivery>;

export const webhookDeliveryList = z.object({ items: z.array(webhookDelivery) });
