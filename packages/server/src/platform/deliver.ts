import { bytesOf } from './byte-string.ts';
import type { Clock } from './clock.ts';
import type { AllowEntry, Dialer } from './dialer.ts';
import { HttpClient } from './http1/client.ts';
import { headerLine } from './http1/header-line.ts';
import { parseRetryAfter } from './http1/retry-after.ts';

/** Something to hand over to another system: a webhook, a batch of records, a checkpoint. */
export interface Delivery {
  readonly method: 'POST' | 'PUT';
  /** `https:`; `http:` only where an owner has opened that `host:port`. User information in it is refused. */
  readonly url: string;
  /** `host` and `content-length` are added. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Milliseconds for everything, connecting included. */
  readonly timeoutMs: number;
}

/** What the other system said. Its text is not read: only whether it has taken the delivery. */
export interface DeliveryAnswer {
  readonly status: number;
  /** How long it asks to be left alone, at most five minutes. */
  readonly retryAfterMs: number | undefined;
}

/**
 * Send a delivery once, over a connection of its own; no redirect is followed and nothing is tried again.
 * @throws AppError `upstream_failed` when the address may not be reached, naming the remedy; Error when nothing was
 * answered in time, the connection failed, or the URL cannot be used
 */
export type Deliver = (delivery: Delivery) => Promise<DeliveryAnswer>;

export interface DeliverDeps {
  readonly dialer: Dialer;
  readonly clock: Clock;
  /** The addresses an owner has opened. */
  readonly allow: () => Promise<readonly AllowEntry[]>;
}

/** What this process sends of its own accord leaves here, through the one dialer and the owner's allow list (R6). */
export function createDeliver({ dialer, clock, allow }: DeliverDeps): Deliver {
  return async ({ method, url, headers, body, timeoutMs }) => {
    const { protocol, hostname, port, host, pathname, search, username, password } = new URL(url);
    const secure = protocol === 'https:';
    if ((!secure && protocol !== 'http:') || username !== '' || password !== '')
      throw new Error('A delivery needs an http(s) URL without a user in it.');
    const lines = Object.entries(headers).map(([name, value]) => headerLine(name, value));
    const entries = await allow();
    const client = new HttpClient({
      connect: (onread) => dialer.dial({ secure, hostname, port, onread }, () => entries),
      host,
      clock,
      connections: 1,
    });
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`No answer within ${timeoutMs} ms.`)), timeoutMs);
    try {
      const answered = new Promise<DeliveryAnswer>((resolve, reject) => {
        const request = { method, path: pathname + search, headers: lines.join(''), body: bytesOf(body) };
        client.send(request, {
          onSent: () => undefined,
          onHead: (status, fields) =>
            resolve({ status, retryAfterMs: parseRetryAfter(fields.get('retry-after'), clock.now()) }),
          onData: () => undefined,
          onEnd: () => undefined,
          onError: reject,
        });
      });
      return await Promise.race([answered, late.promise]);
    } finally {
      clearTimeout(timer);
      // What the answer says beyond its head is of no interest; the connection ends with it.
      client.destroy();
    }
  };
}
