import { connections } from '@mcpnest/contract/operations/connections';
import type { Kysely } from 'kysely';
import type { Schema } from '../../platform/database/schema.ts';
import { route } from '../operation.ts';
import type { Route } from '../operation.ts';
import { listConnections } from './connections.ts';

/** The routes of `operations/connections.ts`. */
export const connectionRoutes = ({ db }: { readonly db: Kysely<Schema> }): Route[] => [
  route(connections.list, async ({ workspace, actor }) => ({ items: await listConnections(db, workspace, actor) })),
];
