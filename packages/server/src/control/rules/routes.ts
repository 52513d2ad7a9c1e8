import { allowlists } from '@mcpnest/contract/operations/allowlists';
import { policy } from '@mcpnest/contract/operations/policy';
import { rules } from '@mcpnest/contract/operations/rules';
import type { Kysely } from 'kysely';
import { isoTime, type Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { route } from '../operation.ts';
import type { Route } from '../operation.ts';
import { removeAllowlist, replaceAllowlist, showAllowlist } from './allowlist.ts';
import { exportRules, importRules } from './document.ts';
import { createRule, listRules, removeRule, showRule, updateRule } from './rules.ts';

/** The routes of `operations/rules.ts` and `operations/allowlists.ts`, and of rules as a document. */
export function ruleRoutes({ db, clock }: { readonly db: Kysely<Schema>; readonly clock: Clock }): Route[] {
  return [
    route(rules.create, ({ change, workspace, input }) => change((made) => createRule(made, workspace, input.body))),
    route(rules.list, async ({ workspace, input }) => ({ items: await listRules(db, workspace, input.query) })),
    route(rules.show, ({ workspace, input }) => showRule(db, workspace, input.params.rule)),
    route(rules.update, ({ change, workspace, input }) =>
      change((made) => updateRule(made, workspace, input.params.rule, input.body)),
    ),
    route(rules.remove, async ({ change, workspace, input }) => {
      await change((made) => removeRule(made, workspace, input.params.rule));
      return undefined;
    }),
    route(allowlists.show, ({ workspace, input }) =>
      showAllowlist(db, workspace, input.params.member, isoTime(clock.now())),
    ),
    route(allowlists.replace, ({ change, workspace, input }) =>
      change((made) => replaceAllowlist(made, workspace, input.params.member, input.body.entries)),
    ),
    route(allowlists.remove, async ({ change, workspace, input }) => {
      await change((made) => removeAllowlist(made, workspace, input.params.member));
      return undefined;
    }),
    route(policy.export, ({ workspace }) => exportRules(db, workspace)),
    route(policy.import, ({ change, workspace, input }) => change((made) => importRules(made, workspace, input.body))),
  ];
}
