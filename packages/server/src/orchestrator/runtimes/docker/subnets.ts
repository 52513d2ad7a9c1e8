import { createHash } from 'node:crypto';
import { BlockList, isIPv4 } from 'node:net';

/** The network of one instance: 8 addresses, of which two are taken. */
export interface Subnet {
  /** CIDR. */
  readonly block: string;
  readonly gate: string;
  readonly instance: string;
}

/** 198.18.0.0/15 is for tests of devices (RFC 2544) and on no real network, which matters little: no route leads there. */
const base = (198 << 24) | (18 << 16);
const count = 2 ** (29 - 15);

/**
 * Subnets to try for an instance, the same ones in the same order each time.
 * @param taken blocks of other networks and addresses of this host, as CIDR or bare
 */
export function* freeSubnets(instanceId: string, taken: readonly string[]): Generator<Subnet> {
  const blocks = taken.map((text) => text.split('/')).filter(([address]) => isIPv4(address ?? ''));
  const occupied = new BlockList();
  for (const [address, bits] of blocks) occupied.addSubnet(address ?? '', Number(bits ?? 32));
  const first = createHash('sha256').update(instanceId).digest().readUInt32BE() % count;
  for (let step = 0; step < count; step++) {
    const start = base + ((first + step) % count) * 8;
    const inside = new BlockList();
    inside.addSubnet(dotted(start), 29);
    const clashes = occupied.check(dotted(start)) || blocks.some(([address]) => inside.check(address ?? ''));
    if (!clashes) yield subnetAt(start);
  }
}

/** Of the block of a network made earlier. */
export function subnetOf(block: string): Subnet {
  const [a = 0, b = 0, c = 0, d = 0] = (block.split('/')[0] ?? '').split('.').map(Number);
  return subnetAt(((a << 24) | (b << 16) | (c << 8) | d) >> 0);
}

// The first address is the network's own, the second the engine's, who must not use it.
const subnetAt = (start: number): Subnet => ({
  block: `${dotted(start)}/29`,
  gate: dotted(start + 2),
  instance: dotted(start + 3),
});

const dotted = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
