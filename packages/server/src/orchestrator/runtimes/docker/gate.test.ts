import { once } from 'node:events';
import * as net from 'node:net';
import * as tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { specialRanges } from '../../../platform/address-policy.ts';
import { makeCertificate } from '../../../../../../test/servers/certificate.ts';
import { inRecords, recordClientHello, withExtension } from '../../../../../../test/servers/client-hello.ts';
import { runGate, type GateSettings } from './gate.ts';
import { readClientHello, readServerHello } from './tls-start.ts';

/** The gate in this process; the instance is 127.0.0.2, the gateway and everybody else 127.0.0.1. */
const instance = '127.0.0.2';
const stranger = '127.0.0.1';
const names: Readonly<Record<string, readonly string[]>> = {
  'api.example.com': ['10.0.0.1', '127.0.0.3'],
  'metadata.example.com': ['169.254.169.254'],
  'unlisted.example.com': ['127.0.0.3'],
};
let inward: number;
let outward: number;
const forwards: Record<'named' | 'unopened' | 'nowhere', number> = { named: 0, unopened: 0, nowhere: 0 };
const servers: net.Server[] = [];
const servername = 'api.example.com';
const certificate = makeCertificate([servername, 'unlisted.example.com']);
/** What the gate has said, and every piece that has come to the host's port. */
const log: string[] = [];
const heard: Buffer[] = [];

async function listen(host: string, port: number, greeting: string): Promise<number> {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => socket.write(`${greeting}:${data.toString()}`)).on('end', () => socket.end('.'));
  });
  servers.push(server);
  await once(server.listen(port, host), 'listening');
  return (server.address() as net.AddressInfo).port;
}

/** Bytes of one piece of what the host answers. */
let most = Infinity;

