import { createHmac, randomBytes } from 'node:crypto';
import { Secret } from '../domain/secret.ts';

const prefix = 'whsec_';

/** A new secret in the form of Standard Webhooks: `whsec_` and the base64 of 32 random bytes. */
export const newWebhookSecret = (): Secret => new Secret(prefix + randomBytes(32).toString('base64'));

/**
 * Header fields of a delivery in the form of Standard Webhooks ("Signature scheme", symmetric): HMAC-SHA-256 over
 * `id.timestamp.body`, one signature per secret.
 * @param id the same when the same is sent again, so that receivers can tell
 * @param at milliseconds since the epoch
 * @param secrets `whsec_` and base64; during a rotation the new and the old one
 */
export function signWebhook(id: string, at: number, body: Buffer, secrets: readonly Secret[]): Record<string, string> {
  const timestamp = String(Math.floor(at / 1000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.reveal().slice(prefix.length), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}
