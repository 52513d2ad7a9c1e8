import { drills } from '@mcpnest/contract/operations/drills';
import type { Kysely } from 'kysely';
import type { Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { route } from '../operation.ts';
import type { Route } from '../operation.ts';
import { listDrills, startDrill, stopDrill } from './drills.ts';

/** The routes of `operations/drills.ts`. */
export function drillRoutes({ db, clock }: { readonly db: Kysely<Schema>; readonly clock: Clock }): Route[] {
  return [
    route(drills.start, ({ change, workspace, input }) =>
      change((made) => startDrill(made, workspace, input.params.server, input.body.seconds)),
    ),
    route(drills.list, async ({ workspace, input }) => ({
      items: await listDrills(db, workspace, input.params.server, clock.now()),
    })),
    route(drills.stop, async ({ change, workspace, input }) => {
      await change((made) => stopDrill(made, workspace, input.params.server));
      return undefined;
    }),
  ];
}
