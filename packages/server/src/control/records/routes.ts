import { auditEvents } from '@mcpnest/contract/operations/audit-events';
import { calls } from '@mcpnest/contract/operations/calls';
import { instance } from '@mcpnest/contract/operations/instance';
import type { Instance } from '@mcpnest/contract/schemas/records';
import type { Kysely } from 'kysely';
import { isoTime } from '../../platform/clock.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { Vault } from '../../platform/vault/vault.ts';
import type { Log } from '../../platform/log.ts';
import { version } from '../../platform/version.ts';
import { route } from '../operation.ts';
import type { Route } from '../operation.ts';
import { createChainState } from './chain-state.ts';
import { explainCall } from './explain.ts';
import { countFacets } from './facets.ts';
import { callPath } from './path.ts';
import { createTail } from './live/tail.ts';
import { listAuditEvents, listCalls } from './records.ts';

export interface RecordRoutesDeps {
  readonly db: Kysely<Schema>;
  readonly dialect: Instance['database'];
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: Log;
  readonly publicUrl: () => string;
}

/** Reading what happened: tool calls, changes, and the size of the instance. */
export function recordRoutes(deps: RecordRoutesDeps): Route[] {
  const { db, vault } = deps;
  const tail = createTail(deps);
  const chainOf = createChainState(vault.deriveKey('journal/events'));
  return [
    route(calls.list, ({ workspace, input }) => listCalls(db, workspace.id, input.query)),
    route(calls.tail, ({ workspace, actor, input }) => tail(workspace, actor, input.query)),
    route(calls.facets, async ({ workspace, input }) => ({ items: await countFacets(db, workspace, input.query) })),
    route(calls.path, ({ workspace, actor, input }) => callPath(db, workspace, actor, input.params.call)),
    route(calls.explain, ({ workspace, input }) => explainCall(db, workspace, input.params.call)),
    route(auditEvents.list, ({ workspace, input }) => listAuditEvents(db, workspace.id, input.query, chainOf)),
    route(auditEvents.listAll, ({ input }) => listAuditEvents(db, null, input.query, chainOf)),
    route(instance.show, () => describeInstance(deps)),
  ];
}

async function describeInstance({ db, dialect, clock, publicUrl }: RecordRoutesDeps): Promise<Instance> {
  const time = isoTime(clock.now());
  const count = (sql: { executeTakeFirstOrThrow(): Promise<{ count: number | string | bigint }> }): Promise<number> =>
    sql.executeTakeFirstOrThrow().then((row) => Number(row.count));
  const all = (table: 'gateway_workspaces' | 'gateway_workspace_servers' | 'members' | 'gateway_tokens') =>
    db.selectFrom(table).select((row) => row.fn.countAll().as('count'));
  return {
    version,
    url: publicUrl(),
    database: dialect,
    time,
    counts: {
      workspaces: await count(all('gateway_workspaces')),
      servers: await count(all('gateway_workspace_servers').where('removed_at', 'is', null)),
      members: await count(all('members').where('removed_at', 'is', null)),
      tokens: await count(
        all('gateway_tokens')
          .where('revoked_at', 'is', null)
          .where((row) => row.or([row('expires_at', 'is', null), row('expires_at', '>', time)])),
      ),
    },
  };
}
