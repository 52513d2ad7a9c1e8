import { stops } from '@mcpnest/contract/operations/stops';
import type { Kysely } from 'kysely';
import type { Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { route } from '../operation.ts';
import type { Route } from '../operation.ts';
import { createStop, listStops, removeStop } from './stops.ts';

/** The routes of `operations/stops.ts`. */
export function stopRoutes({ db, clock }: { readonly db: Kysely<Schema>; readonly clock: Clock }): Route[] {
  return [
    route(stops.create, ({ change, workspace, input }) => change((made) => createStop(made, workspace, input.body))),
    route(stops.list, async ({ workspace }) => ({ items: await listStops(db, workspace, clock.now()) })),
    route(stops.remove, async ({ change, workspace, input }) => {
      await change((made) => removeStop(made, workspace, input.params.stop));
      return undefined;
    }),
  ];
}
