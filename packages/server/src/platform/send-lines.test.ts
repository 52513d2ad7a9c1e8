import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createDialer } from './dialer.ts';
import { createSendLines } from './send-lines.ts';

async function receiver(talk: (socket: Socket) => void) {
  const server = createServer({ allowHalfOpen: true }, talk);
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

  it('reach no address that is not open', async () => {
    await using peer = await receiver((socket) => socket.end());
    await expect(peer.send('x', { port: 1 })).rejects.toMatchObject({ code: 'upstream_failed' });
  });
});
