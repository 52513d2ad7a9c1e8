import { tokens } from '@mcpnest/contract/operations/tokens';
import type { Kysely } from 'kysely';
import type { Schema } from '../../platform/database/schema.ts';
import { route } from '../operation.ts';
import type { Route } from '../operation.ts';
import { issueConsoleToken } from './console.ts';
import { issueToken, listTokens, revokeToken, rotateToken, toToken } from './tokens.ts';
import type { IssuedToken } from './tokens.ts';

const toIssued = ({ row, secret }: IssuedToken) => ({ token: toToken(row, null), secret });

/** The routes of `operations/tokens.ts`. */
export function tokenRoutes({ db }: { readonly db: Kysely<Schema> }): Route[] {
  return [
    route(tokens.issue, async ({ change, workspace, input }) =>
      toIssued(await change((made) => issueToken(made, workspace, input.body))),
    ),
    route(tokens.issueForConsole, async ({ change, workspace }) =>
      toIssued(await change((made) => issueConsoleToken(made, workspace))),
    ),
    route(tokens.list, async ({ workspace, actor }) => ({ items: await listTokens(db, workspace, actor) })),
    route(tokens.rotate, async ({ change, workspace, input }) =>
      toIssued(await change((made) => rotateToken(made, workspace, input.params.token, input.body))),
    ),
    route(tokens.revoke, async ({ change, workspace, input }) => {
      await change((made) => revokeToken(made, workspace, input.params.token));
      return undefined;
    }),
  ];
}
