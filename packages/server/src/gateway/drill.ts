import { AppError } from '../domain/errors.ts';
import type { CallTarget } from './call-target.ts';
import type { GatewayDeps } from './deps.ts';
import type { CallRecord } from './recorder.ts';

/**
 * While a failure drill of its server runs, a call is answered as if the server had failed, and goes nowhere.
 * @throws AppError `upstream_failed`, with the row written
 */
export function refuseInDrill(deps: GatewayDeps, record: CallRecord, { server }: CallTarget): void {
  const { drill, slug } = server;
  if (drill === undefined || drill === null || Date.parse(drill.endsAt) <= deps.clock.now()) return;
  record.drilled(`drill:${drill.id}`);
  throw new AppError('upstream_failed', `The server '${slug}' fails on purpose: a failure drill runs.`, {
    retryAfterMs: Math.max(1, Date.parse(drill.endsAt) - deps.clock.now()),
  });
}
