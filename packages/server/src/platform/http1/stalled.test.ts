import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { createHttpServer } from './server.ts';
import { dropWhenStalled } from './stalled.ts';

const stalledMs = 400;
const size = 24 * 1024 * 1024;
let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** A client that reads nothing by itself, and the answer of 24 MiB that it has asked for. */
async function asked() {
  const { promise: answer, resolve } = Promise.withResolvers<ServerResponse>();
  server = createHttpServer((_req, res) => {
    dropWhenStalled(res, stalledMs);
    res.writeHead(200, { 'content-length': size }).end(Buffer.alloc(size));
    resolve(res);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
  socket.on('error', () => undefined).write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  const res = await answer;
  const closed: Promise<unknown> = once(res, 'close');
  return { socket, res, closed };
}

it('[edge 38] gives up on a client that takes nothing', async () => {
  const { res, closed } = await asked();
  await closed;
  expect(res.writableFinished).toBe(false);
});

it('waits for one that is slow, and then as long for its next request as for anybody', async () => {
  const { socket, res } = await asked();
  const started = performance.now();
  // 20 MB in a second: the system's buffers make one step of many reads.
  for (let taken = 0; taken < size && !socket.closed; await sleep(1)) {
    if (taken < (performance.now() - started) * 20_000) taken += (socket.read() as Buffer | null)?.length ?? 0;
  }
  expect(performance.now() - started).toBeGreaterThan(2 * stalledMs);
  expect(res.writableFinished).toBe(true);
  socket.resume();
  await sleep(2 * stalledMs);
  expect(socket.readableEnded || socket.destroyed).toBe(false);
});
