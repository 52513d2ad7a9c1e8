import type { AllowEntry, Dialer } from './dialer.ts';

/** Bytes for a receiver that answers nothing: a log server. */
export interface LinesDelivery {
  readonly hostname: string;
  readonly port: number;
  readonly secure: boolean;
  readonly body: Buffer;
  /** Milliseconds for everything, connecting included. */
  readonly timeoutMs: number;
}

/**
 * Send bytes over a connection of their own and end it. Such a receiver acknowledges nothing, so the end of its side,
 * which it makes once it has read ours, is taken for its word.
 * @throws AppError `upstream_failed` when the address may not be reached, naming the remedy; Error when the connection
 * failed or the other side did not end it in time: then it is unknown what was read
 */
export type SendLines = (delivery: LinesDelivery) => Promise<void>;

export interface SendLinesDeps {
  readonly dialer: Dialer;
  /** The addresses an owner has opened. */
  readonly allow: () => Promise<readonly AllowEntry[]>;
}

/** The way out for what is not HTTP, beside `deliver.ts`: the same dialer and the same allow list (R6). */
export function createSendLines({ dialer, allow }: SendLinesDeps): SendLines {
  return async ({ hostname, port, secure, body, timeoutMs }) => {
    const entries = await allow();
    const late = AbortSignal.timeout(timeoutMs);
    const target = { secure, hostname, port: String(port), protocol: 'lines' } as const;
    const socket = await dialer.dial(target, () => entries);
    try {
      await new Promise<void>((resolve, reject) => {
        const giveUp = (): void => reject(new Error(`The receiver did not end within ${timeoutMs} ms.`));
        if (late.aborted) giveUp();
        late.addEventListener('abort', giveUp, { once: true });
        socket.once('error', reject);
        let ended = false;
        socket.once('end', () => {
          if (ended) resolve();
          else reject(new Error('The receiver ended the connection before everything was sent.'));
        });
        socket.once('close', () => reject(new Error('The connection was closed.')));
        // Whatever it says is of no interest, but unread it would keep the end from being seen.
        socket.resume();
        socket.end(body, () => (ended = true));
      });
    } finally {
      socket.destroy();
    }
  };
}
