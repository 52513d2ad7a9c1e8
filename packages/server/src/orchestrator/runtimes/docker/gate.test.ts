import { once } from 'node:events';
import * as net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { specialRanges } from '../../../platform/address-policy.ts';
import { runGate, type GateSettings } from './gate.ts';

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

async function listen(host: string, port: number, greeting: string): Promise<number> {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => socket.write(`${greeting}:${data.toString()}`)).on('end', () => socket.end('.'));
  });
  servers.push(server);
  await once(server.listen(port, host), 'listening');
  return (server.address() as net.AddressInfo).port;
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
  const hostPort = await listen('127.0.0.3', 0, 'host');
  [inward, outward] = [await freePort(), await freePort()];
  const proxy = { port: outward, hosts: ['api.example.com', 'metadata.example.com'], hostPort };
  const refused = specialRanges.filter((range) => !range.includes(':'));
  const lookup = (host: string) => Promise.resolve((names[host] ?? []).map((address) => ({ address, family: 4 })));
  const allowed = ['127.0.0.3/32'];
  const gate = { ...net, createServer: keeping } as typeof net;
  for (const name of ['named', 'unopened', 'nowhere'] as const) forwards[name] = await freePort();
  const settings: GateSettings = {
    instance: { host: instance, port },
    inward,
    outward: { ...proxy, refused, allowed },
    forwards: [
      { listens: forwards.named, host: 'api.example.com', port: hostPort, refused: ['10.0.0.0/8'] },
      { listens: forwards.unopened, host: 'unlisted.example.com', port: hostPort, refused },
      { listens: forwards.nowhere, host: 'nothing.example.com', port: hostPort, refused: [] },
    ],
  };
  runGate(settings, gate, lookup);
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
async function talk(from: string, port: number, ...pieces: readonly string[]): Promise<string> {
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
    expect(await talk(instance, outward, connectTo('API.example.com'), 'hello')).toBe(
      'HTTP/1.1 200 Connection established\r\n\r\nhost:hello.',
    );
  });

  it('passes on what came with the request', async () => {
    expect(await talk(instance, outward, `${connectTo('api.example.com')}early`)).toMatch(/\r\n\r\nhost:early\.$/);
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
  });

  it('ends a request that has no end', async () => {
    expect(await talk(instance, outward, `CONNECT ${'a'.repeat(10_000)}`)).toBe('');
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
