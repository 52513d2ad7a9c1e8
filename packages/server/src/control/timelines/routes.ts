import { timelines } from '@mcpnest/contract/operations/timelines';
import type { Kysely } from 'kysely';
import type { Schema } from '../../platform/database/schema.ts';
import { route } from '../operation.ts';
import type { Route } from '../operation.ts';
import { serverTimeline } from './server.ts';
import { machineTimeline, memberTimeline } from './timelines.ts';

/** The routes of `operations/timelines.ts`. */
export function timelineRoutes({ db }: { readonly db: Kysely<Schema> }): Route[] {
  return [
    route(timelines.member, ({ workspace, actor, input }) =>
      memberTimeline(db, workspace, actor, input.params.member, input.query),
    ),
    route(timelines.machine, ({ workspace, input }) =>
      machineTimeline(db, workspace, input.params.machine, input.query),
    ),
    route(timelines.server, ({ workspace, input }) => serverTimeline(db, workspace, input.params.server, input.query)),
  ];
}
