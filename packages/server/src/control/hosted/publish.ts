import type { Log } from '../../platform/log.ts';
import { runChange, type ChangeDeps } from '../change.ts';

export interface PublisherDeps extends ChangeDeps {
  readonly log: Log;
}

/** Changes the orchestrator made without a nudge are looked for this often. */
const roundMs = 1_000;

/**
 * Bring what the orchestrator saw into snapshots: each change of where an instance is, or that it sleeps, is a version.
 * @returns how many instances there were
 */
export async function publishSeen(deps: PublisherDeps): Promise<number> {
  const rows = await deps.db
    .selectFrom('hosted_instances as instance')
    .innerJoin('hosted_workloads as workload', 'workload.instance_id', 'instance.id')
    .innerJoin('gateway_workspace_servers as server', 'server.id', 'instance.server_id')
    .select(['instance.id', 'instance.workspace_id', 'server.slug'])
    .whereRef('workload.revision', '<>', 'instance.published')
    .execute();
  for (const { id, workspace_id: workspaceId, slug } of rows) {
    await runChange(deps, { actor: { kind: 'system' }, action: 'hosted.follow', workspaceId }, async (change) => {
      const seen = await change.tx
        .selectFrom('hosted_workloads')
        .select(['state', 'revision'])
        .where('instance_id', '=', id)
        .executeTakeFirst();
      if (seen === undefined) return;
      const { numUpdatedRows } = await change.tx
        .updateTable('hosted_instances')
        .set({ published: seen.revision })
        .where('id', '=', id)
        .where('published', '<>', seen.revision)
        .executeTakeFirstOrThrow();
      if (Number(numUpdatedRows) === 0) return;
      const detail = { instance: id, state: seen.state };
      await change.record({ workspaceId, target: `hosted:${slug}`, detail, publish: 'workspace' });
    });
  }
  return rows.length;
}

/** Do so for as long as the process runs, at once after a nudge. */
export function startHostedPublisher(deps: PublisherDeps): AsyncDisposable {
  let stopped = false;
  let again = false;
  let running: Promise<void> | undefined;
  let failing = false;
  async function drain(): Promise<void> {
    while (again && !stopped) {
      again = false;
      try {
        await publishSeen(deps);
        failing = false;
      } catch (error) {
        if (!failing && !stopped) deps.log.warn({ err: error }, 'what hosted servers do cannot be published');
        failing = true;
      }
    }
  }
  const look = (): void => {
    again = true;
    running ??= drain().finally(() => (running = undefined));
  };
  const subscription = deps.bus.subscribe('hosted.seen', look);
  const timer = setInterval(look, roundMs).unref();
  return {
    async [Symbol.asyncDispose]() {
      stopped = true;
      clearInterval(timer);
      subscription[Symbol.dispose]();
      await running;
    },
  };
}
