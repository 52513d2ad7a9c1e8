import { lookup } from 'node:dns/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Where a name leads now, for who must say so before somebody else connects there.
 * @param withinMs how long that may take
 * @returns its IPv4 addresses; none where it has none or time is up
 */
export async function resolveName(host: string, withinMs: number): Promise<readonly string[]> {
  const found = lookup(host, { all: true, family: 4 }).catch(() => []);
  const addresses = await Promise.race([found, sleep(withinMs, [], { ref: false })]);
  return addresses.map(({ address }) => address);
}
