import { randomFillSync } from 'node:crypto';

const pool = Buffer.alloc(8_192);
let used = pool.length;

/** 128 random bits as 32 hex characters, cut from a pool: filling it once costs what a single small request would. */
export function randomHex(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += 16;
  return pool.toString('hex', used - 16, used);
}

/**
 * UUID version 7 (RFC 9562): sorts by creation time, carries 74 random bits.
 * @param now milliseconds since the epoch
 */
export function newId(now: number): string {
  const time = Math.floor(now).toString(16).padStart(12, '0');
  const random = randomHex();
  const variant = '89ab'[Number.parseInt(random[3]!, 16) & 3]!;
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-${variant}${random.slice(4, 7)}-${random.slice(7, 19)}`;
}
