import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { inRecords, recordClientHello, withExtension } from '../../../../../../test/servers/client-hello.ts';
import { readClientHello, readServerHello } from './tls-start.ts';

const host = 'api.example.com';
const changeCipherSpec = Buffer.from([20, 3, 3, 0, 1, 1]);
let hello: Buffer;
let other: Buffer;
beforeAll(async () => {
  hello = await recordClientHello({ servername: host });
  other = await recordClientHello({ servername: 'unlisted.example.com' });
});

describe('[ORC-04] the first bytes of a client', () => {
  it('are a ClientHello for the host, in whatever version, case and pieces', async () => {
    expect(readClientHello(hello, host, false)).toEqual({ end: hello.length });
    const [upper, old] = [
      await recordClientHello({ servername: host.toUpperCase() }),
      await recordClientHello({ servername: host, maxVersion: 'TLSv1.2' }),
    ];
    for (const each of [upper, old]) expect(readClientHello(each, host, false)).toEqual({ end: each.length });
    for (const size of [1, 3, 4, 5, 100, 16_384]) {
      const records = inRecords(hello, size);
      expect(readClientHello(records, host, false)).toEqual({ end: records.length });
      expect(readClientHello(Buffer.concat([records, other]), host, false)).toEqual({ end: records.length });
    }
  });

  it('are waited for', () => {
    const records = inRecords(hello, 200);
    for (let length = 0; length < records.length; length++)
      expect(readClientHello(records.subarray(0, length), host, false)).toBeUndefined();
  });

  it.each([
    ['another name', () => other, 'names another host'],
    ['no name', () => recordClientHello({ servername: '' }), 'names no host'],
    ['a hidden name', () => withExtension(hello, 0xfe0d, Buffer.from([1])), 'encrypts the name'],
    ['a name hidden in the way before that', () => withExtension(hello, 0xffce, Buffer.alloc(8)), 'encrypts the name'],
    ['two extensions of names', () => withExtension(hello, 0, Buffer.alloc(2)), 'malformed'],
    ['two messages in a record', () => twice(), 'malformed'],
    ['another record in between', () => interrupted(), 'malformed'],
    ['an empty record in between', () => Buffer.from([22, 3, 1, 0, 0]), 'not TLS'],
    ['another message', () => Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0]), 'malformed'],
    ['a message without end', () => Buffer.concat(Array.from({ length: 20 }, () => endless())), 'malformed'],
    ['a record of change_cipher_spec before it', () => Buffer.concat([changeCipherSpec, hello]), 'not TLS'],
    ['the form of SSL 2', () => Buffer.from([0x80, 0x2e, 1, 3, 1]), 'not TLS'],
    ['HTTP', () => Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'not TLS'],
  ])('are refused with %s', async (_what, made, why) => {
    expect(readClientHello(await made(), host, false)).toMatchObject({ wrong: expect.stringContaining(why) as string });
  });

  it('may be a second ClientHello, for the same host', () => {
    const second = Buffer.concat([changeCipherSpec, hello]);
    expect(readClientHello(second, host, true)).toEqual({ end: second.length });
    expect(readClientHello(Buffer.concat([changeCipherSpec, other]), host, true)).toHaveProperty('wrong');
    expect(readClientHello(Buffer.from([23, 3, 3, 0, 1, 1]), host, true)).toHaveProperty('wrong');
  });

  it('are never taken for another host, whatever is changed in them', () => {
    const change = fc.record({ at: fc.nat(other.length - 1), byte: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), fc.boolean(), (changes, retried) => {
        const bytes = Buffer.from(other);
        for (const { at, byte } of changes) bytes[at] = byte;
        expect(readClientHello(bytes, host, retried) ?? {}).not.toHaveProperty('end');
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('[ORC-04] the answer of a server', () => {
  const serverHello = (random: Buffer): Buffer =>
    Buffer.concat([Buffer.from([22, 3, 3, 0, 80, 2, 0, 0, 76, 3, 3]), random, Buffer.alloc(42)]);
  // RFC 8446, section 4.1.3.
  const retry = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex');
  const warning = Buffer.from([21, 3, 3, 0, 2, 1, 112]);

  it('asks for another ClientHello, or settles it', () => {
    expect(readServerHello(serverHello(Buffer.alloc(32, 7)))).toBe('settled');
    expect(readServerHello(serverHello(retry))).toBe('retry');
    expect(readServerHello(Buffer.concat([warning, serverHello(retry)]))).toBe('retry');
    for (let length = 0; length < 43; length++)
      expect(readServerHello(serverHello(retry).subarray(0, length))).toBeUndefined();
  });

  it('asks for another ClientHello only with its last byte, and may end that with a change_cipher_spec', () => {
    for (let length = 43; length < 85; length++)
      expect(readServerHello(serverHello(retry).subarray(0, length))).toBeUndefined();
    expect(readServerHello(Buffer.concat([changeCipherSpec, serverHello(Buffer.alloc(32, 7))]))).toBe('settled');
    const spread = serverHello(retry);
    spread.writeUIntBE(77, 6, 3);
    expect(readServerHello(spread)).toBe('wrong');
  });

  it('is no ServerHello', () => {
    for (const bytes of ['HTTP/1.1 400 Bad Request', '\x16\x03\x03\x00\x05\x02\x00\x00\x01\x00'])
      expect(readServerHello(Buffer.from(bytes, 'latin1'))).toBe('wrong');
    expect(readServerHello(Buffer.concat([Buffer.from([22, 3, 3, 0, 80, 11]), Buffer.alloc(79)]))).toBe('wrong');
  });
});

function twice(): Buffer {
  const message = hello.subarray(5);
  const made = Buffer.concat([hello.subarray(0, 3), Buffer.alloc(2), message, message]);
  made.writeUInt16BE(made.length - 5, 3);
  return made;
}

function interrupted(): Buffer {
  const records = inRecords(hello, 100);
  return Buffer.concat([records.subarray(0, 105), changeCipherSpec, records.subarray(105)]);
}

/** One record of 1,000 bytes of a ClientHello of 16 MB. */
const endless = (): Buffer =>
  Buffer.concat([Buffer.from([22, 3, 1, 3, 232]), Buffer.from([1, 255, 255, 255]), Buffer.alloc(996, 1)]);
