import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { createServer as createTcp, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { Pool, type buildConnector } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../domain/errors.ts';
import { createDialer, type AllowEntry, type Dialer, type Resolve } from './dialer.ts';

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

async function listen(server: Server, host: string, port = 0): Promise<number> {
  servers.push(server.listen(port, host));
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** The dialer as undici's client takes it. */
const connector =
  (dialer: Dialer, allow: () => readonly AllowEntry[]): buildConnector.connector =>
  ({ protocol, hostname, port }, callback) => {
    dialer.dial({ secure: protocol === 'https:', hostname, port }, allow).then(
      (socket) => callback(null, socket),
      (error: unknown) => callback(error as Error, null),
    );
  };

/** Ask for `origin` through the dialer; the status, or what stopped it. */
async function get(origin: string, allow: readonly AllowEntry[] = [], resolve?: Resolve): Promise<number | Error> {
  const dialer = createDialer(resolve === undefined ? {} : { resolve });
  const pool = new Pool(origin, { connect: connector(dialer, () => allow) });
  try {
    const { statusCode, body } = await pool.request({ path: '/', method: 'GET' });
    await body.dump();
    return statusCode;
  } catch (error) {
    return error as Error;
  } finally {
    await pool.destroy();
  }
}

const answers =
  (...addresses: string[]): Resolve =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

describe('with a canary on every local address', () => {
  let reached = 0;
  let port = 0;
  beforeAll(async () => {
    const canary = (): Server => createTcp((socket) => (reached++, socket.destroy()));
    port = await listen(canary(), '0.0.0.0');
    await listen(canary(), '::1', port);
  });

  const hosts = [
    ...['127.0.0.1', '127.1', '2130706433', '0x7f000001', '0x7f.1', '0177.0.0.1', '017700000001', '127.0.0.1.'],
    ...['127.255.255.254', '\uff11\uff12\uff17.0.0.1', '127\u30020.0.1', '%31%32%37.0.0.1', '0.0.0.0', '0', '[::]'],
    ...['[::1]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]', '[::ffff:0:127.0.0.1]'],
    ...[
      '[64:ff9b::127.0.0.1]',
      '[64:ff9b:1::7f00:1]',
      '[2002:7f00:1::1]',
      '[2001:0:7f00:1::1]',
      'localhost',
      'LOCALHOST',
    ],
  ];
  const resolutions = [
    ...[
      '127.0.0.1',
      '0.0.0.0',
      '::1',
      '::',
      '::ffff:127.0.0.1',
      '::7f00:1',
      '64:ff9b::7f00:1',
      '2002:7f00:1::',
      '10.0.0.1',
    ],
    ...['169.254.169.254', 'fe80::1', 'fd00::1', '100.64.0.1', '192.0.0.1', '198.18.0.1', '224.0.0.1', '240.0.0.1'],
  ];

  it.each(hosts.flatMap((host) => [`http://${host}`, `https://${host}`]))('does not dial %s', async (start) => {
    const error = await get(`${start}:${port}`);
    expect(error).toBeInstanceOf(AppError);
    expect((error as AppError).code).toBe('upstream_failed');
    expect(reached).toBe(0);
  });

  it.each(resolutions)('does not dial a name that resolves to %s', async (address) => {
    expect(await get(`https://mcp.example.com:${port}`, [], answers(address))).toBeInstanceOf(AppError);
    expect(reached).toBe(0);
  });

  it('resolves once: a name that turns private after the check is still dialled at what was checked', async () => {
    let asked = 0;
    const rebinding: Resolve = async () => [{ address: asked++ === 0 ? '198.51.100.7' : '127.0.0.1', family: 4 }];
    // 198.51.100.7 is opened so that the check passes; nothing answers there.
    const outcome = get(`http://mcp.example.com:${port}`, [{ host: '198.51.100.7', port }], rebinding);
    await Promise.race([outcome, new Promise((resolve) => setTimeout(resolve, 500))]);
    expect([asked, reached]).toEqual([1, 0]);
  });

  it('of several addresses dials none that is not open', async () => {
    const mixed = answers('127.0.0.1', '::1', '10.0.0.1');
    const outcome = get(`http://mcp.example.com:${port}`, [{ host: '198.51.100.7', port }], mixed);
    expect(await outcome).toBeInstanceOf(AppError);
    expect(reached).toBe(0);
  });

  it.each([
    ['another port', (at: number) => [{ host: '127.0.0.1', port: at + 1 }]],
    ['another host', () => [{ host: '127.0.0.2', port }]],
    ['a name that only begins alike', () => [{ host: '127.0.0.1.example.com', port }]],
    ['the empty name', () => [{ host: '', port }]],
  ])('is not moved by an entry for %s', async (_, allow) => {
    expect(await get(`http://127.0.0.1:${port}`, allow(port))).toBeInstanceOf(AppError);
    expect(reached).toBe(0);
  });

  it('names the remedy and shows no address it resolved', async () => {
    const error = (await get(`https://db.corp:${port}`, [], answers('10.9.8.7'))) as AppError;
    expect(error.message).toBe(
      `This address is not open to MCPNest: db.corp:${port}. An owner can open it with: mcpnest network allow db.corp:${port}`,
    );
    expect(error.detail).toContain('10.9.8.7 is private');
    const ipv6 = (await get(`http://[::1]:${port}`)) as AppError;
    expect(ipv6.message).toContain(`mcpnest network allow [::1]:${port}`);
  });
});

describe('with an entry', () => {
  let port = 0;
  beforeAll(async () => {
    port = await listen(
      createHttp((_, res) => res.end('ok')),
      '127.0.0.1',
    );
  });

  it.each([
    ['the address as written', 'http://127.0.0.1', { host: '127.0.0.1' }],
    ['another way of writing the same address', 'http://0x7f.1', { host: '127.0.0.1' }],
    ['the name as written', 'http://localhost', { host: 'localhost' }],
    ['the address the name resolves to', 'http://localhost', { host: '127.0.0.1' }],
  ])('reaches %s', async (_, origin, { host }) => {
    expect(await get(`${origin}:${port}`, [{ host, port }])).toBe(200);
  });

  it('asks for the entries at every connection', async () => {
    let allow: AllowEntry[] = [{ host: '127.0.0.1', port }];
    const connect = connector(createDialer(), () => allow);
    const once = async (): Promise<number> => {
      const pool = new Pool(`http://127.0.0.1:${port}`, { connect });
      try {
        return (await pool.request({ path: '/', method: 'GET' })).statusCode;
      } finally {
        await pool.destroy();
      }
    };
    expect(await once()).toBe(200);
    allow = [];
    await expect(once()).rejects.toThrow('not open');
  });

  it('asks for them when the name is resolved, not before', async () => {
    let allow: AllowEntry[] = [{ host: 'mcp.example.com', port }];
    const resolve: Resolve = async () => {
      allow = [];
      return [{ address: '127.0.0.1', family: 4 }];
    };
    const target = { secure: false, hostname: 'mcp.example.com', port: String(port) };
    await expect(createDialer({ resolve }).dial(target, () => allow)).rejects.toThrow('not open');
  });

  it('refuses plain HTTP to a public address that no entry opens', async () => {
    const error = await get('http://mcp.example.com', [], answers('93.184.215.14'));
    expect((error as AppError).message).toContain('mcpnest network allow mcp.example.com:80');
  });

  it('tries the next address when the first does not answer', async () => {
    const allow = [{ host: 'mcp.example.com', port }];
    expect(await get(`http://mcp.example.com:${port}`, allow, answers('::1', '127.0.0.1'))).toBe(200);
  });

  it('passes on a failed look-up and a refused connection as they are', async () => {
    const noName: Resolve = () => Promise.reject(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }));
    expect(await get('https://nowhere.example', [], noName)).toMatchObject({ code: 'ENOTFOUND' });
    const closed = createTcp();
    const dead = await listen(closed, '127.0.0.1');
    await new Promise((resolve) => closed.close(resolve));
    expect(await get(`http://127.0.0.1:${dead}`, [{ host: '127.0.0.1', port: dead }])).toMatchObject({
      code: 'ECONNREFUSED',
    });
  });

  it.each([
    [undefined, 2],
    [1, 1],
  ])('looks one name up once for many connections at a time, and few names at once (%s)', async (lookups, few) => {
    let running = 0;
    let most = 0;
    const asked: string[] = [];
    const slow: Resolve = async (hostname) => {
      asked.push(hostname);
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 30));
      running--;
      return [{ address: '127.0.0.1', family: 4 }];
    };
    const names = ['a', 'b', 'c', 'd', 'e'];
    const dialer = createDialer({ resolve: slow, ...(lookups !== undefined && { lookups }) });
    const allow = names.map((host) => ({ host, port }));
    const dial = async (hostname: string): Promise<void> => {
      const socket = await dialer.dial({ secure: false, hostname, port: String(port) }, () => allow);
      socket.destroy();
    };
    await Promise.all([...names, ...names, ...names].map(dial));
    expect(asked.toSorted()).toEqual(names);
    expect(most).toBe(few);
  });
});

