import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';

/** Text that travels through a client and comes back: unreadable, unchangeable, and worthless in another context. */
export interface SealedText {
  /** The same text and context always give the same seal, so that it can serve as a name. */
  seal(text: string, context: string): string;
  /** @returns undefined when it was changed, cut, made up or sealed for another context */
  open(sealed: string, context: string): string | undefined;
}

const nonceBytes = 12;
const tagBytes = 16;
const form = /^[A-Za-z0-9_-]+$/;

/**
 * AES-256-GCM (NIST SP 800-38D) whose nonce is a keyed hash of text and context, after the idea of RFC 5297: a nonce
 * repeats only where everything else does, too.
 * @param key 32 bytes, used for nothing else
 */
export function createSealedText(key: Buffer): SealedText {
  const derive = (purpose: string): Buffer => Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), purpose, 32));
  const sealing = derive('seal');
  const naming = derive('nonce');
  const nonceOf = (text: string, context: string): Buffer =>
    createHmac('sha256', naming)
      .update(`${Buffer.byteLength(context)}:${context}`)
      .update(text)
      .digest()
      .subarray(0, nonceBytes);

  return {
    seal(text, context) {
      const nonce = nonceOf(text, context);
      const cipher = createCipheriv('aes-256-gcm', sealing, nonce).setAAD(Buffer.from(context));
      return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
        'base64url',
      );
    },
    open(sealed, context) {
      if (!form.test(sealed)) return undefined;
      const bytes = Buffer.from(sealed, 'base64url');
      if (bytes.length < nonceBytes + tagBytes) return undefined;
      const decipher = createDecipheriv('aes-256-gcm', sealing, bytes.subarray(0, nonceBytes), {
        authTagLength: tagBytes,
      })
        .setAAD(Buffer.from(context))
        .setAuthTag(bytes.subarray(-tagBytes));
      try {
        return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]).toString();
      } catch {
        return undefined;
      }
    },
  };
}
