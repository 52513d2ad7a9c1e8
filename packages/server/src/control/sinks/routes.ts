import { instanceSinks } from '@mcpnest/contract/operations/instance-sinks';
import { sinks } from '@mcpnest/contract/operations/sinks';
import type { Sink } from '@mcpnest/contract/schemas/sinks';
import type { Kysely } from 'kysely';
import type { Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { SendParcel } from '../../platform/sinks/send.ts';
import type { Vault } from '../../platform/vault/vault.ts';
import type { Changer } from '../change.ts';
import { route } from '../operation.ts';
import type { Route, WorkspaceRef } from '../operation.ts';
import { createSink, findSink, listSinks, pauseSink, removeSink, resumeSink, testSink, type SinkRow } from './sinks.ts';
import { viewSink } from './view.ts';

export interface SinkRoutesDeps {
  readonly db: Kysely<Schema>;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly sendParcel: SendParcel;
}

/** Sinks of a workspace and sinks of the instance: two doors, one set of rules. */
export function sinkRoutes({ db, vault, clock, sendParcel }: SinkRoutesDeps): Route[] {
  const view = (row: SinkRow): Promise<Sink> => viewSink(db, clock, row);
  const viewAll = async (workspace: WorkspaceRef | null): Promise<{ items: Sink[] }> => {
    const items: Sink[] = [];
    for (const row of await listSinks(db, workspace)) items.push(await view(row));
    return { items };
  };
  const created = async ({ row, secret }: Awaited<ReturnType<typeof createSink>>) => ({
    sink: await view(row),
    secret,
  });
  /** Noted first; nothing is sent inside a transaction. */
  const test = async (change: Changer, workspace: WorkspaceRef | null, id: string) => {
    const send = await change((made) => testSink(made, sendParcel, workspace, id));
    const outcome = await send();
    return outcome.ok ? { ok: true, error: null } : { ok: false, error: outcome.error };
  };
  return [
    route(sinks.create, async ({ change, workspace, input }) =>
      created(await change((made) => createSink(made, vault, workspace, input.body))),
    ),
    route(sinks.list, ({ workspace }) => viewAll(workspace)),
    route(sinks.show, async ({ workspace, input }) => view(await findSink(db, workspace, input.params.sink))),
    route(sinks.pause, async ({ change, workspace, input }) =>
      view(await change((made) => pauseSink(made, workspace, input.params.sink))),
    ),
    route(sinks.resume, async ({ change, workspace, input }) =>
      view(await change((made) => resumeSink(made, workspace, input.params.sink))),
    ),
    route(sinks.test, ({ change, workspace, input }) => test(change, workspace, input.params.sink)),
    route(sinks.remove, async ({ change, workspace, input }) => {
      await change((made) => removeSink(made, workspace, input.params.sink));
      return undefined;
    }),
    route(instanceSinks.create, async ({ change, input }) =>
      created(await change((made) => createSink(made, vault, null, input.body))),
    ),
    route(instanceSinks.list, () => viewAll(null)),
    route(instanceSinks.show, async ({ input }) => view(await findSink(db, null, input.params.sink))),
    route(instanceSinks.pause, async ({ change, input }) =>
      view(await change((made) => pauseSink(made, null, input.params.sink))),
    ),
    route(instanceSinks.resume, async ({ change, input }) =>
      view(await change((made) => resumeSink(made, null, input.params.sink))),
    ),
    route(instanceSinks.test, ({ change, input }) => test(change, null, input.params.sink)),
    route(instanceSinks.remove, async ({ change, input }) => {
      await change((made) => removeSink(made, null, input.params.sink));
      return undefined;
    }),
  ];
}
