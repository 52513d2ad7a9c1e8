import { BlockList, isIP } from 'node:net';

/**
 * What kind of address this is. Only `public` ones may be dialled without an owner's entry; everything an address
 * could be taken for, and everything unknown, is something else.
 */
export type AddressKind = 'public' | 'loopback' | 'private' | 'link-local' | 'multicast' | 'translated' | 'reserved';

/**
 * The special-purpose address registries of IANA (RFC 6890 and its updates), whole, plus site-local addresses
 * (RFC 3879) and the one public address that means the host itself on a large cloud. First match wins.
 */
const table: readonly (readonly [AddressKind, readonly string[]])[] = [
  ['loopback', ['127.0.0.0/8', '::1/128']],
  ['private', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7', 'fec0::/10']],
  ['link-local', ['169.254.0.0/16', 'fe80::/10', '168.63.129.16/32']],
  ['multicast', ['224.0.0.0/4', 'ff00::/8']],
  [
    'reserved',
    [
      ...['0.0.0.0/8', '192.0.0.0/24', '192.0.2.0/24', '192.31.196.0/24', '192.52.193.0/24', '192.88.99.0/24'],
      ...['192.175.48.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '240.0.0.0/4', '::/128'],
    ],
  ],
  // IPv6 addresses that lead to an IPv4 address: compatible, mapped, translated (SIIT), NAT64, Teredo, 6to4.
  [
    'translated',
    ['::/96', '::ffff:0:0/96', '::ffff:0:0:0/96', '64:ff9b::/96', '64:ff9b:1::/48', '2001::/32', '2002::/16'],
  ],
  [
    'reserved',
    ['100::/64', '100:0:0:1::/64', '2001::/23', '2001:db8::/32', '2620:4f:8000::/48', '3fff::/20', '5f00::/16'],
  ],
];

/** All ranges of the table, as CIDR: what is in none of them is public, of IPv4. */
export const specialRanges: readonly string[] = table.flatMap(([, ranges]) => ranges);

const lists = table.map(([kind, ranges]) => [kind, blockList(ranges)] as const);
/** The only IPv6 range given out for global use so far. */
const globalUnicast = blockList(['2000::/3']);

/**
 * @param address IPv4 in dotted form or IPv6 without brackets, as a resolver returns it; a zone index is ignored
 * @returns `reserved` for anything that is not an address
 */
export function classifyAddress(address: string): AddressKind {
  const bare = address.replace(/%.*$/, '');
  const version = isIP(bare);
  if (version === 0) return 'reserved';
  const family = version === 4 ? 'ipv4' : 'ipv6';
  // A block list takes an IPv4 address for its mapped form, which would make every one of them translated.
  const found = lists.find(([kind, list]) => (version === 6 || kind !== 'translated') && list.check(bare, family));
  if (found !== undefined) return found[0];
  return version === 4 || globalUnicast.check(bare, family) ? 'public' : 'reserved';
}

function blockList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network, bits] = range.split('/') as [string, string];
    list.addSubnet(network, Number(bits), network.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list;
}
