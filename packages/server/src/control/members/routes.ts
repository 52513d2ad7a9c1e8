import { members } from '@mcpnest/contract/operations/members';
import type { Kysely } from 'kysely';
import type { Schema } from '../../platform/database/schema.ts';
import { route } from '../operation.ts';
import type { Route } from '../operation.ts';
import { addMember, listMembers, removeMember, updateMember } from './members.ts';

/** The routes of `operations/members.ts`. */
export function memberRoutes({ db }: { readonly db: Kysely<Schema> }): Route[] {
  return [
    route(members.add, ({ change, workspace, input }) => change((made) => addMember(made, workspace, input.body))),
    route(members.list, async ({ workspace }) => ({ items: await listMembers(db, workspace.id) })),
    route(members.update, ({ change, workspace, input }) =>
      change((made) => updateMember(made, workspace, input.params.member, input.body.role)),
    ),
    route(members.remove, async ({ change, workspace, input }) => {
      await change((made) => removeMember(made, workspace, input.params.member));
      return undefined;
    }),
  ];
}
