import type { z } from 'zod';
import type { hostedCatalogue } from '@mcpnest/contract/schemas/hosted';
import type { Kysely } from 'kysely';
import type { CatalogueEntry } from '../../domain/hosted/entry.ts';
import type { Actor } from '../../domain/roles.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { administers, ownMember } from '../membership.ts';
import type { WorkspaceRef } from '../operation.ts';
import { notAllowed } from './hosted.ts';
import type { Hosting } from './hosting.ts';
import { findAllowedImage } from './images.ts';
import { usageOf, usedUp } from './limits.ts';
import { viewEntry, type Obstacle } from './view.ts';

/** The catalogue as one actor may use it, with what is in the way of each entry. */
export async function listCatalogue(
  db: Kysely<Schema>,
  hosting: Hosting,
  workspace: WorkspaceRef,
  actor: Actor,
): Promise<z.output<typeof hostedCatalogue>> {
  const usage = await usageOf(db, workspace);
  const member = await ownMember(db, workspace, actor);
  const ofAll: Obstacle | null =
    hosting.runtime === 'none'
      ? { kind: 'no_runtime', text: 'This MCPNest hosts no servers: MCPNEST_RUNTIME is none.' }
      : usedUp(usage, null);
  const obstacleOf = async (entry: CatalogueEntry): Promise<Obstacle | null> => {
    if (ofAll !== null) return ofAll;
    if (entry.personal && member === undefined)
      return { kind: 'members_only', text: 'Each member deploys it for themselves, with their own key.' };
    if (!entry.personal && !administers(actor))
      return { kind: 'administrators_only', text: 'An administrator deploys it for the workspace.' };
    const own = entry.personal && member !== undefined ? usedUp(usage, member) : null;
    if (own !== null) return own;
    const image = await findAllowedImage(db, entry);
    return image === undefined ? { kind: 'image_not_allowed', text: notAllowed(entry) } : null;
  };
  const items = [];
  for (const entry of hosting.catalogue) items.push(viewEntry(entry, await obstacleOf(entry)));
  const { settings, limit, instances } = usage;
  return { enabled: settings.orchestratorEnabled, plan: { name: settings.plan, limit, running: instances }, items };
}
