import { createHmac, randomBytes } from 'node:crypto';
import { Secret } from '../../domain/secret.ts';
import type { Vault } from '../../platform/vault/vault.ts';

/** A secret to sign with, in the form of standardwebhooks.com: `whsec_` and Base64, here of 32 random bytes. */
export const mintSecret = (): Secret => new Secret(`${prefix}${randomBytes(32).toString('base64')}`);

export const sealSecret = (vault: Vault, webhookId: string, secret: Secret): string =>
  vault.seal(secret, contextOf(webhookId));

/** The secrets of a webhook as they are stored. */
export interface StoredSecrets {
  readonly id: string;
  readonly secret: string;
  readonly old_secret: string | null;
  readonly old_secret_until: string | null;
}

/**
 * The secrets to sign with, the newest first; during a rotation the one before as well.
 * @throws AppError `unavailable` when one cannot be opened
 */
export function openSecrets(vault: Vault, hook: StoredSecrets, at: string): Secret[] {
  const overlaps = hook.old_secret !== null && hook.old_secret_until !== null && hook.old_secret_until > at;
  const sealed = overlaps ? [hook.secret, hook.old_secret] : [hook.secret];
  return sealed.map((text) => vault.open(text, contextOf(hook.id)));
}

/** What is signed, and when it was sent. */
export interface Signed {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly body: string;
}

/**
 * Header fields of a delivery (standardwebhooks.com, "Signature scheme"): HMAC-SHA-256 over `id.timestamp.body`, one
 * signature per secret.
 */
export function signatureHeaders({ id, now, body }: Signed, secrets: readonly Secret[]): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.reveal().slice(prefix.length), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

const prefix = 'whsec_';
const contextOf = (webhookId: string): string => `webhook/${webhookId}/secret`;
