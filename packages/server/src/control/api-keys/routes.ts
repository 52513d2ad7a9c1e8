import { apiKeys } from '@mcpnest/contract/operations/api-keys';
import { instanceKeys } from '@mcpnest/contract/operations/instance-keys';
import type { Kysely } from 'kysely';
import type { Schema } from '../../platform/database/schema.ts';
import { route } from '../operation.ts';
import type { Route } from '../operation.ts';
import { issueKey, listKeys, revokeKey, rotateKey, toApiKey } from './api-keys.ts';
import type { IssuedKey } from './api-keys.ts';

const toIssued = ({ row, secret }: IssuedKey) => ({ apiKey: toApiKey(row), secret });

/** Keys of a workspace and keys of the instance: two doors, one set of rules. */
export function apiKeyRoutes({ db }: { readonly db: Kysely<Schema> }): Route[] {
  return [
    route(apiKeys.issue, async ({ change, workspace, input }) =>
      toIssued(await change((made) => issueKey(made, workspace, input.body))),
    ),
    route(apiKeys.list, async ({ workspace }) => ({ items: (await listKeys(db, workspace)).map(toApiKey) })),
    route(apiKeys.rotate, async ({ change, workspace, input }) =>
      toIssued(await change((made) => rotateKey(made, workspace, input.params.key, input.body))),
    ),
    route(apiKeys.revoke, async ({ change, workspace, input }) => {
      await change((made) => revokeKey(made, workspace, input.params.key));
      return undefined;
    }),
    route(instanceKeys.issue, async ({ change, input }) =>
      toIssued(await change((made) => issueKey(made, null, input.body))),
    ),
    route(instanceKeys.list, async () => ({ items: (await listKeys(db, null)).map(toApiKey) })),
    route(instanceKeys.rotate, async ({ change, input }) =>
      toIssued(await change((made) => rotateKey(made, null, input.params.key, input.body))),
    ),
    route(instanceKeys.revoke, async ({ change, input }) => {
      await change((made) => revokeKey(made, null, input.params.key));
      return undefined;
    }),
  ];
}
