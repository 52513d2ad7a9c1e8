import { search as operations } from '@mcpnest/contract/operations/console';
import type { Kysely } from 'kysely';
import type { Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { route, type Route } from '../operation.ts';
import { search } from './search.ts';

/** The routes of searching by name. */
export const searchRoutes = (deps: { readonly db: Kysely<Schema>; readonly clock: Clock }): Route[] => [
  route(operations.find, ({ workspace, actor, input }) => search(deps, workspace, actor, input.query.words)),
];
