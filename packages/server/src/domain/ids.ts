import { randomFillSync } from 'node:crypto';

const pool = Buffer.alloc(8_192);
let used = pool.length;

/** Where in the pool 16 random bytes stand that nobody has had: filling it costs what a single small request would. */
function draw(): number {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += 16;
  return used - 16;
}

/** 128 random bits as 32 hex characters. */
export function randomHex(): string {
  const at = draw();
  return pool.toString('hex', at, at + 16);
}

/** When an id of this form was made, in milliseconds since the epoch; undefined for text that is none. */
export const timeOfId = (id: string): number | undefined =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-7/.test(id) ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : undefined;

let lastMs = 0;
let counter = 0;
/** `lastMs` as it begins an id; most ids of a busy process share it with the one before. */
let time = '';

/**
 * UUID version 7 (RFC 9562): sorts by creation time. Ids of the same millisecond sort by a counter (method 1 of its
 * section 6.2), so that what one process made one after another stays in that order; 62 bits are random.
 * @param now milliseconds since the epoch
 */
export function newId(now: number): string {
  const at = draw();
  const ms = Math.max(Math.floor(now), lastMs);
  if (ms > lastMs) {
    startAt(ms);
    // Begins in the lower half, so that there is room to count.
    counter = ((pool[at]! << 8) | pool[at + 1]!) & 0x7ff;
  } else if (++counter > 0xfff) {
    startAt(lastMs + 1);
    counter = 0;
  }
  const order = (0x7000 | counter).toString(16);
  const variant = '89ab'[pool[at + 2]! & 3]!;
  const random = pool.toString('hex', at + 3, at + 11);
  return `${time}-${order}-${variant}${random.slice(0, 3)}-${random.slice(3, 15)}`;
}

function startAt(ms: number): void {
  lastMs = ms;
  const digits = ms.toString(16).padStart(12, '0');
  time = `${digits.slice(0, 8)}-${digits.slice(8)}`;
}
