import type { SealStatus } from '@mcpnest/contract/schemas/proofs';
import type { Kysely } from 'kysely';
import { conflict } from '../../domain/errors.ts';
import { isoTime, type Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { Log } from '../../platform/log.ts';
import type { ProofAccess } from '../../platform/proof/access.ts';
import type { LogReport } from '../../platform/proof/verify-folder.ts';
import { emailsOf } from '../actor-emails.ts';
import type { Change } from '../change.ts';
import type { WorkspaceRef } from '../operation.ts';
import { signingKey } from './keys.ts';
import { describeOne } from './status.ts';
import { listTargets } from './targets.ts';

/** Checks that may run in this process: each takes a core. */
const mostRunning = 2;

/** Checks of logs at the wish of administrators. */
export interface LogChecks {
  /**
   * Put on record that one begins.
   * @returns begins it
   * @throws AppError `conflict` when one runs, too many do, or there is no log
   */
  prepare(change: Change, workspace: WorkspaceRef): Promise<() => void>;
  running(workspaceId: string): SealStatus['running'];
}

interface Deps {
  readonly db: Kysely<Schema>;
  readonly clock: Clock;
  readonly log: Log;
  readonly proof: ProofAccess;
}

export function createLogChecks({ db, clock, log, proof }: Deps): LogChecks {
  const running = new Map<string, NonNullable<SealStatus['running']>>();

  async function check(workspaceId: string, requestedBy: string, records: number): Promise<void> {
    const startedAt = isoTime(clock.now());
    running.set(workspaceId, { startedAt, checked: 0, of: records });
    try {
      const report = await proof.verify(workspaceId, (checked, of) => {
        running.set(workspaceId, { startedAt, checked, of });
      });
      const reason = reasonOf(report);
      if ('reason' in report) log.error({ workspaceId, reason: report.reason }, 'proof: a log did not pass its check');
      const found = {
        ...{ started_at: startedAt, finished_at: isoTime(clock.now()), requested_by: requestedBy },
        ...{ records: 'reason' in report ? 0 : report.records, ok: reason === null ? 1 : 0, reason },
      };
      await db
        .insertInto('log_checks')
        .values({ workspace_id: workspaceId, node: proof.nodeId, ...found })
        .onConflict((clash) => clash.columns(['workspace_id', 'node']).doUpdateSet(found))
        .execute();
    } catch (error) {
      log.error({ err: error, workspaceId }, 'proof: a log could not be checked');
    } finally {
      running.delete(workspaceId);
    }
  }

  return {
    running: (workspaceId) => running.get(workspaceId) ?? null,
    async prepare(change, workspace) {
      if (running.has(workspace.id)) throw conflict('The log of this workspace is being checked. See how far it is.');
      if (running.size >= mostRunning) throw conflict('Other logs are being checked. Try again in a minute.');
      const found = describeOne(proof, workspace.id, null);
      if (found === undefined)
        throw conflict('There is no checkpoint of this workspace yet. One is signed every minute while calls come.');
      await change.record({
        workspaceId: workspace.id,
        target: `workspace:${workspace.slug}`,
        detail: { records: found.records },
        publish: 'nothing',
      });
      return () => {
        if (!running.has(workspace.id)) void check(workspace.id, change.actorName, found.records);
      };
    },
  };
}

/** Words that name files or come from the system stay in the log. */
function reasonOf(report: LogReport): string | null {
  if (!('reason' in report)) return null;
  return /[/\\]/.test(report.reason)
    ? 'files of the log cannot be read or do not fit one another; the server’s own log says which'
    : report.reason;
}

/** How the records of one workspace are sealed on this node. */
export async function describeLog(
  db: Kysely<Schema>,
  proof: ProofAccess,
  checks: LogChecks,
  workspace: WorkspaceRef,
): Promise<SealStatus> {
  const key = signingKey(proof);
  const last = await db
    .selectFrom('log_checks')
    .selectAll()
    .where('workspace_id', '=', workspace.id)
    .where('node', '=', proof.nodeId)
    .executeTakeFirst();
  const emails = await emailsOf(db, last === undefined ? [] : [last.requested_by]);
  const targets = await listTargets(db);
  return {
    node: proof.nodeId,
    key,
    sealing: proof.sealing === undefined ? null : { ok: proof.sealing.health.ok },
    log: describeOne(proof, workspace.id, key) ?? null,
    published: targets.map(({ name, kind, lastSuccessAt, failingSince }) => ({
      ...{ name, kind, lastSuccessAt },
      failing: failingSince !== null,
    })),
    running: checks.running(workspace.id),
    lastCheck:
      last === undefined
        ? null
        : {
            startedAt: last.started_at,
            finishedAt: last.finished_at,
            requestedBy: emails.get(last.requested_by) ?? last.requested_by,
            records: last.records,
            ok: last.ok === 1,
            reason: last.reason,
          },
  };
}
