import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** One delivery as it arrived. */
export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly type: string;
  readonly data: Record<string, unknown>;
}

/** Answers a delivery: a status, or one with header fields. Never settling leaves it without an answer. */
export type Answer = (received: Received) => number | readonly [number, Record<string, string>] | Promise<never>;

/** A receiver of webhooks on loopback. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly target: string;
  readonly received: Received[];
  answer: Answer;
}

export async function startReceiver(): Promise<Receiver> {
  const server = createServer((req, res) => {
    void (async () => {
      const body = await text(req);
      const { type, data } = JSON.parse(body) as { type: string; data: Record<string, unknown> };
      const one = { headers: req.headers, body, type, data };
      receiver.received.push(one);
      const answer = await receiver.answer(one);
      const [status, fields] = typeof answer === 'number' ? [answer, {}] : answer;
      res.writeHead(status, fields).end('words that nobody must read');
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const target = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const receiver: Receiver = {
    url: `http://${target}/in?key=of-the-receiver`,
    target,
    received: [],
    answer: () => 204,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
}

/** Verify a delivery as standardwebhooks.com tells a receiver to. */
export function isSigned({ headers, body }: Received, secret: string): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
  const expected = Buffer.from(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  return String(headers['webhook-signature'])
    .split(' ')
    .map((signature) => Buffer.from(signature))
    .some((signature) => signature.length === expected.length && timingSafeEqual(signature, expected));
}
