import { hash } from 'node:crypto';

/**
 * HMAC-SHA-256 (RFC 2104) for short texts. The pads are prepared once per key, so a digest is two one-shot hashes,
 * a third of the cost of `createHmac`.
 */
export function createKeyedDigest(key: Buffer): (text: string) => string {
  if (key.length > 64) throw new RangeError('The key must not be longer than one block (64 bytes).');
  const inner = Buffer.alloc(64, 0x36);
  const outer = Buffer.alloc(64 + 32, 0x5c);
  for (const [i, byte] of key.entries()) {
    inner[i]! ^= byte;
    outer[i]! ^= byte;
  }
  return (text) => {
    const body = Buffer.allocUnsafe(64 + Buffer.byteLength(text));
    inner.copy(body);
    body.write(text, 64);
    outer.set(hash('sha256', body, 'buffer'), 64);
    return hash('sha256', outer, 'hex');
  };
}
