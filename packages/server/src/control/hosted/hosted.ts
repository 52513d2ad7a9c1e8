import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import type { hostedCreate } from '@mcpnest/contract/schemas/hosted';
import { conflict, forbidden, invalidInput, unavailable } from '../../domain/errors.ts';
import type { CatalogueEntry } from '../../domain/hosted/entry.ts';
import { reachIssues, variableIssues } from '../../domain/hosted/variables.ts';
import { hostedUrl } from '../../domain/hosted/workload.ts';
import { newId } from '../../domain/ids.ts';
import { Secret } from '../../domain/secret.ts';
import type { Vault } from '../../platform/vault/vault.ts';
import type { Change } from '../change.ts';
import { administers, ownMember } from '../membership.ts';
import type { WorkspaceRef } from '../operation.ts';
import { createHostedServer } from '../servers/hosted.ts';
import { findServer, removeServer } from '../servers/servers.ts';
import { findAllowedImage } from './images.ts';
import { requireEntry, type Hosting } from './hosting.ts';
import { usageOf, usedUp } from './limits.ts';
import { requireOwnInstance, selectInstance, type InstanceRow } from './queries.ts';
import { openReaching, requireReach } from './reached.ts';

/**
 * Want a server of the catalogue to run, in one transaction: every gate is passed, the values are sealed, and the
 * instance stands as a server among the others. The orchestrator does the rest.
 * @throws AppError `forbidden`, `not_found` for an unknown entry, `conflict` while hosting is off, the image is not
 *   allowed, the plan or the member's share of it is used up or an address is not open, `invalid_input` with the place of each wrong variable, `unavailable` without a runtime
 */
export async function deploy(
  change: Change,
  hosting: Hosting,
  vault: Vault,
  workspace: WorkspaceRef,
  body: z.output<typeof hostedCreate>,
): Promise<InstanceRow> {
  const { tx, at } = change;
  const entry = requireEntry(hosting, body.slug);
  const memberId = await deployer(change, workspace, entry);
  if (hosting.runtime === 'none') throw unavailable('This MCPNest hosts no servers: MCPNEST_RUNTIME is none.');
  const full = usedUp(await usageOf(tx, workspace), memberId);
  if (full !== null) throw conflict(full.text);
  const image = await findAllowedImage(tx, entry);
  if (image === undefined) throw conflict(notAllowed(entry));
  refuseVariables(entry, body.env);
  const reaches = await requireReach(tx, entry, new Map(Object.entries(body.env)));

  const id = newId(change.now);
  const token = randomBytes(32).toString('base64url');
  const server = await createHostedServer(change, workspace, {
    name: entry.name,
    slug: await freeSlug(change, workspace, entry.slug),
    url: hostedUrl(id),
    memberId,
    seal: (serverId) => vault.seal(new Secret(`Bearer ${token}`), `server/${serverId}/header/authorization`),
    toolClasses: entry.toolClasses,
  });
  const row: InstanceRow = {
    ...{ id, workspace_id: workspace.id, server_id: server.id },
    ...{ entry_slug: entry.slug, entry_version: entry.version, image: image.image, digest: image.digest },
    profile: body.profile ?? entry.profile,
    member_id: memberId,
    reaches: JSON.stringify(reaches),
    token: vault.seal(new Secret(token), `hosted/${id}/token`),
    ...{ restarts: 0, published: 0, created_at: at, created_by: change.actorName },
  };
  await tx.insertInto('hosted_instances').values(row).execute();
  for (const [key, value] of Object.entries(body.env)) {
    const sealed = vault.seal(new Secret(value), `hosted/${id}/env/${key}`);
    await tx.insertInto('hosted_secrets').values({ instance_id: id, key, sealed }).execute();
  }
  await tx
    .insertInto('hosted_workloads')
    .values({ instance_id: id, state: 'pending', since: at, crashes: '[]', restarts_done: 0, revision: 0 })
    .execute();
  await change.record({
    workspaceId: workspace.id,
    target: `hosted:${server.slug}`,
    detail: { ...shapeOf(row), instance: id, variables: Object.keys(body.env).sort() },
    publish: 'workspace',
  });
  return row;
}

/**
 * End an instance for good: its server, its record and everything sealed for it. The orchestrator removes what runs,
 * since nobody wants it any more.
 * @throws AppError `not_found`; `forbidden` for a member whose it is not
 */
