import { parseRetryAfter } from '../../platform/http1/retry-after.ts';
import { UpstreamFault, type FaultClass } from './fault.ts';
import type { HttpReply } from './exchange.ts';
import { rpcCode } from '../../domain/protocol.ts';
import { asReply, errorCode, readMessage, type UpstreamReply } from './reply.ts';

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

/**
 * A 404 may speak of a session that is gone or of a method that is not there; only the latter answers this very request
 * by -32601.
 * @returns that answer; undefined for any other 404
 */
export function unknownMethodOf(reply: HttpReply, id: string): UpstreamReply | undefined {
  try {
    const answer = asReply(readMessage(reply.body), id);
    return errorCode(answer) === rpcCode.methodNotFound ? answer : undefined;
  } catch (error) {
    if (error instanceof UpstreamFault) return undefined;
    throw error;
  }
}
