import { expect, it } from 'vitest';
import { clientAddress, networkOf, trustedProxies } from './client-address.ts';

const isTrusted = trustedProxies(['127.0.0.1', '10.0.0.0/8', 'fd00::/8']);

it.each([
  ['nobody is believed who is not trusted', '198.51.100.7', '203.0.113.9', '198.51.100.7'],
  ['a trusted proxy is', '127.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['what the client has written before it is not', '127.0.0.1', '192.0.2.1, 203.0.113.9', '203.0.113.9'],
  ['nor where a chain of proxies ends in one', '127.0.0.1', '192.0.2.1, 203.0.113.9, 10.1.2.3', '203.0.113.9'],
  ['nor a name, nor nothing', '127.0.0.1', '203.0.113.9, admin', '127.0.0.1'],
  ['nor an empty entry', '127.0.0.1', '203.0.113.9, ', '127.0.0.1'],
  ['without the header it is the proxy', '10.0.0.1', null, '10.0.0.1'],
  ['an address in a mapped form is the same', '::ffff:127.0.0.1', '::ffff:203.0.113.9', '203.0.113.9'],
  ['a port is left out', '127.0.0.1', '203.0.113.9:4711', '203.0.113.9'],
  ['of IPv6 as well', 'fd00::1', '[2001:db8::1]:4711', '2001:db8::1'],
])('%s', (_, peer, forwarded, expected) => {
  expect(clientAddress(peer, forwarded, isTrusted)).toBe(expected);
});

it('trusts nobody unless told to, and reads no more of a long header than its end', () => {
  expect(clientAddress('127.0.0.1', '203.0.113.9', trustedProxies([]))).toBe('127.0.0.1');
  expect(clientAddress('10.0.0.1', `203.0.113.9${', 10.0.0.2'.repeat(1_000)}`, isTrusted)).toBe('10.0.0.2');
  expect(() => trustedProxies(['proxy.example.com'])).toThrow();
});

it.each([
  ['198.51.100.7', '198.51.100.7'],
  ['::ffff:198.51.100.7', '198.51.100.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:0001:0002::', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001::192.0.2.1', '2001:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['unknown', 'unknown'],
])('the network of %s is %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