export async function terminate(change: Change, workspace: WorkspaceRef, id: string): Promise<void> {
  const { tx } = change;
  const { row, slug } = await requireOwnInstance(tx, workspace, change.actor, id);
  for (const table of ['hosted_secrets', 'hosted_wakes', 'hosted_usage', 'hosted_workloads'] as const)
    await tx.deleteFrom(table).where('instance_id', '=', id).execute();
  await tx.deleteFrom('hosted_instances').where('id', '=', id).execute();
  await removeServer(change, workspace, slug);
  const detail = { ...shapeOf(row), instance: id };
  await change.record({ workspaceId: workspace.id, target: `hosted:${slug}`, detail, publish: 'workspace' });
}

/**
 * Have an instance begin anew, from the newest version of its entry and the newest allowed image.
 * @throws AppError `not_found`; `forbidden`; `conflict` when that version cannot be started with what is sealed, or an address
 *   in it is not open
 */
export async function restart(
  change: Change,
  hosting: Hosting,
  vault: Vault,
  workspace: WorkspaceRef,
  id: string,
): Promise<InstanceRow> {
  const { tx } = change;
  const { row, slug } = await requireOwnInstance(tx, workspace, change.actor, id);
  const entry = requireEntry(hosting, row.entry_slug);
  const image = await findAllowedImage(tx, entry);
  if (image === undefined) throw conflict(notAllowed(entry));
  const set = await tx.selectFrom('hosted_secrets').select('key').where('instance_id', '=', id).execute();
  const missing = entry.variables.find(({ key, required }) => required && !set.some((secret) => secret.key === key));
  if (missing !== undefined)
    throw conflict(`Version ${entry.version} of ${entry.slug} needs ${missing.key}. Deploy it anew.`);
  const values = await openReaching(tx, vault, entry, id);
  const [unusable] = reachIssues(entry, Object.fromEntries(values));
  if (unusable !== undefined) throw conflict(`${unusable.path} ${unusable.message}. Deploy it anew.`);
  const reaches = JSON.stringify(await requireReach(tx, entry, values));
  const next = {
    ...{ entry_version: entry.version, image: image.image, digest: image.digest },
    ...{ reaches, restarts: row.restarts + 1 },
  };
  await tx.updateTable('hosted_instances').set(next).where('id', '=', id).execute();
  const detail = { before: shapeOf(row), after: shapeOf({ ...row, ...next }), instance: id };
  await change.record({ workspaceId: workspace.id, target: `hosted:${slug}`, detail, publish: 'nothing' });
  return (await selectInstance(tx, workspace, id)).row;
}

/** What is in the way of an entry without an allowed image. */
export const notAllowed = (entry: CatalogueEntry): string =>
  `No image of ${entry.slug} version ${entry.version} is allowed. An owner of the instance allows one: mcpnest image allow ${entry.image} <digest>`;

/** The member it will belong to; null: the workspace. @throws AppError `forbidden`, `conflict` */
async function deployer(change: Change, workspace: WorkspaceRef, entry: CatalogueEntry): Promise<string | null> {
  if (!entry.personal) {
    if (!administers(change.actor)) throw forbidden(`Only an administrator deploys ${entry.slug} for the workspace.`);
    return null;
  }
  const member = await ownMember(change.tx, workspace, change.actor);
  if (member === undefined)
    throw conflict(`${entry.slug} is deployed by each member for themselves, with their own key.`);
  return member;
}

function refuseVariables(entry: CatalogueEntry, env: Readonly<Record<string, string>>): void {
  const issues = variableIssues(entry, env);
  if (issues.length === 0) return;
  throw invalidInput(
    issues
      .map(({ path, message }) => `${path} ${message}`)
      .join('; ')
      .slice(0, 500),
    issues,
  );
}

/** The slug of the entry, or the first of `slug-2`, `slug-3`, … that is free. */
async function freeSlug({ tx }: Change, workspace: WorkspaceRef, slug: string): Promise<string> {
  for (let number = 1; ; number++) {
    const tried = number === 1 ? slug : `${slug.slice(0, 36)}-${number}`;
    if ((await findServer(tx, workspace.id, tried)) === undefined) return tried;
  }
}

const shapeOf = (row: InstanceRow): object => ({
  entry: row.entry_slug,
  version: row.entry_version,
  digest: row.digest,
  profile: row.profile,
  personal: row.member_id !== null,
});
