import type { ManifestDocument, ManifestEvidence } from '@mcpnest/contract/schemas/manifests';
import { AppError, conflict, invalidInput } from '../../domain/errors.ts';
import { newId } from '../../domain/ids.ts';
import { nameOf } from '../actor-emails.ts';
import { announce } from '../announce.ts';
import type { Change } from '../change.ts';
import { administers } from '../membership.ts';
import type { WorkspaceRef } from '../operation.ts';
import { findServer } from '../servers/servers.ts';
import { takeEffect } from './effect.ts';
import { gatherEvidence, settle, type Settled } from './evidence.ts';
import { findManifest, readManifest, writeRevision, type ManifestRow } from './queries.ts';
import { requirePublisher, type Publisher } from './rights.ts';

/** Manifests of one team. */
const mostOfTeam = 100;

export interface Published {
  readonly outcome: 'created' | 'updated' | 'unchanged' | 'waiting';
  readonly evidence: ManifestEvidence;
  /** Undefined: a dry run of one that does not exist yet. */
  readonly row: ManifestRow | undefined;
}

/**
 * Publish a manifest: it takes effect, or waits for an administrator where its team may not publish by itself or where it
 * would loosen what holds now or take over what an administrator has set by hand. What changes nothing takes effect
 * without anybody.
 * @param dryRun only say what would come of it; the errors are the same
 * @throws AppError `forbidden`, `invalid_input` with the place of what is wrong, `already_exists` for a name in use,
 *   `conflict` for a server that has a credential and would move to another origin, and for too many
 */
export async function putManifest(
  change: Change,
  workspace: WorkspaceRef,
  name: string,
  sent: ManifestDocument,
  dryRun: boolean,
): Promise<Published> {
  if (sent.name !== name) {
    throw invalidInput(`The manifest is of '${sent.name}', the path of '${name}'.`, [
      { path: 'body.name', message: `must be '${name}', as in the path` },
    ]);
  }
  const publisher = await requirePublisher(change, workspace, sent.owner);
  const before = await findManifest(change.tx, workspace.id, name);
  const serverId = await ownServer(change, workspace, name, before, publisher);
  const settled = await settle(change.tx, workspace, change.actor, sent);
  if (settled.unknown.length > 0) throw obstructed('invalid_input', settled.unknown, 'body.');
  const { document } = settled;
  const evidence = await gatherEvidence(change.tx, workspace, change.actor, settled, serverId);
  const same = before !== undefined && JSON.stringify(readManifest(before.document)) === JSON.stringify(document);
  const loosens = evidence.loosens.length > 0 && !administers(change.actor);
  const nothingChanges =
    before?.server_id === serverId && serverId !== null && evidence.changes.length === 0 && !loosens;
  if (same && before.state === 'active' && nothingChanges) return { outcome: 'unchanged', evidence, row: before };
  const direct = (publisher.direct && !loosens) || nothingChanges;
  if (!direct && same && before.state === 'waiting') return { outcome: 'waiting', evidence, row: before };
  if (direct && evidence.obstacles.length > 0) throw obstructed('invalid_input', evidence.obstacles, 'body.');
  if (before === undefined) await refuseTooMany(change, publisher);
  const outcome = !direct ? 'waiting' : serverId === null ? 'created' : 'updated';
  if (dryRun) return { outcome, evidence, row: before };
  await write(change, workspace, { before, publisher, document, serverId, direct, evidence });
  return { outcome, evidence, row: await findManifest(change.tx, workspace.id, name) };
}

/**
 * Let a waiting manifest take effect.
 * @param revision that was looked at
 * @throws AppError `conflict` when that one does not wait (any more), or cannot take effect yet
 */
export async function approveManifest(
  change: Change,
  workspace: WorkspaceRef,
  row: ManifestRow,
  revision: number,
): Promise<void> {
  requireWaiting(row, revision);
  const settled: Settled = await settle(change.tx, workspace, change.actor, readManifest(row.document));
  const { obstacles, changes } = await gatherEvidence(change.tx, workspace, change.actor, settled, row.server_id);
  if (obstacles.length > 0) throw obstructed('conflict', obstacles, 'document.');
  const serverId = await takeEffect(change, workspace, settled.document, {
    teamId: row.owner_team_id,
    serverId: row.server_id,
    note: `Manifest revision ${revision}`,
  });
  const decided = { state: 'active', decided_at: change.at, decided_by: change.actorName } as const;
  await decide(change, row, decided, { server_id: serverId, active_revision: revision });
  await recordManifest(change, row, { revision, changed: changes.map(({ path }) => path) }, 'workspace');
  await announceDecided(change, row, { revision, decision: 'approved' });
}

/** Refuse a waiting manifest; what was in effect before stays. @throws AppError `conflict` */
export async function refuseManifest(
  change: Change,
  row: ManifestRow,
  { revision, reason }: { readonly revision: number; readonly reason: string },
): Promise<void> {
  requireWaiting(row, revision);
  const decided = { decided_at: change.at, decided_by: change.actorName };
  await decide(change, row, { state: 'refused', answer: reason, ...decided }, {});
  await recordManifest(change, row, { revision, reason }, 'nothing');
  await announceDecided(change, row, { revision, decision: 'refused', reason });
}

/** The manifests of a team, in words: while there are any, the team cannot be deleted. */
export async function manifestsOfTeam(change: Change, teamId: string): Promise<string[]> {
  const rows = await change.tx.selectFrom('manifests').select('name').where('owner_team_id', '=', teamId).execute();
  return rows.map(({ name }) => `the manifest ${name}`).sort();
}

