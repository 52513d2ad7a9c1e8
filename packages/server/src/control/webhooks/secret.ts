import type { Secret } from '../../domain/secret.ts';
import type { Vault } from '../../platform/vault/vault.ts';

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

const contextOf = (webhookId: string): string => `webhook/${webhookId}/secret`;
