import fc from 'fast-check';
import { BlockList } from 'node:net';
import { describe, expect, it } from 'vitest';
import { freeSubnets, subnetOf, type Subnet } from './subnets.ts';

const first = (id: string, taken: readonly string[]) => freeSubnets(id, taken).next().value;

function take(subnets: Iterable<Subnet>, count: number): Subnet[] {
  const taken: Subnet[] = [];
  for (const subnet of subnets) if (taken.push(subnet) === count) break;
  return taken;
}

describe('freeSubnets', () => {
  it('begins at the same place for the same instance and keeps away from what is taken', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.integer({ min: 1, max: 40 }), (id, count) => {
        const subnets = take(freeSubnets(id, []), count + 1);
        const free = subnets.at(-1);
        expect(
          first(
            id,
            subnets.slice(0, -1).map(({ block }) => block),
          ),
        ).toEqual(free);
        expect(
          first(
            id,
            subnets.slice(0, -1).map(({ instance }) => instance),
          ),
        ).toEqual(free);
      }),
    );
  });

  it('gives three addresses of one block of eight, within 198.18.0.0/15', () => {
    const pool = new BlockList();
    pool.addSubnet('198.18.0.0', 15);
    fc.assert(
      fc.property(fc.uuid(), (id) => {
        const subnet = first(id, []);
        if (subnet === undefined) throw new Error('There is no subnet.');
        const [base = '', bits] = subnet.block.split('/');
        const last = Number(base.split('.')[3]);
        expect([bits, last % 8]).toEqual(['29', 0]);
        expect(subnet.gate).toBe(base.replace(/\d+$/, String(last + 2)));
        expect(subnet.instance).toBe(base.replace(/\d+$/, String(last + 3)));
        expect(pool.check(subnet.instance)).toBe(true);
        expect(subnetOf(subnet.block)).toEqual(subnet);
      }),
    );
  });

  it('gives each block once, and none where a larger network has them all', () => {
    const all = Array.from(freeSubnets('x', []), ({ block }) => block);
    expect(new Set(all).size).toBe(2 ** 14);
    expect(first('x', ['198.0.0.0/8'])).toBeUndefined();
    expect(first('x', ['fd00::/8', '', '10.0.0.0/8'])?.block).toBe(all[0]);
  });
});