/** The server a manifest would change; null: it would make one. @throws AppError `already_exists` */
async function ownServer(
  change: Change,
  workspace: WorkspaceRef,
  name: string,
  before: ManifestRow | undefined,
  { team }: Publisher,
): Promise<string | null> {
  const server = await findServer(change.tx, workspace.id, name);
  const others = before === undefined ? server !== undefined : before.owner_team_id !== team.id;
  const foreign = server !== undefined && before?.server_id !== server.id;
  if ((others || foreign) && !administers(change.actor)) {
    throw new AppError(
      'already_exists',
      `The name '${name}' is taken. Choose another, or ask an administrator to hand it over to '${team.slug}'.`,
    );
  }
  return server?.id ?? null;
}

async function refuseTooMany(change: Change, { team }: Publisher): Promise<void> {
  if ((await manifestsOfTeam(change, team.id)).length < mostOfTeam) return;
  throw conflict(`The team '${team.slug}' has ${mostOfTeam} manifests already. Take one back first.`);
}

interface Writing {
  readonly before: ManifestRow | undefined;
  readonly publisher: Publisher;
  readonly document: ManifestDocument;
  readonly serverId: string | null;
  readonly direct: boolean;
  readonly evidence: ManifestEvidence;
}

async function write(
  change: Change,
  workspace: WorkspaceRef,
  { before, publisher, document, serverId, direct, evidence }: Writing,
): Promise<void> {
  const teamId = publisher.team.id;
  const revision = (before?.revision ?? 0) + 1;
  const note = `Manifest revision ${revision}`;
  const made = direct ? await takeEffect(change, workspace, document, { teamId, serverId, note }) : undefined;
  const row = {
    id: before?.id ?? newId(change.now),
    workspace_id: workspace.id,
    name: document.name,
    owner_team_id: teamId,
    server_id: made ?? before?.server_id ?? null,
    active_revision: direct ? revision : (before?.active_revision ?? null),
    revision,
    created_at: before?.created_at ?? change.at,
    updated_at: change.at,
  };
  if (before === undefined) await change.tx.insertInto('manifests').values(row).execute();
  else await change.tx.updateTable('manifests').set(row).where('id', '=', row.id).execute();
  await writeRevision(change, {
    manifest_id: row.id,
    revision,
    state: direct ? 'active' : 'waiting',
    document: JSON.stringify(document),
    author: change.actorName,
    created_at: change.at,
    decided_at: direct ? change.at : null,
    decided_by: direct ? change.actorName : null,
    answer: null,
  });
  const changed = evidence.changes.map(({ path }) => path);
  const detail = { revision, owner: document.owner, state: direct ? 'active' : 'waiting', changed };
  await recordManifest(change, row, detail, direct ? 'workspace' : 'nothing');
  if (!direct)
    await announceWaiting(change, row, { ...detail, author: await nameOf(change), loosens: evidence.loosens });
}

/** @param detail what there is to know; of what changed the places */
const announceWaiting = (
  change: Change,
  row: Pick<ManifestRow, 'workspace_id' | 'name' | 'revision'>,
  detail: Record<string, unknown>,
): Promise<void> =>
  announce(change, row.workspace_id, {
    type: 'manifest.waiting',
    data: { manifest: row.name, ...detail },
    decide: { page: `manifests/${row.name}`, command: `mcpnest manifest show ${row.name}` },
  });

async function announceDecided(change: Change, row: ManifestRow, detail: Record<string, unknown>): Promise<void> {
  const data = { manifest: row.name, owner: row.owner, ...detail, decidedBy: await nameOf(change) };
  await announce(change, row.workspace_id, { type: 'manifest.decided', data });
}

function requireWaiting(row: ManifestRow, revision: number): void {
  if (row.state !== 'waiting') throw conflict(`Nothing of '${row.name}' waits: its newest revision is ${row.state}.`);
  if (row.revision === revision) return;
  throw conflict(`Revision ${revision} does not wait any more; ${row.revision} does. Look at that one, then decide.`);
}

async function decide(
  change: Change,
  row: ManifestRow,
  decided: { readonly state: 'active' | 'refused'; readonly answer?: string; decided_at: string; decided_by: string },
  effect: { readonly server_id?: string; readonly active_revision?: number },
): Promise<void> {
  const revisions = change.tx.updateTable('manifest_revisions').where('manifest_id', '=', row.id);
  if (decided.state === 'active') await revisions.set({ state: 'replaced' }).where('state', '=', 'active').execute();
  await revisions.set(decided).where('revision', '=', row.revision).execute();
  const next = { ...effect, updated_at: change.at };
  await change.tx.updateTable('manifests').set(next).where('id', '=', row.id).execute();
}

function obstructed(
  code: 'invalid_input' | 'conflict',
  obstacles: Settled['unknown'],
  prefix: 'body.' | 'document.',
): AppError {
  const issues = obstacles.map(({ path, message }) => ({ path: prefix + path, message }));
  const said = issues.map(({ path, message }) => `${path}: ${message}`).join('; ');
  return new AppError(code, said.length > 1_000 ? `${said.slice(0, 1_000)}…` : said, { issues: issues.slice(0, 20) });
}

/** The places that changed, not what they say: an address may carry a key in its query. */
export const recordManifest = (
  change: Change,
  row: { readonly workspace_id: string; readonly name: string },
  detail: Record<string, unknown>,
  publish: 'workspace' | 'nothing',
): Promise<void> => change.record({ workspaceId: row.workspace_id, target: `manifest:${row.name}`, detail, publish });
