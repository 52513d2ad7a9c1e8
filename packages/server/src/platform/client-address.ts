import { BlockList, isIP } from 'node:net';

/** Proxies one request may have come through. */
const mostHops = 16;

/** Whether an address is one of those that are trusted to say whom they speak for. */
export type IsTrusted = (address: string) => boolean;

/** Whether a text is an address or a CIDR block; one that holds every address is none to trust. */
export function isAddressBlock(text: string): boolean {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && (bits === undefined || (Number(bits) > 0 && Number(bits) <= (family === 4 ? 32 : 128)));
}

/**
 * @param entries addresses and CIDR blocks
 * @throws Error for what is neither
 */
export function trustedProxies(entries: readonly string[]): IsTrusted {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    list.addSubnet(address, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family);
  }
  return (address) => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/**
 * Where a request comes from: what the nearest proxies that are trusted say, and of all that stands in
 * `X-Forwarded-For` nothing that somebody else has written. Good for limits and records, never for who somebody is.
 * @param peer address of the other end of the connection
 * @param forwarded the header, each proxy's entry behind those before it
 */
export function clientAddress(peer: string, forwarded: string | null, isTrusted: IsTrusted): string {
  const hops = forwarded === null ? [] : forwarded.split(',').slice(-mostHops);
  let address = plainAddress(peer);
  while (hops.length > 0 && isTrusted(address)) {
    const said = hops.pop()!.trim();
    const next = plainAddress(/^\[(.*)\](?::\d+)?$/.exec(said)?.[1] ?? /^([\d.]+):\d+$/.exec(said)?.[1] ?? said);
    if (isIP(next) === 0) break;
    address = next;
  }
  return address;
}

/**
 * What one subscriber has of the network, as limits count it: the first 64 bits of an IPv6 address, since whoever has
 * one has all that begin like it (RFC 6177); an IPv4 address itself.
 */
export function networkOf(address: string): string {
  const plain = plainAddress(address);
  if (isIP(plain) !== 6) return plain;
  const [head = '', tail] = plain.toLowerCase().split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  // The dotted end of an address stands for two groups, neither of the first four.
  const missing = 8 - groups.length - after.length - (plain.includes('.') ? 1 : 0);
  const all = tail === undefined ? groups : [...groups, ...Array.from({ length: missing }, () => '0'), ...after];
  return `${all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}

/** Without a zone, and an IPv4 address that stands in an IPv6 one (RFC 4291, section 2.5.5.2) as what it is. */
const plainAddress = (address: string): string =>
  address.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