describe('with TLS', () => {
  let port = 0;
  let serverNames: (string | false | null)[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'mcpnest-tls-'));
  const before = getCACertificates('default');
  afterAll(() => {
    setDefaultCACertificates(before);
    rmSync(folder, { recursive: true });
  });

  beforeAll(async () => {
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
        ...['-subj', '/CN=mcp.test', '-addext', 'subjectAltName=DNS:mcp.test,IP:127.0.0.1'],
        ...['-keyout', keyFile, '-out', certFile],
      ],
      { stdio: 'ignore' },
    );
    const tls = { key: readFileSync(keyFile), cert: readFileSync(certFile) };
    const server = createHttps(tls, (_, res) => res.end('ok'));
    server.on('secureConnection', (socket) => serverNames.push(socket.servername));
    port = await listen(server, '127.0.0.1');
  });

  const open = (host: string): AllowEntry[] => [{ host, port }];
  const here = answers('127.0.0.1');

  it('refuses a certificate nobody vouches for, whatever the environment says', async () => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      const error = await get(`https://mcp.test:${port}`, open('mcp.test'), here);
      expect(error).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
  });

  it('verifies the name in the URL, sends it as the server name, and verifies addresses as addresses', async () => {
    setDefaultCACertificates([...before, readFileSync(join(folder, 'cert.pem'), 'utf8')]);
    serverNames = [];
    expect(await get(`https://mcp.test:${port}`, open('mcp.test'), here)).toBe(200);
    expect(await get(`https://127.0.0.1:${port}`, open('127.0.0.1'))).toBe(200);
    expect(serverNames).toEqual(['mcp.test', false]);
    const wrong = await get(`https://other.test:${port}`, open('other.test'), here);
    expect(wrong).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });
});
