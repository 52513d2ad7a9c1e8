import { workspaces } from '@mcpnest/contract/operations/workspaces';
import type { Kysely } from 'kysely';
import type { Schema } from '../../platform/database/schema.ts';
import { route } from '../operation.ts';
import type { Route } from '../operation.ts';
import { createWorkspace, findWorkspace, listWorkspaces, toWorkspace, updateWorkspace } from './workspaces.ts';

/** The routes of `operations/workspaces.ts`. */
export function workspaceRoutes(deps: { readonly db: Kysely<Schema>; readonly publicUrl: () => string }): Route[] {
  const { db, publicUrl } = deps;
  return [
    route(workspaces.create, async ({ change, input }) =>
      toWorkspace(await change((made) => createWorkspace(made, input.body)), publicUrl()),
    ),
    route(workspaces.list, async ({ actor }) => ({
      items: (await listWorkspaces(db, actor)).map((row) => toWorkspace(row, publicUrl())),
    })),
    route(workspaces.show, async ({ workspace }) => toWorkspace(await findWorkspace(db, workspace.slug), publicUrl())),
    route(workspaces.update, async ({ change, workspace, input }) =>
      toWorkspace(await change((made) => updateWorkspace(made, workspace, input.body)), publicUrl()),
    ),
  ];
}
