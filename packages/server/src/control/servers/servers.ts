import type { z } from 'zod';
import type { serverCreate, serverRollback, serverUpdate } from '@mcpnest/contract/schemas/servers';
import { alreadyExists, AppError, conflict, invalidInput } from '../../domain/errors.ts';
import { newId } from '../../domain/ids.ts';
import { defaultReplayGuard, type ServerLimits } from '../../domain/snapshot.ts';
import type { Change } from '../change.ts';
import type { WorkspaceRef } from '../operation.ts';
import { slugFrom } from '../slug.ts';
import {
  readConfig,
  readCredential,
  readLimits,
  readReplayGuard,
  readSettings,
  withDefaultLimits,
  withPatch,
  writeCredential,
} from '../stored.ts';
import type { ServerConfig } from '../stored.ts';
import { custodyColumns, custodyOf, noCustody, setCustody } from './custody.ts';
import { refuseHosted } from './hosted-guard.ts';
import { deleteManifestOf } from './owner.ts';
import { forgetPins, setPinning } from './pins.ts';
import { selectRevision, selectServer, selectServers, writeOrder } from './queries.ts';
import type { ServerRow } from './queries.ts';
import { setVisibility, visibilityColumn } from './visibility.ts';

/**
 * Add a server at a place in the order (the end when none is given), with its first revision.
 * @throws AppError `already_exists` for a slug or prefix in use
 */
export async function createServer(
  change: Change,
  workspace: WorkspaceRef,
  body: z.output<typeof serverCreate>,
): Promise<ServerRow> {
  const slug = body.slug ?? slugFrom(body.name);
  const others = await selectServers(change.tx, workspace.id);
  if (others.some((other) => other.slug === slug)) throw alreadyExists('server', slug);
  const prefix = body.prefix ?? null;
  refuseTakenPrefix(others, prefix);
  const config: ServerConfig = {
    name: body.name,
    url: body.url,
    prefix,
    enabled: body.enabled,
    limits: checked(withDefaultLimits(body.limits)),
    replayGuard: withPatch(defaultReplayGuard, body.replayGuard),
    credential: null,
  };
  const row: ServerRow = {
    id: newId(change.now),
    workspace_id: workspace.id,
    slug,
    position: others.length + 1,
    ...columns(config),
    visibility: await visibilityColumn(change, workspace, body.visibility),
    owner_team_id: null,
    pinning: body.pinning ?? (await pinningAtFirst(change, workspace)),
    ...custodyColumns(noCustody, body),
    revision: 1,
    created_at: change.at,
    updated_at: change.at,
    removed_at: null,
  };
  await change.tx.insertInto('gateway_workspace_servers').values(row).execute();
  const place = Math.min(body.position ?? others.length + 1, others.length + 1);
  await writeOrder(change.tx, [...others.slice(0, place - 1), row, ...others.slice(place - 1)]);
  await writeRevision(change, row, config, body.note);
  await change.record({
    workspaceId: workspace.id,
    target: `server:${slug}`,
    detail: {
      after: {
        ...auditable(config),
        visibility: body.visibility ?? ['workspace'],
        pinning: row.pinning,
        ...custodyOf(row),
      },
      position: place,
    },
    publish: 'workspace',
  });
  return { ...row, position: place };
}

/**
 * Change a server's configuration, whom it is shown to, whether it is pinned, and who looks after it. Nothing to change makes no revision.
 * @throws AppError `already_exists` for a prefix in use, `conflict` when a stored credential would go to another
 *   origin: sealed values are write-only, and pointing the URL at a host of one's own would read them
 */
export async function updateServer(
  change: Change,
  workspace: WorkspaceRef,
  slug: string,
  body: z.output<typeof serverUpdate>,
): Promise<ServerRow> {
  const row = await selectServer(change.tx, workspace.id, slug);
  const before = configOf(row);
  const { note, limits, replayGuard, visibility, pinning, maintainer, sensitivity, labels, ...rest } = body;
  const after: ServerConfig = {
    ...withPatch(before, rest),
    limits: checked(withPatch(before.limits, limits)),
    replayGuard: withPatch(before.replayGuard, replayGuard),
  };
  if (before.credential !== null && new URL(before.url).origin !== new URL(after.url).origin) {
    throw conflict(
      `The credential of '${slug}' belongs to ${new URL(before.url).origin}. Clear it first (mcpnest server credential clear ${slug}), change the URL, then set it again.`,
    );
  }
  const changed = await reconfigure(change, row, after, note);
  const shown = visibility === undefined ? changed : await setVisibility(change, workspace, changed, visibility);
  const pinned = pinning === undefined ? shown : await setPinning(change, workspace, shown, pinning);
  return setCustody(change, workspace, pinned, { maintainer, sensitivity, labels });
}

