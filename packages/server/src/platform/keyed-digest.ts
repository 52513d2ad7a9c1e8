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
  // Reused: the text of one digest is gone when the next begins.
  let scratch = Buffer.concat([inner, Buffer.alloc(1_024)]);
  return (text) => {
    const need = 64 + Buffer.byteLength(text);
    if (need > scratch.length) scratch = Buffer.concat([inner, Buffer.alloc(need)]);
    scratch.write(text, 64);
    outer.write(hash('sha256', scratch.subarray(0, need), 'binary'), 64, 'latin1');
    return hash('sha256', outer, 'hex');
  };
}
