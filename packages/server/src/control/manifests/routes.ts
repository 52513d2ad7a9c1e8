import { manifests } from '@mcpnest/contract/operations/manifests';
import type { Kysely } from 'kysely';
import type { Actor } from '../../domain/roles.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { administers } from '../membership.ts';
import { route } from '../operation.ts';
import type { Route, WorkspaceRef } from '../operation.ts';
import { approveManifest, putManifest, refuseManifest } from './manifests.ts';
import { selectManifests, selectRevisions } from './queries.ts';
import { removeManifest } from './remove.ts';
import { requireManifest, teamsInReach } from './rights.ts';
import { viewDetail, viewManifest, viewManifests, viewRevisions } from './view.ts';

/** The routes of `operations/manifests.ts`. */
export function manifestRoutes(deps: { readonly db: Kysely<Schema>; readonly publicUrl: () => string }): Route[] {
  const { db, publicUrl } = deps;
  const place = (workspace: WorkspaceRef) => ({ db, workspace, publicUrl: publicUrl() });
  const detail = async (workspace: WorkspaceRef, actor: Actor, name: string) =>
    viewDetail(place(workspace), actor, await requireManifest(db, workspace, actor, name));
  return [
    route(manifests.put, async ({ change, workspace, input: { params, query, body } }) => {
      const dryRun = query.dryRun === 'true';
      const { outcome, evidence, row } = await change((made) =>
        putManifest(made, workspace, params.manifest, body, dryRun),
      );
      const manifest = row === undefined ? null : await viewManifest(place(workspace), row);
      return { outcome, dryRun, evidence, manifest };
    }),
    route(manifests.list, async ({ workspace, actor, input: { query } }) => {
      let rows = selectManifests(db, workspace.id);
      if (query.state !== undefined) rows = rows.where('newest.state', '=', query.state);
      const own = new Set((await teamsInReach(db, workspace, actor)).map(({ id }) => id));
      const found = (await rows.orderBy('manifests.name').execute()).filter(
        (row) => administers(actor) || own.has(row.owner_team_id),
      );
      return { items: await viewManifests(place(workspace), found) };
    }),
    route(manifests.show, ({ workspace, actor, input }) => detail(workspace, actor, input.params.manifest)),
    route(manifests.revisions, async ({ workspace, actor, input }) => {
      const row = await requireManifest(db, workspace, actor, input.params.manifest);
      return { items: await viewRevisions(db, await selectRevisions(db, row.id)) };
    }),
    route(manifests.remove, async ({ change, workspace, input }) => {
      await change((made) => removeManifest(made, workspace, input.params.manifest));
      return undefined;
    }),
    route(manifests.approve, async ({ change, workspace, actor, input: { params, body } }) => {
      await change(async (made) => {
        const row = await requireManifest(made.tx, workspace, actor, params.manifest);
        await approveManifest(made, workspace, row, body.revision);
      });
      return detail(workspace, actor, params.manifest);
    }),
    route(manifests.refuse, async ({ change, workspace, actor, input: { params, body } }) => {
      await change(async (made) => {
        const row = await requireManifest(made.tx, workspace, actor, params.manifest);
        await refuseManifest(made, row, body);
      });
      return detail(workspace, actor, params.manifest);
    }),
  ];
}
