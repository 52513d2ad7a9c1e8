import { createCipheriv, createDecipheriv, hash, hkdfSync, randomBytes } from 'node:crypto';
import { unavailable } from '../../domain/errors.ts';
import { Secret } from '../../domain/secret.ts';
import type { Vault } from './vault.ts';

const version = 'v1';
const nonceBytes = 12;
const tagBytes = 16;
const form = /^v1\.([0-9a-f]{8})\.([A-Za-z0-9_-]+)$/;

/**
 * A vault whose master key is in this process: AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce per value.
 *
 * A sealed value is `v1.<key id>.<base64url of nonce, ciphertext and tag>`; the key id says with which key, not what
 * it is. The master key itself seals nothing: the sealing key is derived from it like every other.
 *
 * @param key 64 hex characters, 32 random bytes
 */
export function createLocalVault(key: Secret): Vault {
  if (!/^[0-9a-fA-F]{64}$/.test(key.reveal())) {
    throw unavailable('The secret key must be 64 hex characters, for example from: openssl rand -hex 32');
  }
  const master = Buffer.from(key.reveal(), 'hex');
  const deriveKey = (purpose: string): Buffer =>
    Buffer.from(hkdfSync('sha256', master, Buffer.alloc(0), `mcpnest/${purpose}`, 32));

  const sealing = deriveKey('vault/v1');
  const keyId = hash('sha256', deriveKey('vault/v1/id'), 'hex').slice(0, 8);

  return {
    deriveKey,
    seal: (plain, context) => {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', sealing, nonce).setAAD(Buffer.from(context));
      const body = Buffer.concat([nonce, cipher.update(plain.reveal(), 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `${version}.${keyId}.${body.toString('base64url')}`;
    },
    open: (sealed, context) => {
      const match = form.exec(sealed);
      if (match === null) throw cannotOpen('it is not a sealed value of this version', context);
      if (match[1] !== keyId) throw cannotOpen(`it was sealed with key ${match[1]}, this is key ${keyId}`, context);
      const body = Buffer.from(match[2]!, 'base64url');
      if (body.length < nonceBytes + tagBytes) throw cannotOpen('it is cut short', context);
      const decipher = createDecipheriv('aes-256-gcm', sealing, body.subarray(0, nonceBytes), {
        authTagLength: tagBytes,
      })
        .setAAD(Buffer.from(context))
        .setAuthTag(body.subarray(-tagBytes));
      try {
        const plain = [decipher.update(body.subarray(nonceBytes, -tagBytes)), decipher.final()];
        return new Secret(Buffer.concat(plain).toString('utf8'));
      } catch (cause) {
        throw cannotOpen('it was changed or belongs elsewhere', context, cause);
      }
    },
  };
}

const cannotOpen = (why: string, context: string, cause?: unknown): Error =>
  unavailable('A stored credential cannot be opened. Enter it again.', { detail: `${context}: ${why}`, cause });
