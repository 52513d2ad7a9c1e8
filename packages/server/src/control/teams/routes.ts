import { teams } from '@mcpnest/contract/operations/teams';
import type { Kysely } from 'kysely';
import type { Schema } from '../../platform/database/schema.ts';
import { route } from '../operation.ts';
import type { Route } from '../operation.ts';
import { createTeam, joinTeam, leaveTeam, listTeams, removeTeam, renameTeam, showTeam } from './teams.ts';

/** The routes of `operations/teams.ts`. */
export function teamRoutes({ db }: { readonly db: Kysely<Schema> }): Route[] {
  return [
    route(teams.create, ({ change, workspace, input }) => change((made) => createTeam(made, workspace, input.body))),
    route(teams.list, async ({ workspace, actor, input }) => ({
      items: await listTeams(db, workspace, actor, input.query.member),
    })),
    route(teams.show, ({ workspace, actor, input }) => showTeam(db, workspace, actor, input.params.team)),
    route(teams.update, ({ change, workspace, input }) =>
      change((made) => renameTeam(made, workspace, input.params.team, input.body)),
    ),
    route(teams.remove, async ({ change, workspace, input }) => {
      await change((made) => removeTeam(made, workspace, input.params.team));
      return undefined;
    }),
    route(teams.addMember, async ({ change, workspace, input: { params } }) => {
      await change((made) => joinTeam(made, workspace, params.team, params.member));
      return undefined;
    }),
    route(teams.removeMember, async ({ change, workspace, input: { params } }) => {
      await change((made) => leaveTeam(made, workspace, params.team, params.member));
      return undefined;
    }),
  ];
}
