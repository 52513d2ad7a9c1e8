import { network } from '@mcpnest/contract/operations/network';
import type { Kysely } from 'kysely';
import type { Schema } from '../../platform/database/schema.ts';
import { route } from '../operation.ts';
import type { Route } from '../operation.ts';
import { allowTarget, listNetwork, revokeTarget } from './network.ts';

/** The routes of `operations/network.ts`. */
export function networkRoutes({ db }: { readonly db: Kysely<Schema> }): Route[] {
  return [
    route(network.allow, ({ change, input }) =>
      change((made) => allowTarget(made, input.body.target, input.body.note)),
    ),
    route(network.list, async () => ({ items: await listNetwork(db) })),
    route(network.revoke, async ({ change, input }) => {
      await change((made) => revokeTarget(made, input.params.target));
      return undefined;
    }),
  ];
}
