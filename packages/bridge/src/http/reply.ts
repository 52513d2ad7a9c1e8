import type { ServerResponse } from 'node:http';
import type { ByteString } from '../messages/byte-string.ts';
import { keepAliveMs, openEventStream, writeEvent, writeKeepAlive } from './event-stream.ts';

type Streaming = 'never' | 'when needed' | 'always';

/** The answer to one POST: plain JSON, or an event stream from the moment there is something to say before the end. */
export class Reply {
  readonly #res: ServerResponse;
  readonly #streams: Streaming;
  #timer: NodeJS.Timeout | undefined;

  /** @param streams whether the client takes event streams, or nothing else */
  constructor(res: ServerResponse, streams: Streaming) {
    this.#res = res;
    this.#streams = streams;
    if (streams === 'never') return;
    this.#timer = setInterval(() => {
      this.#open();
      writeKeepAlive(res);
    }, keepAliveMs);
    res.once('close', () => clearInterval(this.#timer));
  }

  /** Send a message before the answer. @returns false when it cannot be: no stream, or nobody there */
  event(message: ByteString): boolean {
    if (!this.canStream) return false;
    this.#open();
    return writeEvent(this.#res, message);
  }

  get canStream(): boolean {
    return this.#streams !== 'never' && !this.#res.destroyed && !this.#res.writableEnded;
  }

  /** Send the answer. @param status for plain JSON; a stream that has begun is a 200 */
  end(answer: ByteString, status = 200): void {
    clearInterval(this.#timer);
    if (this.#res.destroyed || this.#res.writableEnded) return;
    if (this.#streams === 'always' && status === 200) this.#open();
    if (this.#res.headersSent) {
      writeEvent(this.#res, answer);
      this.#res.end();
    } else sendJson(this.#res, status, answer);
  }

  /** End without an answer: a cancelled request has none. */
  endWithout(): void {
    clearInterval(this.#timer);
    if (this.#res.destroyed || this.#res.writableEnded) return;
    if (!this.#res.headersSent) this.#res.statusCode = 202;
    this.#res.end();
  }

  #open(): void {
    if (!this.#res.headersSent && !this.#res.destroyed) openEventStream(this.#res);
  }
}

/** Send a whole JSON body. Headers set before stay. */
export function sendJson(res: ServerResponse, status: number, body: ByteString): void {
  if (res.headersSent || res.destroyed) return;
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length });
  res.end(body, 'latin1');
}

/** Send a status with nothing else. */
export function sendEmpty(res: ServerResponse, status: number): void {
  if (res.headersSent || res.destroyed) return;
  res.writeHead(status, status === 204 ? {} : { 'content-length': 0 });
  res.end();
}
