import { accessRequests } from '@mcpnest/contract/operations/access-requests';
import { access } from '@mcpnest/contract/operations/access';
import { search } from '@mcpnest/contract/operations/console';
import { policy } from '@mcpnest/contract/operations/policy';
import { tools } from '@mcpnest/contract/operations/tools';
import { toolWeights } from '@mcpnest/contract/operations/tool-weights';
import type { Kysely } from 'kysely';
import type { Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { route } from '../operation.ts';
import type { Route } from '../operation.ts';
import { draftRules } from '../rules/rules.ts';
import { accessAsOf } from './as-of.ts';
import { accessChanges } from './changes.ts';
import { explainAccess } from './explain.ts';
import { accessMatrix } from './matrix.ts';
import { askForAccess, grantAccess, listRequests, refuseAccess } from './requests.ts';
import { ownTools, toolsAs } from './shown-tools.ts';
import { search as searchByName } from './search.ts';
import { simulate } from './simulate.ts';
import { weighTools } from './tool-weights.ts';
import { unusedRights } from './unused.ts';

/** The routes of `operations/access.ts` and `operations/access-requests.ts`, of what lists weigh, and of what policies do to the past. */
export function accessRoutes(deps: { readonly db: Kysely<Schema>; readonly clock: Clock }): Route[] {
  const { db, clock } = deps;
  return [
    route(access.explain, ({ workspace, actor, input }) => explainAccess(deps, workspace, actor, input.query)),
    route(access.asOf, ({ workspace, input }) => accessAsOf(deps, workspace, input.query)),
    route(access.changes, ({ workspace, input }) => accessChanges(deps, workspace, input.query)),
    route(access.matrix, ({ workspace, input }) => accessMatrix(deps, workspace, input.query)),
    route(tools.list, ({ workspace, actor, input }) => ownTools(deps, workspace, actor, input.query)),
    route(tools.listAs, ({ workspace, input }) => toolsAs(deps, workspace, input.params.member, input.query)),
    route(search.find, ({ workspace, actor, input }) => searchByName(deps, workspace, actor, input.query.words)),
    route(toolWeights.show, ({ workspace, actor, input }) => weighTools(deps, workspace, actor, input.query)),
    route(accessRequests.create, ({ change, workspace, input }) =>
      change((made) => askForAccess(made, workspace, input.body)),
    ),
    route(accessRequests.list, async ({ workspace, actor, input }) => ({
      items: await listRequests(db, workspace, actor, input.query),
    })),
    route(accessRequests.grant, ({ change, workspace, input }) =>
      change((made) => grantAccess(made, workspace, input.params.request, input.body)),
    ),
    route(accessRequests.refuse, ({ change, workspace, input }) =>
      change((made) => refuseAccess(made, workspace, input.params.request, input.body)),
    ),
    route(policy.simulate, async ({ change, workspace, input: { body } }) => {
      const { document } = body;
      // Read as an import reads it, and nothing is written.
      const rules = document === undefined ? undefined : await change((made) => draftRules(made, workspace, document));
      return simulate(db, workspace, body, rules, clock.now());
    }),
    route(policy.unused, ({ workspace, input }) => unusedRights(db, workspace, input.query.days, clock.now())),
  ];
}
