import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import * as tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { makeCertificate } from '../../../../../../test/servers/certificate.ts';
import { docker } from '../../../../../../test/servers/hardened-container.ts';
import { openDockerTest, type DockerTest } from '../../../../../../test/servers/docker-tests.ts';
import { askProbe, connecting } from '../../../../../../test/servers/hosted-probe.ts';

/** This machine plays the company's resolver and, on port 443, the host a server may reach; an owner has allowed it. */
const here =
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '';
const book: Readonly<Record<string, string>> = {
  'api.example.com': here,
  'unlisted.example.com': here,
  'metadata.example.com': '169.254.169.254',
  'db.example.com': here,
};
const resolver = createSocket('udp4');
const certificate = makeCertificate(['api.example.com', 'unlisted.example.com']);
const host = tls.createServer(certificate, (socket) => socket.on('error', () => socket.destroy()).pipe(socket));
const database = createServer((socket) => socket.on('error', () => socket.destroy()).pipe(socket));
let test: DockerTest;

beforeAll(async () => {
  resolver.on('message', (question, { port, address }) => {
    resolver.send(answerTo(question, book[nameIn(question)]), port, address);
  });
  resolver.bind(53, here);
  await once(resolver, 'listening');
  await once(host.listen(443, here), 'listening');
  await once(database.listen(0, here), 'listening');
  test = await openDockerTest(inject('dockerSocket'), { resolvers: [here], allowedRanges: [`${here}/32`] });
});
afterAll(async () => {
  await test[Symbol.asyncDispose]();
  resolver.close();
  host.close();
  database.close();
});

const toDatabase = () => ({
  ...{ name: 'db.example.com', listens: 15_432, host: 'db.example.com' },
  port: (database.address() as AddressInfo).port,
});
/** What comes back from an address after a greeting: all of it, until either side ends. */
const greeting = (name: string, port: number): string => `
  const { connect } = await load('node:net');
  const socket = connect({ host: '${name}', port: ${port}, timeout: 3_000 });
  socket.write('hello');
  let text = '';
  socket.on('data', (data) => (text += data) && socket.end()).on('error', () => undefined);
  socket.on('timeout', () => socket.destroy());
  return await new Promise((done) => socket.on('close', () => done(text)));`;

/** What the proxy answers, and what comes back through it after that over TLS, or how TLS ends. */
const asking = (target: string, servername = 'api.example.com'): string => `
  const [{ connect }, tls] = [await load('node:net'), await load('node:tls')];
  const { hostname, port } = new URL(process.env.HTTPS_PROXY);
  const socket = connect(Number(port), hostname);
  socket.write('CONNECT ${target} HTTP/1.1\\r\\n\\r\\n');
  let text = '';
  return await new Promise((done) => {
    socket.on('close', () => done(text)).once('data', (data) => {
      text += data;
      if (!/established\\r\\n\\r\\n$/.test(text)) return;
      const secure = tls.connect({ socket, servername: '${servername}', ca: ${JSON.stringify(certificate.cert)} });
      secure.write('hello');
      secure.on('data', (more) => (text += more) && secure.end()).on('error', (error) => done(text + error.message)).on('close', () => done(text));
    });
  });`;

/** How a request of a process of its own fails, which finds the proxy by its environment. */
const fetching = (url: string): string => `
  const { execFileSync } = await load('node:child_process');
  const script = "fetch('${url}').catch((error) => console.log(error.cause.code))";
  return execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }).trim();`;

describe('the way out of an instance', () => {
  it('[ORC-04] leads to the hosts of its entry through the gate, and to nothing else', async () => {
    const { endpoint, instanceId } = await test.start({ egress: ['api.example.com', 'metadata.example.com'] });
    expect(await askProbe(endpoint, asking('api.example.com:443'))).toMatch(/^HTTP\/1.1 200 .*\r\n\r\nhello$/s);
    expect(await askProbe(endpoint, asking('api.example.com:443', 'unlisted.example.com'))).toMatch(
      /^HTTP\/1.1 200 .*\r\n\r\n.*:tlsv1 unrecognized name:/s,
    );
    expect(await askProbe(endpoint, asking('unlisted.example.com:443'))).toMatch(/^HTTP\/1.1 403 /);
    const { Id } = await test.inspect('gate', instanceId);
    expect((await docker(inject('dockerSocket'), ['logs', Id])).errors.trim().split('\n')).toEqual([
      'refused a connection to api.example.com: its ClientHello names another host.',
      'refused with 403: this host is not among those the server may reach.',
    ]);
    expect(await askProbe(endpoint, asking('metadata.example.com:443'))).toMatch(/^HTTP\/1.1 502 /);
    expect(await askProbe(endpoint, asking(`${here}:443`))).toMatch(/^HTTP\/1.1 403 /);
    expect(await askProbe(endpoint, asking('api.example.com:22'))).toMatch(/^HTTP\/1.1 405 /);
    expect(await askProbe(endpoint, connecting(here, 443))).not.toBe('connected');
    expect(await askProbe(endpoint, connecting('api.example.com', 443))).not.toBe('connected');
    // Node's own client gets as far as the certificate, which nobody in there trusts.
    expect(await askProbe(endpoint, fetching('https://api.example.com/'))).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
  });

  it('[ORC-04] leads to an opened address under its own name, whatever the protocol', async () => {
    const metadata = { name: 'metadata.example.com', listens: 15_433, host: 'metadata.example.com', port: 80 };
    const forwards = [
      { ...toDatabase(), opened: true },
      { ...metadata, opened: true },
    ];
    const { endpoint } = await test.start({ forwards });
    expect(await askProbe(endpoint, greeting('db.example.com', 15_432))).toBe('hello');
    expect(await askProbe(endpoint, greeting('metadata.example.com', 15_433))).toBe('');
    expect(await askProbe(endpoint, connecting('db.example.com', 443))).not.toBe('connected');
    expect(await askProbe(endpoint, connecting(here, 443))).not.toBe('connected');
    expect(await askProbe(endpoint, connecting('api.example.com', 15_432))).not.toBe('connected');
  });

  it('[ORC-04] leads to no private address that nobody has opened, whatever its name', async () => {
    const { endpoint } = await test.start({ forwards: [{ ...toDatabase(), opened: false }] });
    expect(await askProbe(endpoint, greeting('db.example.com', 15_432))).toBe('');
  });

  it('is not there for an instance without hosts, which knows of no proxy', async () => {
    const { endpoint } = await test.start();
    const named = `return Object.keys(process.env).filter((name) => /proxy/i.test(name))`;
    expect(await askProbe(endpoint, named)).toEqual([]);
  });
});

function nameIn(question: Buffer): string {
  const labels: string[] = [];
  for (let at = 12; question[at] !== 0; at += 1 + (question[at] ?? 0)) {
    labels.push(question.toString('latin1', at + 1, at + 1 + (question[at] ?? 0)));
  }
  return labels.join('.');
}

/** One A record, or none (RFC 1035, section 4). */
function answerTo(question: Buffer, address: string | undefined): Buffer {
  const end = question.indexOf(0, 12) + 5;
  const head = Buffer.from(question.subarray(0, end));
  head.writeUInt16BE(0x8180, 2);
  const isA = question.readUInt16BE(end - 4) === 1;
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...(address ?? '').split('.').map(Number)]);
  head.writeUInt16BE(address !== undefined && isA ? 1 : 0, 6);
  head.writeUInt32BE(0, 8);
  return address !== undefined && isA ? Buffer.concat([head, record]) : head;
}
