import { machines } from '@mcpnest/contract/operations/machines';
import type { Kysely } from 'kysely';
import type { Schema } from '../../platform/database/schema.ts';
import { route } from '../operation.ts';
import type { Route } from '../operation.ts';
import { createMachine, listMachines, removeMachine, showMachine, updateMachine } from './machines.ts';

/** The routes of `operations/machines.ts`. */
export function machineRoutes({ db }: { readonly db: Kysely<Schema> }): Route[] {
  return [
    route(machines.create, ({ change, workspace, input }) =>
      change((made) => createMachine(made, workspace, input.body)),
    ),
    route(machines.list, async ({ workspace, actor }) => ({ items: await listMachines(db, workspace, actor) })),
    route(machines.show, ({ workspace, actor, input }) => showMachine(db, workspace, actor, input.params.machine)),
    route(machines.update, ({ change, workspace, input }) =>
      change((made) => updateMachine(made, workspace, input.params.machine, input.body)),
    ),
    route(machines.remove, async ({ change, workspace, input }) => {
      await change((made) => removeMachine(made, workspace, input.params.machine));
      return undefined;
    }),
  ];
}
