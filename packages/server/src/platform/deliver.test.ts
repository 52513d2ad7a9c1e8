import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { systemClock } from './clock.ts';
import { createDeliver, type Delivery } from './deliver.ts';
import { createDialer } from './dialer.ts';

/** A receiver on loopback and a deliverer that may reach it. */
async function receiver(answer: (req: IncomingMessage, res: ServerResponse, body: string) => void) {
  const server = createServer((req, res) => void text(req).then((body) => answer(req, res, body)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const deliver = createDeliver({
    dialer: createDialer(),
    clock: systemClock,
    allow: () => Promise.resolve([{ host: '127.0.0.1', port }]),
  });
  const send = (more: Partial<Delivery> = {}) =>
    deliver({
      method: 'POST',
      url: `http://127.0.0.1:${port}/in?a=1`,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from('{"text":"é"}'),
      timeoutMs: 5_000,
      ...more,
    });
  const end = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { send, port, [Symbol.asyncDispose]: end };
}

describe('a delivery', () => {
  it('arrives as it was given, and the status comes back', async () => {
    const got: unknown[] = [];
    await using peer = await receiver((req, res, body) => {
      got.push([req.method, req.url, req.headers['content-type'], req.headers['content-length'], body]);
      res.writeHead(202).end('thanks');
    });
    expect(await peer.send()).toEqual({ status: 202, retryAfterMs: undefined });
    await peer.send({ method: 'PUT' });
    expect(got).toEqual([
      ['POST', '/in?a=1', 'application/json', '13', '{"text":"é"}'],
      ['PUT', '/in?a=1', 'application/json', '13', '{"text":"é"}'],
    ]);
  });

  it('is not sent on to where a redirect points, and says how long to wait', async () => {
    let count = 0;
    await using peer = await receiver((_, res) => {
      count++;
      res.writeHead(count === 1 ? 307 : 429, { location: '/other', 'retry-after': '7' }).end();
    });
    expect(await peer.send()).toEqual({ status: 307, retryAfterMs: 7_000 });
    expect(await peer.send()).toEqual({ status: 429, retryAfterMs: 7_000 });
    expect(count).toBe(2);
  });

  it('gives up in time on a receiver that says nothing, and does not wait for the end of an endless answer', async () => {
    await using silent = await receiver(() => undefined);
    await expect(silent.send({ timeoutMs: 100 })).rejects.toThrow('No answer within 100 ms');
    await using endless = await receiver((_, res) => void res.writeHead(200).write('x'));
    expect((await endless.send()).status).toBe(200);
  });

  it('reaches no address that is neither public nor opened, and takes no user or other scheme', async () => {
    await using peer = await receiver((_, res) => void res.end());
    await expect(peer.send({ url: 'http://127.0.0.1:1/' })).rejects.toMatchObject({ code: 'upstream_failed' });
    await expect(peer.send({ url: `http://u:p@127.0.0.1:${peer.port}/` })).rejects.toThrow('without a user');
    await expect(peer.send({ url: 'file:///etc/passwd' })).rejects.toThrow('http(s)');
    await expect(peer.send({ headers: { 'x-a': 'b\r\nc: d' } })).rejects.toThrow('cannot be sent');
  });
});
