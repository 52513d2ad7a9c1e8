import type { ServerResponse } from 'node:http';
import type { ByteString } from '../messages/byte-string.ts';

/** Bytes a client may leave unread before its stream is cut. */
const mostUnread = 4 * 1024 * 1024;
export const keepAliveMs = 15_000;

/** Begin a stream of server-sent events that proxies neither keep nor change. */
export function openEventStream(res: ServerResponse): void {
  res.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
  res.flushHeaders();
}

/** @param message on one line @returns false when the client does not read or is gone; the stream is over then */
export function writeEvent(res: ServerResponse, message: ByteString): boolean {
  if (res.destroyed || res.writableEnded) return false;
  if (res.writableLength > mostUnread) {
    res.destroy();
    return false;
  }
  res.write(`event: message\ndata: ${message}\n\n`, 'latin1');
  return true;
}

/** Keeps proxies from taking a quiet stream for a dead one. */
export const writeKeepAlive = (res: ServerResponse): void => {
  if (!res.destroyed && !res.writableEnded) res.write(': keep-alive\n\n');
};
