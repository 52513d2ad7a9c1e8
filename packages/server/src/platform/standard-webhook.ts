import { createHmac, randomBytes } from 'node:crypto';
import { Secret } from '../domain/secret.ts';

const prefix = 'whsec_';

/** A new secret in the form of Standard Webhooks: `whsec_` and the base64 of 32 random bytes. */
export const newWebhookSecret = (): Secret => new Secret(prefix + randomBytes(32).toString('base64'));

/**
 * The signature of Standard Webhooks, symmetric: HMAC-SHA-256 over `id.timestamp.body`.
 * @param id the same when the same is sent again, so that receivers can tell
 * @param at milliseconds since the epoch
 * @param secret `whsec_` and base64
 */
export function signWebhook(id: string, at: number, body: Buffer, secret: Secret): Record<string, string> {
  const timestamp = String(Math.floor(at / 1000));
  const key = Buffer.from(secret.reveal().slice(prefix.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
