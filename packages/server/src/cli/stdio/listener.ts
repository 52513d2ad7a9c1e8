import { setTimeout as sleep } from 'node:timers/promises';
import { BridgeFault } from './fault.ts';
import type { GatewayHttp } from './gateway-http.ts';
import { sessionHeaders, type Session } from './request-headers.ts';
import { isEventStream, messagesOf, type StreamPosition } from './response-body.ts';

const firstWaitMs = 1_000;
const longestWaitMs = 30_000;
/** Less than this would be a busy loop, whatever the server asks for. */
const shortestWaitMs = 100;

/**
 * Wait before a stream is taken up again.
 * @param asked milliseconds the server asked for in `retry`
 * @param failures attempts in a row that have failed
 */
export async function waitBeforeRetry(asked: number | undefined, failures: number, signal: AbortSignal): Promise<void> {
  const backoff = failures === 0 && asked !== undefined ? 0 : firstWaitMs * 2 ** Math.min(failures, 5);
  const wait = Math.max(asked ?? 0, Math.min(backoff, longestWaitMs), shortestWaitMs);
  await sleep(wait, undefined, { signal });
}

/** Open a stream of the session, from where another one broke off if a position is known. */
export function openStream(
  http: GatewayHttp,
  session: Session,
  { lastEventId }: StreamPosition,
  signal: AbortSignal,
): Promise<Response> {
  // An id that is not plain text cannot stand in a header; the stream then begins with what is new.
  const resumable = lastEventId !== undefined && /^[\x20-\x7e]+$/.test(lastEventId);
  const resume = resumable ? { 'last-event-id': lastEventId } : {};
  return http.send({
    method: 'GET',
    headers: { accept: 'text/event-stream', ...sessionHeaders(session), ...resume },
    signal,
  });
}

export interface ListenerDeps {
  readonly http: GatewayHttp;
  readonly signal: AbortSignal;
  /** A message arrived. */
  readonly deliver: (bytes: Buffer) => Promise<void>;
  /** The gateway no longer knows the session. */
  readonly onLost: (session: Session) => Promise<void>;
}

/** The stream on which a legacy server speaks of its own accord (Streamable HTTP "Listening for Messages from the Server"). */
export class Listener {
  readonly #deps: ListenerDeps;
  #abort: AbortController | undefined;

  constructor(deps: ListenerDeps) {
    this.#deps = deps;
  }

  /** Listen in this session, and in no earlier one any longer. */
  start(session: Session): void {
    this.#abort?.abort();
    this.#abort = new AbortController();
    const signal = AbortSignal.any([this.#deps.signal, this.#abort.signal]);
    // Faults are dealt with inside; what is left is the reason of the signal: it is over.
    this.#listen(session, signal).catch(() => undefined);
  }

  async #listen(session: Session, signal: AbortSignal): Promise<void> {
    const { http, deliver, onLost } = this.#deps;
    const position: StreamPosition = { lastEventId: undefined, retryMs: undefined };
    for (let failures = 0; ; failures++) {
      try {
        const response = await openStream(http, session, position, signal);
        if (response.ok && isEventStream(response)) {
          failures = -1;
          for await (const bytes of messagesOf(response, position, http.url, signal)) await deliver(bytes);
        } else {
          await response.body?.cancel();
          if (response.status === 404 && session.id !== undefined) return await onLost(session);
          // 405: the server has no such stream. Any other refusal will be met by the next request, which can say so.
          if (response.status < 500) return;
        }
      } catch (error) {
        if (!(error instanceof BridgeFault)) throw error;
      }
      await waitBeforeRetry(position.retryMs, Math.max(failures, 0), signal);
    }
  }
}
