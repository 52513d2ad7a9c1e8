import type { ServerResponse } from 'node:http';
import { AppError } from '../domain/errors.ts';
import { byteString, bytes, type ByteString } from '../platform/byte-string.ts';
import type { Clock } from '../platform/clock.ts';
import { dropWhenStalled } from '../platform/http1/stalled.ts';
import { ByteBudget } from './byte-budget.ts';
import { acceptsJson, type Inbound } from './inbound.ts';
import type { RpcError } from './rpc-error.ts';
import { writeEvent } from './streams/event.ts';
import type { EventStream } from './streams/event-stream.ts';
import type { StreamKeeper } from './streams/stream-keeper.ts';

/** Writes answers to gateway clients: JSON, or an event stream once something had to be said before the answer. */
export class Replies {
  readonly #clock: Clock;
  readonly #keeper: StreamKeeper;

  constructor(clock: Clock, keeper: StreamKeeper) {
    this.#clock = clock;
    this.#keeper = keeper;
  }

  /**
   * Answer with a complete JSON-RPC message.
   * @param message in pieces where the bytes are too many to be copied
   */
  message(
    inbound: Inbound,
    message: ByteString | readonly Buffer[],
    status = 200,
    headers: readonly string[] = [],
  ): void {
    const { res } = inbound;
    if (inbound.stream !== undefined) return answerOn(inbound.stream, message, inbound.idText);
    if (res.destroyed || res.writableEnded) return;
    if (!res.begun && status === 200 && !acceptsJson(inbound.head)) {
      this.openStream(inbound, headers);
      return this.message(inbound, message);
    }
    const length = reserve(res, message);
    if (res.begun) {
      writeEvent(res, message);
      res.end();
      return;
    }
    const timing = this.timing(inbound);
    if (typeof message === 'string' && status === 200 && headers.length === 0 && length <= largeBytes) {
      if (res.answerWhole(`content-type: application/json\r\nserver-timing: ${timing}\r\n`, message)) {
        if (!res.delivered) dropWhenStalled(res, stalledMs);
        return;
      }
    }
    const own = ['content-type', 'application/json', 'content-length', String(length), 'server-timing', timing];
    res.writeHead(status, headers.length === 0 ? own : [...own, ...headers]);
    if (typeof message === 'string') res.end(message, 'latin1');
    else {
      // Together with the header in one write.
      res.cork();
      for (const piece of message) res.write(piece);
      res.end();
      res.uncork();
    }
  }

  /**
   * Answer with a result.
   * @param result JSON text
   */
  result(inbound: Inbound, idText: string, result: ByteString, headers: readonly string[] = []): void {
    this.message(inbound, bytes`{"jsonrpc":"2.0","id":${byteString(idText)},"result":${result}}`, 200, headers);
  }

  error(inbound: Inbound, idText: string, error: RpcError, headers: readonly string[] = []): void {
    const body = { code: error.code, message: error.message, data: error.data };
    const retryAfterMs = error.data?.['retryAfterMs'];
    const retry =
      typeof retryAfterMs === 'number' ? ['retry-after', String(Math.max(1, Math.ceil(retryAfterMs / 1000)))] : [];
    const text = `{"jsonrpc":"2.0","id":${idText},"error":${JSON.stringify(body)}}`;
    this.message(inbound, byteString(text), error.httpStatus, [...headers, ...retry]);
  }

  /** Answer without a body. */
  empty(inbound: Inbound, status: number, headers: readonly string[] = []): void {
    inbound.stream?.end();
    if (inbound.res.begun) {
      inbound.res.end();
      return;
    }
    inbound.res.writeHead(status, ['content-length', '0', 'server-timing', this.timing(inbound), ...headers]);
    inbound.res.end();
  }

  /** Begin an event stream; later `event` and `message` write into it. Within a session it can be resumed. */
  openStream(inbound: Inbound, headers: readonly string[] = []): void {
    this.streamHead(inbound, headers);
    inbound.stream = inbound.session?.streams.open(inbound.res);
  }

  /** The head of an event stream, and nothing else yet. */
  streamHead(inbound: Inbound, headers: readonly string[] = []): void {
    inbound.res.writeHead(200, [
      'content-type',
      'text/event-stream',
      'cache-control',
      'no-cache, no-transform',
      'x-accel-buffering',
      'no',
      'server-timing',
      this.timing(inbound),
      ...headers,
    ]);
    this.#keeper.keepAlive(inbound.res);
  }

  /** Write a message before the answer, opening the stream if need be. */
  event(inbound: Inbound, message: ByteString): void {
    if (inbound.stream === undefined && (inbound.res.destroyed || inbound.res.writableEnded)) return;
    if (inbound.stream === undefined && !inbound.res.begun) this.openStream(inbound);
    if (inbound.stream !== undefined) {
      inbound.stream.send(message);
      return;
    }
    // A client that does not read loses notifications; the answer still comes.
    if (inbound.res.writableLength + message.length <= mostUnread) writeEvent(inbound.res, message);
  }

  /** The gateway's own share and the upstream's, in milliseconds (Server-Timing, W3C). */
  timing(inbound: Inbound): string {
    const total = this.#clock.monotonic() - inbound.startedAt;
    return `gateway;dur=${duration(total - inbound.upstreamMs)}, upstream;dur=${duration(inbound.upstreamMs)}`;
  }
}

/** Milliseconds with three decimals. `toFixed` would cost ten times as much, twice in every reply. */
function duration(ms: number): string {
  const us = Math.max(0, Math.round(ms * 1000));
  const whole = Math.trunc(us / 1000);
  const fraction = us - whole * 1000;
  return `${whole}.${fraction < 10 ? '00' : fraction < 100 ? '0' : ''}${fraction}`;
}

/** Answers from this size on are counted and, where they can be, passed on in pieces. */
export const largeBytes = 64 * 1024;
/** Bytes of notifications that may wait for one client. */
const mostUnread = 128 * 1024;
/** Answers that clients have not taken yet, in all. */
const sending = new ByteBudget(48 * 1024 * 1024);
/** A client that takes nothing for this long is not coming back. */
const stalledMs = 30_000;

/**
 * Count a large answer until its client has taken it, and give up on a client that takes nothing.
 * @returns its length in bytes
 * @throws AppError `unavailable` when too much is waiting already
 */
function reserve(res: ServerResponse, message: ByteString | readonly Buffer[]): number {
  const length = typeof message === 'string' ? message.length : message.reduce((sum, piece) => sum + piece.length, 0);
  if (length <= largeBytes) return length;
  if (!sending.take(length)) {
    throw new AppError(
      'unavailable',
      'The call ran, but too many large answers wait for their readers to deliver this one.',
    );
  }
  res.once('close', () => sending.give(length));
  dropWhenStalled(res, stalledMs);
  return length;
}

/** The answer ends the stream whether or not a client is there to take it: it may come back for it. */
function answerOn(stream: EventStream, message: ByteString | readonly Buffer[], idText: string): void {
  if (stream.client !== undefined) reserve(stream.client, message);
  stream.answer(message, idText);
}
