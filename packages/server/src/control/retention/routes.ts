import { retention } from '@mcpnest/contract/operations/retention';
import type { Kysely } from 'kysely';
import type { Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { route } from '../operation.ts';
import type { Route } from '../operation.ts';
import { updateWorkspace } from '../workspaces/workspaces.ts';
import { showRetention } from './retention.ts';

/** The routes of `operations/retention.ts`. */
export function retentionRoutes({ db, clock }: { readonly db: Kysely<Schema>; readonly clock: Clock }): Route[] {
  return [
    route(retention.show, ({ workspace }) => showRetention(db, workspace, clock.now())),
    route(retention.set, async ({ change, workspace, input }) => {
      const settings = { retentionDays: input.body.days };
      await change((made) => updateWorkspace(made, workspace, { settings }));
      return showRetention(db, workspace, clock.now());
    }),
  ];
}
