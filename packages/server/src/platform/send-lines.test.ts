import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTls, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { createDialer } from './dialer.ts';
import { createSendLines } from './send-lines.ts';

async function receiver(talk: (socket: Socket) => void, server: Server = createServer({ allowHalfOpen: true }, talk)) {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const sendLines = createSendLines({
    dialer: createDialer(),
    allow: () => Promise.resolve([{ host: '127.0.0.1', port }]),
  });
  const send = (body: string | Buffer, more = {}) =>
    sendLines({ hostname: '127.0.0.1', port, secure: false, body: Buffer.from(body), timeoutMs: 2_000, ...more });
  return {
    send,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('lines', () => {
  it('count as sent once the receiver has read all of them and ended', async () => {
    let got = 0;
    await using peer = await receiver((socket) => {
      socket.on('data', (part) => (got += part.length)).on('end', () => socket.end('whatever'));
    });
    await peer.send(Buffer.alloc(3_000_000, 'x'));
    expect(got).toBe(3_000_000);
  });

  it('do not count as sent when the receiver goes away, ends early or never ends', async () => {
    await using resets = await receiver((socket) => socket.once('data', () => socket.resetAndDestroy()));
    await expect(resets.send(Buffer.alloc(3_000_000))).rejects.toThrow();
    await using early = await receiver((socket) => socket.end());
    await expect(early.send(Buffer.alloc(30_000_000))).rejects.toThrow();
    await using silent = await receiver((socket) => socket.resume());
    await expect(silent.send('x', { timeoutMs: 200 })).rejects.toThrow('did not end within 200 ms');
  });

  it('go over TLS to whom a certificate vouches for, and to nobody else', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mcpnest-lines-'));
    const before = getCACertificates('default');
    try {
      const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
      const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
      const name = ['-subj', '/CN=log.test', '-addext', 'subjectAltName=IP:127.0.0.1'];
      execFileSync('openssl', ['req', '-x509', ...ec, ...name, '-keyout', keyFile, '-out', certFile], {
        stdio: 'ignore',
      });
      const [key, cert] = [readFileSync(keyFile), readFileSync(certFile)];
      let got = '';
      // It would refuse a client that offers HTTP.
      const tls = createTls({ key, cert, ALPNProtocols: ['syslog'] }, (socket) =>
        socket.on('data', (part) => (got += String(part))),
      );
      tls.on('tlsClientError', () => undefined);
      await using peer = await receiver(() => undefined, tls);
      await expect(peer.send('x', { secure: true })).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
      setDefaultCACertificates([...before, cert.toString()]);
      await peer.send('3 abc', { secure: true });
      expect(got).toBe('3 abc');
    } finally {
      setDefaultCACertificates(before);
      rmSync(folder, { recursive: true });
    }
  });

  it('reach no address that is not open', async () => {
    await using peer = await receiver((socket) => socket.end());
    await expect(peer.send('x', { port: 1 })).rejects.toMatchObject({ code: 'upstream_failed' });
  });
});
