import type { Secret } from '../../domain/secret.ts';

/**
 * Encrypts what must be sent on later (upstream credentials). The context is authenticated with the ciphertext
 * (AES-256-GCM additional data), so a sealed value moved to another row does not open.
 */
export interface Vault {
  /** @returns printable text that names the key it was sealed with */
  seal(plain: Secret, context: string): string;
  /** @throws AppError `unavailable` when the value was sealed for another context or with an unknown key */
  open(sealed: string, context: string): Secret;
  /** A 32-byte key that follows from the master key and the purpose alone (HKDF-SHA-256, RFC 5869). */
  deriveKey(purpose: string): Buffer;
}
