import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Clock } from './clock.ts';
import type { OpenDatabase } from './database/database.ts';
import { metricsContentType, renderMetrics, type Metric } from './metrics.ts';

/** How long one answer of the database serves all who ask, and how long it may take. */
const probeEveryMs = 1_000;
const probeTimeoutMs = 2_000;

export interface OperationsDeps {
  /** Why the process should get no requests now: fixed words, nothing of what it holds. Empty when ready. */
  readonly reasons: () => readonly string[];
  readonly metrics: () => Promise<readonly Metric[]>;
  readonly mayReadMetrics: (req: IncomingMessage) => Promise<boolean>;
}

/**
 * What supervisors and monitoring ask: `/healthz` (the process is alive), `/readyz` (send it requests) and `/metrics`.
 * The first two answer with constants only, so they need no credential.
 *
 * @returns a handler that says whether the path was one of these
 */
export function createOperations(deps: OperationsDeps): (req: IncomingMessage, res: ServerResponse) => boolean {
  async function answer(path: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (req.method !== 'GET' && req.method !== 'HEAD')
      return send(res, 405, { error: 'Use GET.' }, { allow: 'GET, HEAD' });
    if (path === '/healthz') return send(res, 200, { status: 'ok' });
    if (path === '/metrics') {
      if (!(await deps.mayReadMetrics(req))) {
        return send(res, 401, { error: 'Send a control API key.' }, { 'www-authenticate': 'Bearer' });
      }
      return send(res, 200, renderMetrics(await deps.metrics()), { 'content-type': metricsContentType });
    }
    const reasons = deps.reasons();
    const ready = reasons.length === 0;
    send(res, ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', reasons });
  }

  return (req, res) => {
    const path = req.url!.split('?', 1)[0]!;
    if (path !== '/healthz' && path !== '/readyz' && path !== '/metrics') return false;
    req.resume();
    answer(path, req, res).catch(() => send(res, 500, { error: 'internal' }));
    return true;
  };
}

/** Whether the database answers; asked at most once a second however many want to know. */
export function createDatabaseProbe({ db }: OpenDatabase, clock: Clock): () => Promise<boolean> {
  let askedAt = -Infinity;
  let answer: Promise<boolean> = Promise.resolve(false);
  return () => {
    if (clock.monotonic() - askedAt > probeEveryMs) {
      askedAt = clock.monotonic();
      const works = sql`select 1`.execute(db).then(
        () => true,
        () => false,
      );
      answer = Promise.race([works, sleep(probeTimeoutMs, false, { ref: false })]);
    }
    return answer;
  };
}

function send(res: ServerResponse, status: number, body: string | object, headers: Record<string, string> = {}): void {
  if (res.headersSent) return;
  const text = typeof body === 'string' ? body : `${JSON.stringify(body)}\n`;
  const fixed = {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  };
  res.writeHead(status, { ...fixed, ...headers, 'content-length': Buffer.byteLength(text) }).end(text);
}
