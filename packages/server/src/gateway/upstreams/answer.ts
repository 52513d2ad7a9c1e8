import { UpstreamFault, parseRetryAfter, type FaultClass } from './fault.ts';
import type { HttpReply } from './exchange.ts';

/**
 * Statuses that speak for themselves; any other error status may still carry a JSON-RPC error.
 * @param hasSession whether a 404 can mean that the session is not known any more
 * @param now milliseconds since the epoch
 * @throws UpstreamFault
 */
export function checkStatus({ status, headers }: HttpReply, hasSession: boolean, now: number): void {
  const fail = (fault: FaultClass, retryAfterMs?: number): never => {
    throw new UpstreamFault(fault, `HTTP ${status}`, { dispatched: true, retryAfterMs });
  };
  if (status === 401 || status === 403) fail('unauthorized');
  if (status === 404 && hasSession) fail('session');
  if (status === 429 || status === 503) {
    const retryAfterMs = parseRetryAfter(headers?.get('retry-after'), now);
    fail(retryAfterMs === undefined && status === 503 ? 'http_status' : 'throttled', retryAfterMs);
  }
  if (status >= 500 || status === 202 || status < 200) fail('http_status');
}
