import { BlockList, isIPv4 } from 'node:net';
import type { ReachedAddress } from '../domain/hosted/reached.ts';
import { classifyAddress } from './address-policy.ts';

/**
 * IPv4 ranges that no entry of an owner opens to hosted servers: their own container, what answers for the machine
 * under it, the networks of other instances, and what is no single host.
 */
export const closedRanges: readonly string[] = [
  ...['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '168.63.129.16/32', '198.18.0.0/15'],
  ...['224.0.0.0/4', '255.255.255.255/32'],
];

const closed = new BlockList();
for (const range of closedRanges) {
  const [network = '', bits] = range.split('/');
  closed.addSubnet(network, Number(bits));
}

/**
 * Why a hosted server may not reach an address, with the remedy. Of a name this says only what does not depend on
 * where it leads: that the gate sees at each connection.
 * @param opened an owner has opened exactly this host and port
 * @returns null: it may
 */
export function reachRefusal({ host, port, encrypted }: ReachedAddress, opened: boolean): string | null {
  const target = `${host}:${port}`;
  if (isClosed(host))
    return `${target} means something else inside a container. Name an address at which the database is reached from other machines.`;
  if (opened) return null;
  if (isIPv4(host) && classifyAddress(host) !== 'public') return notOpened(target);
  if (!encrypted)
    return `${target} would be reached in the clear. Add sslmode=require to its URL, or ${remedy(target)}`;
  return null;
}

/** Whether one of the addresses a name has may be reached without an entry of an owner. */
export const isPublicName = (addresses: readonly string[]): boolean =>
  addresses.some((address) => isIPv4(address) && classifyAddress(address) === 'public');

/** What is said of an address that nobody has opened. @param target `host:port` */
export const notOpened = (target: string): string =>
  `${target} is no public address, and it is not open to hosted servers. To open it, ${remedy(target)}`;

const remedy = (target: string): string => `have an owner of the instance run: mcpnest network allow ${target}`;

const isClosed = (host: string): boolean =>
  isIPv4(host) ? closed.check(host) : host === 'localhost' || host.endsWith('.localhost');