async function inPieces(from: net.Socket, to: net.Socket): Promise<void> {
  for await (const data of from as AsyncIterable<Buffer>) {
    for (let at = 0; at < data.length; at += most) {
      to.write(data.subarray(at, at + most));
      if (most < Infinity) await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
  to.end();
}

/** One address with TLS for two names; what it answers is what it was told. */
async function listenTls(host: string): Promise<number> {
  const options = { ...certificate, ecdhCurve: 'X25519:P-256', allowHalfOpen: true };
  const server = tls.createServer(options, (socket) => socket.on('error', () => socket.destroy()).pipe(socket));
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  await once(server.listen(0, host), 'listening');
  const front = net.createServer((socket) => {
    const inner = net.connect((server.address() as net.AddressInfo).port, host);
    inner.on('error', () => socket.destroy());
    inPieces(inner, socket.setNoDelay()).catch(() => socket.destroy());
    socket.on('error', () => inner.destroy()).on('data', (data) => heard.push(data));
    socket.pipe(inner);
  });
  servers.push(server, front);
  await once(front.listen(0, host), 'listening');
  return (front.address() as net.AddressInfo).port;
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '0.0.0.0');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

beforeAll(async () => {
  const port = await listen(instance, 0, 'instance');
  const hostPort = await listenTls('127.0.0.3');
  const databasePort = await listen('127.0.0.3', 0, 'host');
  [inward, outward] = [await freePort(), await freePort()];
  const proxy = { port: outward, hosts: ['api.example.com', 'metadata.example.com'], hostPort };
  const refused = specialRanges.filter((range) => !range.includes(':'));
  const lookup = (host: string) => Promise.resolve((names[host] ?? []).map((address) => ({ address, family: 4 })));
  const allowed = ['127.0.0.3/32'];
  const gate = { ...net, createServer: keeping } as typeof net;
  for (const name of ['named', 'unopened', 'nowhere'] as const) forwards[name] = await freePort();
  const settings: GateSettings = {
    instance: { host: instance, port },
    patienceMs: 1_000,
    inward,
    outward: { ...proxy, refused, allowed },
    forwards: [
      { listens: forwards.named, host: 'api.example.com', port: databasePort, refused: ['10.0.0.0/8'] },
      { listens: forwards.unopened, host: 'unlisted.example.com', port: databasePort, refused },
      { listens: forwards.nowhere, host: 'nothing.example.com', port: databasePort, refused: [] },
    ],
  };
  runGate(settings, { net: gate, lookup, readClientHello, readServerHello, log: (line) => log.push(line) });
  connectTo = (host) => `CONNECT ${host}:${hostPort} HTTP/1.1\r\nhost: ${host}\r\n\r\n`;
});
afterAll(() => {
  for (const server of servers) server.close();
});
let connectTo: (host: string) => string;

function keeping(...args: Parameters<typeof net.createServer>): net.Server {
  const server = net.createServer(...args);
  servers.push(server);
  return server;
}

/** Everything that comes back until the other side ends; `pieces` are sent one after another's answer. */
async function talk(from: string, port: number, ...pieces: readonly (string | Buffer)[]): Promise<string> {
  const socket = net.connect({ host: '127.0.0.1', port, localAddress: from, allowHalfOpen: true });
  let text = '';
  socket.setEncoding('latin1').on('data', (data: string) => (text += data));
  socket.on('error', () => socket.destroy());
  for (const [index, piece] of pieces.entries()) {
    socket.write(piece);
    if (index < pieces.length - 1) await once(socket, 'data');
  }
  socket.once('data', () => socket.end()).once('end', () => socket.end());
  await once(socket, 'close');
  return text;
}

/** What the host answers over TLS through the tunnel to it. @throws what TLS says */
async function talkTls(host: string, text: string, options: tls.ConnectionOptions = {}): Promise<string> {
  const socket = net.connect({ host: '127.0.0.1', port: outward, localAddress: instance });
  socket.write(connectTo(host));
  await once(socket, 'data');
  const secure = tls.connect({ socket, servername, ca: certificate.cert, ...options });
  secure.write(text);
  try {
    const [answer] = (await once(secure, 'data')) as [Buffer];
    return answer.toString();
  } finally {
    secure.destroy();
  }
}

/** Like `talk` after the tunnel is there, with a few bytes at a time. */
async function talkInPieces(bytes: Buffer): Promise<string> {
  const socket = net.connect({ host: '127.0.0.1', port: outward, localAddress: instance, noDelay: true });
  let text = '';
  socket.setEncoding('latin1').on('data', (data: string) => (text += data));
  socket.write(connectTo(servername));
  await once(socket, 'data');
  for (let at = 0; at < bytes.length; at += 16) {
    socket.write(bytes.subarray(at, at + 16));
    await new Promise(setImmediate);
  }
  await once(socket, 'data');
  socket.end();
  await once(socket, 'close');
  return text;
}

describe('the way in', () => {
  it('leads to the instance, both directions with an end of their own', async () => {
    expect(await talk(stranger, inward, 'call')).toBe('instance:call.');
  });

  it('is closed to the instance', async () => {
    expect(await talk(instance, inward, 'call')).toBe('');
  });
});

describe('the way out', () => {
  it('leads to a named host, past its addresses that are refused', async () => {
    expect(await talkTls('API.example.com', 'hello')).toBe('hello');
    expect(await talkTls('api.example.com', 'hello', { maxVersion: 'TLSv1.2' })).toBe('hello');
  });

  it('passes on what came with the request', async () => {
    const request = Buffer.from(connectTo('api.example.com'));
    const answer = await talk(instance, outward, Buffer.concat([request, await recordClientHello({ servername })]));
    expect(answer).toMatch(/^HTTP\/1\.1 200 Connection established\r\n\r\n\x16\x03\x03..\x02/s);
  });

  it('is closed to everybody else', async () => {
    expect(await talk(stranger, outward, connectTo('api.example.com'))).toBe('');
  });

  it.each([
    ['another name', () => connectTo('unlisted.example.com'), 403],
    ['a name below', () => connectTo('x.api.example.com'), 403],
    ['an address', () => connectTo('127.0.0.3'), 403],
    ['a name of another form', () => connectTo('api.example.com.'), 403],
    ['a name that leads to an address that is not public', () => connectTo('metadata.example.com'), 502],
    ['another port', () => 'CONNECT api.example.com:22 HTTP/1.1\r\n\r\n', 405],
    ['another method', () => 'GET https://api.example.com/ HTTP/1.1\r\nhost: api.example.com\r\n\r\n', 405],
    ['no HTTP', () => '\r\n\r\n', 405],
  ])('is closed to %s', async (_what, request, status) => {
    expect(await talk(instance, outward, request())).toMatch(
      new RegExp(`^HTTP/1\\.1 ${status} .*\\r\\n\\r\\nMCPNest: `, 's'),
    );
    expect(log.pop()).toMatch(new RegExp(`^refused with ${status}: `));
  });

  it('ends a request that has no end', async () => {
    expect(await talk(instance, outward, `CONNECT ${'a'.repeat(20_000)}`)).toBe('');
  });
});

describe('TLS through the way out', () => {
  const alert = '\x15\x03\x03\x00\x02\x02\x70';
  const toHost = () => connectTo(servername);
  const said = (why: string): string => `refused a connection to ${servername}: ${why}.`;

  it('[ORC-04] is refused with another name than that of the host, at the same address', async () => {
    const before = heard.length;
    await expect(talkTls(servername, 'hello', { servername: 'unlisted.example.com' })).rejects.toThrow(
      'unrecognized name',
    );
    expect(log.pop()).toBe(said('its ClientHello names another host'));
    await expect(talkTls(servername, 'hello', { servername: '' })).rejects.toThrow('unrecognized name');
    expect(log.pop()).toBe(said('its ClientHello names no host'));
    const hidden = withExtension(await recordClientHello({ servername }), 0xfe0d, Buffer.from([1]));
    expect(await talk(instance, outward, toHost(), hidden)).toMatch(new RegExp(`\r\n\r\n${alert}$`));
    expect(log.pop()).toBe(said('its ClientHello encrypts the name of the host'));
    // Nothing of them has come to the host.
    expect(heard.slice(before)).toEqual([]);
  });

  it('[ORC-04] is all there is: nothing else is carried, however it begins', async () => {
    const before = heard.length;
    for (const plain of [
      'GET / HTTP/1.1\r\nhost: unlisted.example.com\r\n\r\n',
      'SSH-2.0-x\r\n',
      '\x17\x03\x03\x00\x01x',
    ])
      expect(await talk(instance, outward, toHost(), plain)).toMatch(new RegExp(`\r\n\r\n${alert}$`));
    expect(log.pop()).toBe(said('what begins is not TLS'));
    expect(heard.slice(before)).toEqual([]);
  });

  it('[ORC-04] may begin in as many pieces and records as it likes, within time and size', async () => {
    const hello = await recordClientHello({ servername });
    const serverHello = /\r\n\r\n\x16\x03\x03..\x02/s;
    expect(await talk(instance, outward, toHost(), inRecords(hello, 50))).toMatch(serverHello);
    expect(await talkInPieces(hello)).toMatch(serverHello);
    expect(await talkInPieces(await recordClientHello({ servername: 'unlisted.example.com' }))).toMatch(
      new RegExp(`\r\n\r\n${alert}$`),
    );
    for (const unending of [hello.subarray(0, 100), Buffer.concat([hello.subarray(0, 5), Buffer.alloc(20_000, 1)])])
      expect(await talk(instance, outward, toHost(), unending)).toMatch(new RegExp(`${alert}$`));
  });

  it('[ORC-04] names the host again where the server asks for another ClientHello', async () => {
    // Both know P-256, but this client begins with the other.
    const options = { ecdhCurve: 'P-384:P-256' };
    expect(await talkTls(servername, 'hello', options)).toBe('hello');
    try {
      most = 60;
      expect(await talkTls(servername, 'hello', options)).toBe('hello');
    } finally {
      most = Infinity;
    }
    const first = await recordClientHello({ servername, ...options });
    const second = await recordClientHello({ servername: 'unlisted.example.com', ecdhCurve: 'P-256' });
    const changeCipherSpec = Buffer.from([20, 3, 3, 0, 1, 1]);
    for (const pieces of [
      [first, second],
      [Buffer.concat([first, second])],
      [Buffer.concat([first, changeCipherSpec, second])],
    ]) {
      const before = heard.length;
      expect(await talk(instance, outward, toHost(), ...pieces)).toMatch(new RegExp(`${alert}$`));
      expect(log.pop()).toBe(said('its ClientHello names another host'));
      expect(Buffer.concat(heard.slice(before))).toEqual(first);
    }
  });
});

describe('a forward', () => {
  it('[ORC-04] leads to its one address, past those that are refused', async () => {
    expect(await talk(instance, forwards.named, 'query')).toBe('host:query.');
  });

  it('[ORC-04] is closed to everybody but the instance', async () => {
    expect(await talk(stranger, forwards.named, 'query')).toBe('');
  });

  it('[ORC-04] ends where its name leads to nothing that may be reached', async () => {
    expect(await talk(instance, forwards.unopened, 'query')).toBe('');
    expect(await talk(instance, forwards.nowhere, 'query')).toBe('');
  });
});
