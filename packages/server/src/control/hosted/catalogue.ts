import type { z } from 'zod';
import type { hostedCatalogue } from '@mcpnest/contract/schemas/hosted';
import type { Kysely } from 'kysely';
import type { CatalogueEntry } from '../../domain/hosted/entry.ts';
import { planLimits, readHosting } from '../../domain/hosted/hosting.ts';
import type { Actor } from '../../domain/roles.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { administers, ownMember } from '../membership.ts';
import type { WorkspaceRef } from '../operation.ts';
import { notAllowed } from './hosted.ts';
import type { Hosting } from './hosting.ts';
import { findAllowedImage } from './images.ts';
import { viewEntry, type Obstacle } from './view.ts';

/** The catalogue as one actor may use it, with what is in the way of each entry. */
export async function listCatalogue(
  db: Kysely<Schema>,
  hosting: Hosting,
  workspace: WorkspaceRef,
  actor: Actor,
): Promise<z.output<typeof hostedCatalogue>> {
  const { settings } = await db
    .selectFrom('gateway_workspaces')
    .select('settings')
    .where('id', '=', workspace.id)
    .executeTakeFirstOrThrow();
  const { orchestratorEnabled, plan } = readHosting(settings);
  const { count: running } = await db
    .selectFrom('hosted_instances')
    .select((row) => row.fn.countAll<number>().as('count'))
    .where('workspace_id', '=', workspace.id)
    .executeTakeFirstOrThrow();
  const limit = planLimits[plan];
  const member = await ownMember(db, workspace, actor);
  const common: Obstacle | null =
    hosting.runtime === 'none'
      ? { kind: 'no_runtime', text: 'This MCPNest hosts no servers: MCPNEST_RUNTIME is none.' }
      : !orchestratorEnabled
        ? {
            kind: 'hosting_off',
            text: 'Hosting is switched off in this workspace. An owner switches it on: mcpnest workspace update --hosting on',
          }
        : running >= limit
          ? { kind: 'plan_used_up', text: `The plan ${plan} has ${limit} instances, and they are all in use.` }
          : null;
  const obstacleOf = async (entry: CatalogueEntry): Promise<Obstacle | null> => {
    if (common !== null) return common;
    if (entry.personal && member === undefined)
      return { kind: 'members_only', text: 'Each member deploys it for themselves, with their own key.' };
    if (!entry.personal && !administers(actor))
      return { kind: 'administrators_only', text: 'An administrator deploys it for the workspace.' };
    const image = await findAllowedImage(db, entry);
    return image === undefined ? { kind: 'image_not_allowed', text: notAllowed(entry) } : null;
  };
  const items = [];
  for (const entry of hosting.catalogue) items.push(viewEntry(entry, await obstacleOf(entry)));
  return { enabled: orchestratorEnabled, plan: { name: plan, limit, running }, items };
}
