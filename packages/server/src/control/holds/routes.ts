import { holds } from '@mcpnest/contract/operations/holds';
import type { Kysely } from 'kysely';
import type { Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { route } from '../operation.ts';
import type { Route } from '../operation.ts';
import { confirmHold, confirmRelease, listHolds, requestHold, requestRelease } from './holds.ts';

/** The routes of `operations/holds.ts`. */
export function holdRoutes({ db, clock }: { readonly db: Kysely<Schema>; readonly clock: Clock }): Route[] {
  return [
    route(holds.request, ({ change, workspace, input }) => change((made) => requestHold(made, workspace, input.body))),
    route(holds.list, async ({ workspace }) => ({ items: await listHolds(db, workspace, clock.now()) })),
    route(holds.confirm, ({ change, workspace, input }) =>
      change((made) => confirmHold(made, workspace, input.params.hold)),
    ),
    route(holds.release, ({ change, workspace, input }) =>
      change((made) => requestRelease(made, workspace, input.params.hold, input.body)),
    ),
    route(holds.confirmRelease, ({ change, workspace, input }) =>
      change((made) => confirmRelease(made, workspace, input.params.hold)),
    ),
  ];
}
