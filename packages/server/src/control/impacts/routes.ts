import { impacts } from '@mcpnest/contract/operations/console';
import type { Kysely } from 'kysely';
import type { Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { route, type Route } from '../operation.ts';
import { impactOf } from './impacts.ts';

/** The routes of what a removal would mean. */
export const impactRoutes = ({ db, clock }: { readonly db: Kysely<Schema>; readonly clock: Clock }): Route[] => [
  route(impacts.show, ({ workspace, input }) => impactOf(db, workspace, input.query, clock.now())),
];