/** Replace the whole configuration of a server by another, as a new revision. */
export async function reconfigure(
  change: Change,
  row: ServerRow,
  after: ServerConfig,
  note: string | undefined,
  detail: Record<string, unknown> = {},
): Promise<ServerRow> {
  const before = configOf(row);
  if (JSON.stringify(before) === JSON.stringify(after)) return row;
  if (before.url !== after.url || JSON.stringify(before.credential) !== JSON.stringify(after.credential))
    await refuseHosted(
      change.tx,
      row,
      'How it is reached follows from its instance; what it is to know it was deployed with (mcpnest hosted deploy --env).',
    );
  if (after.prefix !== before.prefix) {
    const others = await selectServers(change.tx, row.workspace_id);
    refuseTakenPrefix(
      others.filter((other) => other.id !== row.id),
      after.prefix,
    );
  }
  const next = { ...columns(after), revision: row.revision + 1, updated_at: change.at };
  await change.tx.updateTable('gateway_workspace_servers').set(next).where('id', '=', row.id).execute();
  await writeRevision(change, { ...row, ...next }, after, note);
  await change.record({
    workspaceId: row.workspace_id,
    target: `server:${row.slug}`,
    detail: { revision: next.revision, ...changes(before, after), ...detail },
    publish: 'workspace',
  });
  return { ...row, ...next };
}

/** Use the configuration of an earlier revision again, credential included, as a new revision. */
export async function rollbackServer(
  change: Change,
  workspace: WorkspaceRef,
  slug: string,
  body: z.output<typeof serverRollback>,
): Promise<ServerRow> {
  const row = await selectServer(change.tx, workspace.id, slug);
  const config = readConfig(await selectRevision(change.tx, row, body.revision));
  const note = body.note ?? `Rollback to revision ${body.revision}`;
  return reconfigure(change, row, config, note, { rolledBackTo: body.revision });
}

/** Put a server at a place in the order, from 1; beyond the end means last. @returns all servers in the new order */
export async function moveServer(
  change: Change,
  workspace: WorkspaceRef,
  slug: string,
  position: number,
): Promise<ServerRow[]> {
  const row = await selectServer(change.tx, workspace.id, slug);
  const others = (await selectServers(change.tx, workspace.id)).filter((other) => other.id !== row.id);
  const place = Math.min(position, others.length + 1);
  const ordered = [...others.slice(0, place - 1), row, ...others.slice(place - 1)];
  if (row.position !== place) {
    await writeOrder(change.tx, ordered);
    await change.record({
      workspaceId: workspace.id,
      target: `server:${slug}`,
      detail: { before: { position: row.position }, after: { position: place } },
      publish: 'workspace',
    });
  }
  return ordered.map((server, index) => ({ ...server, position: index + 1 }));
}

/** Remove a server with its manifest and erase every credential it ever had. Its history stays, its slug is free again. */
export async function removeServer(change: Change, workspace: WorkspaceRef, slug: string): Promise<void> {
  const row = await selectServer(change.tx, workspace.id, slug);
  await refuseHosted(change.tx, row, 'End the instance: mcpnest hosted terminate');
  await change.tx
    .updateTable('gateway_workspace_servers')
    .set({
      removed_at: change.at,
      updated_at: change.at,
      enabled: 0,
      config_override: writeCredential(null),
      owner_team_id: null,
    })
    .where('id', '=', row.id)
    .execute();
  await eraseRevisionCredentials(change, row.id);
  await change.tx.deleteFrom('tool_classes').where('server_id', '=', row.id).execute();
  await deleteManifestOf(change, row.id);
  await forgetPins(change, row.id);
  await writeOrder(change.tx, await selectServers(change.tx, workspace.id));
  await change.record({
    workspaceId: workspace.id,
    target: `server:${slug}`,
    detail: { before: auditable(configOf(row)) },
    publish: 'workspace',
  });
}

