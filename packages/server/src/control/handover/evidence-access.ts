import { setImmediate as nextTurn } from 'node:timers/promises';
import { AppError } from '../../domain/errors.ts';
import type { Clock } from '../../platform/clock.ts';
import { judge, pairsOf, readPast, type PastAccess } from '../access/past-access.ts';
import type { WorkspaceRef } from '../operation.ts';
import type { PackScope, Table } from './evidence-tables.ts';

/** Pairs judged before others get their turn: each costs a microsecond or two of the thread that serves calls. */
const pairsPerTurn = 500;

/** Who could call what at a moment, by the policy that was in force: what was allowed, with the rule that allowed it. */
export async function* allowedAt({ db }: PackScope, clock: Clock, workspace: WorkspaceRef, at: string): Table {
  yield ['caller', 'token', 'server', 'tool', 'rule', 'needs_approval', 'policy_version', 'policy_digest'];
  const past = await policyOf(() => readPast({ db, clock }, workspace, at, {}));
  if (past === undefined) {
    yield ['(no policy of this moment is kept)', null, null, null, null, null, null, null];
    return;
  }
  const { version, digest } = past.policy;
  let judged = 0;
  for (const pair of pairsOf(past)) {
    if (++judged % pairsPerTurn === 0) await nextTurn();
    const decision = judge(past, pair);
    if (decision.effect !== 'allow') continue;
    const { caller, server, tool } = pair;
    yield [
      caller.subject,
      caller.token,
      server.slug,
      tool?.name ?? null,
      decision.rule,
      decision.approval === undefined ? 'no' : 'yes',
      version,
      digest,
    ];
  }
}

/** Undefined where none is kept, or what is kept was changed since. */
async function policyOf(read: () => Promise<PastAccess>): Promise<PastAccess | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') return undefined;
    throw error;
  }
}
