import type { ServerResponse } from 'node:http';

/**
 * Close the connection of an answer whose client takes nothing of it for so long; one that is slow may take its time.
 * The timer is the connection's own: `bytesWritten` counts what waits in the process, so it stands still for both.
 * @param ms from when it is the answer's turn
 */
export function dropWhenStalled(res: ServerResponse, ms: number): void {
  res.setTimeout(ms);
  // Before Node gives the connection its time to wait for the next request.
  res.prependOnceListener('finish', () => res.setTimeout(0));
}