async function eraseRevisionCredentials(change: Change, serverId: string): Promise<void> {
  const revisions = await change.tx
    .selectFrom('server_revisions')
    .select(['revision', 'config'])
    .where('server_id', '=', serverId)
    .execute();
  for (const { revision, config } of revisions) {
    await change.tx
      .updateTable('server_revisions')
      .set({ config: JSON.stringify({ ...readConfig(config), credential: null }) })
      .where('server_id', '=', serverId)
      .where('revision', '=', revision)
      .execute();
  }
}

/** Whether a server is pinned by a decision of its own: one that is added now would not be. */
export const isPinnedByChoice = async (change: Change, workspace: WorkspaceRef, row: ServerRow): Promise<boolean> =>
  row.pinning === 'on' && (await pinningAtFirst(change, workspace)) === 'off';

/** In a strict workspace a server that is added starts with nothing approved. Those it has stay as they are. */
async function pinningAtFirst(change: Change, workspace: WorkspaceRef): Promise<ServerRow['pinning']> {
  const { settings } = await change.tx
    .selectFrom('gateway_workspaces')
    .select('settings')
    .where('id', '=', workspace.id)
    .executeTakeFirstOrThrow();
  return readSettings(settings).access.preset === 'strict' ? 'on' : 'off';
}

async function writeRevision(
  change: Change,
  row: ServerRow,
  config: ServerConfig,
  note: string | undefined,
): Promise<void> {
  await change.tx
    .insertInto('server_revisions')
    .values({
      server_id: row.id,
      revision: row.revision,
      config: JSON.stringify(config),
      author: change.actorName,
      note: note ?? '',
      created_at: change.at,
    })
    .execute();
}

function refuseTakenPrefix(others: readonly ServerRow[], prefix: string | null): void {
  const holder = prefix === null ? undefined : others.find((other) => other.prefix === prefix);
  if (holder === undefined) return;
  throw new AppError(
    'already_exists',
    `The prefix '${prefix}' belongs to the server '${holder.slug}'. Choose another.`,
  );
}

/** @throws AppError `invalid_input` for limits that contradict each other */
function checked(limits: ServerLimits): ServerLimits {
  const { deadlineMs, progressDeadlineMs } = limits;
  if (progressDeadlineMs >= deadlineMs) return limits;
  throw invalidInput(
    `progressDeadlineMs (${progressDeadlineMs}) must be at least deadlineMs (${deadlineMs}). Set both, or a shorter deadlineMs.`,
  );
}

export { custodyOf } from './custody.ts';
export { listedTools, pauses, toolNames } from './listed-tools.ts';
export { ownersOf, setOwner } from './owner.ts';
export { findServer, selectOpened, selectServer, type ServerRow } from './queries.ts';
export { classifyTools, toolsOf, type KnownTool } from './tools.ts';
export { addressWarnings, serverHealth } from './view.ts';
export { announceServers } from './announced.ts';
export { serversShownTo, visibilityNames, visibleServers } from './visibility.ts';

/** The configuration of a server as it is now. */
export const configOf = (row: ServerRow): ServerConfig => ({
  name: row.name,
  url: row.url,
  prefix: row.prefix,
  enabled: row.enabled === 1,
  limits: readLimits(row.limits),
  replayGuard: readReplayGuard(row.replay_guard),
  credential: readCredential(row.config_override),
});

const columns = (
  config: ServerConfig,
): Pick<ServerRow, 'name' | 'url' | 'prefix' | 'enabled' | 'limits' | 'replay_guard' | 'config_override'> => ({
  name: config.name,
  url: config.url,
  prefix: config.prefix,
  enabled: config.enabled ? 1 : 0,
  limits: JSON.stringify(config.limits),
  replay_guard: JSON.stringify(config.replayGuard),
  config_override: writeCredential(config.credential),
});

/** A configuration as an auditor may read it. The query of a URL may carry a key, so it stays out. */
function auditable({ credential, url, ...config }: ServerConfig): Record<string, unknown> {
  const { origin, pathname, search } = new URL(url);
  return {
    ...config,
    url: origin + pathname + (search === '' ? '' : '?…'),
    credentialHeaders: credential?.headers.map((header) => header.name) ?? [],
  };
}

function changes(before: ServerConfig, after: ServerConfig): { before: object; after: object } {
  const [old, now] = [auditable(before), auditable(after)];
  const differs = (key: string): boolean => JSON.stringify(old[key]) !== JSON.stringify(now[key]);
  const pick = (from: Record<string, unknown>): object =>
    Object.fromEntries(Object.entries(from).filter(([key]) => differs(key)));
  return { before: pick(old), after: pick(now) };
}
