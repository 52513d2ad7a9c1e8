import { statistics } from '@mcpnest/contract/operations/statistics';
import type { Kysely } from 'kysely';
import type { Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { route } from '../operation.ts';
import type { Route } from '../operation.ts';
import { showDependencies } from './dependencies.ts';
import { showHeat } from './heat.ts';
import { showInventory } from './inventory.ts';
import { showOverview } from './overview.ts';
import { showSeries } from './series.ts';
import { showStats } from './statistics.ts';
import { showUsage } from './usage.ts';

/** The routes of `operations/statistics.ts`. */
export function statisticsRoutes({ db, clock }: { readonly db: Kysely<Schema>; readonly clock: Clock }): Route[] {
  return [
    route(statistics.overview, ({ workspace, input }) => showOverview(db, workspace, input.query.hours, clock.now())),
    route(statistics.stats, ({ workspace, input }) => showStats(db, workspace, input.query, clock.now())),
    route(statistics.usage, ({ workspace, actor, input }) => showUsage(db, workspace, actor, input.query, clock.now())),
    route(statistics.series, ({ workspace, input }) => showSeries(db, workspace, input.query, clock.now())),
    route(statistics.heat, ({ workspace, input }) => showHeat(db, workspace, input.query, clock.now())),
    route(statistics.dependencies, ({ workspace, input }) => showDependencies(db, workspace, input.query, clock.now())),
    route(statistics.inventory, ({ workspace, input }) => showInventory(db, workspace, input.query, clock.now())),
  ];
}
