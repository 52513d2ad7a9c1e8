import type { Manifest, ManifestDetail, ManifestRevision } from '@mcpnest/contract/schemas/manifests';
import type { Kysely } from 'kysely';
import { differences } from '../../domain/manifest.ts';
import type { Actor } from '../../domain/roles.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { WorkspaceRef } from '../operation.ts';
import { emailsOf } from '../actor-emails.ts';
import { gatherEvidence, settle } from './evidence.ts';
import { readManifest, type ManifestRow, type RevisionRow } from './queries.ts';

/** Where manifests are shown: `publicUrl` is where clients reach the gateway, without a trailing slash. */
export interface Place {
  readonly db: Kysely<Schema>;
  readonly workspace: WorkspaceRef;
  readonly publicUrl: string;
}

/** Manifests as the API shows them. */
export async function viewManifests(
  { db, workspace, publicUrl }: Place,
  rows: readonly ManifestRow[],
): Promise<Manifest[]> {
  const emails = await emailsOf(
    db,
    rows.map((row) => row.author),
  );
  return rows.map((row): Manifest => ({
    id: row.id,
    name: row.name,
    owner: row.owner,
    state: row.state,
    revision: row.revision,
    activeRevision: row.active_revision,
    author: emails.get(row.author) ?? row.author,
    answer: row.answer,
    document: readManifest(row.document),
    serverUrl: row.server_id === null ? null : `${publicUrl}/api/gw/${workspace.slug}/${row.name}`,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }));
}

/** One of them. */
export const viewManifest = async (place: Place, row: ManifestRow): Promise<Manifest> =>
  (await viewManifests(place, [row]))[0]!;

/** The same with the evidence of one that waits. */
export async function viewDetail(place: Place, actor: Actor, row: ManifestRow): Promise<ManifestDetail> {
  const { db, workspace } = place;
  const shown = await viewManifest(place, row);
  if (row.state !== 'waiting') return { ...shown, evidence: null };
  const settled = await settle(db, workspace, actor, readManifest(row.document));
  return { ...shown, evidence: await gatherEvidence(db, workspace, actor, settled, row.server_id) };
}

/** Revisions, newest first, each with what it changed. */
export async function viewRevisions(db: Kysely<Schema>, rows: readonly RevisionRow[]): Promise<ManifestRevision[]> {
  const emails = await emailsOf(
    db,
    rows.flatMap((row) => [row.author, row.decided_by ?? row.author]),
  );
  const shown = (actor: string): string => emails.get(actor) ?? actor;
  return rows.map((row, index) => {
    const document = readManifest(row.document);
    const older = rows[index + 1];
    return {
      revision: row.revision,
      state: row.state,
      author: shown(row.author),
      createdAt: row.created_at,
      decidedBy: row.decided_by === null ? null : shown(row.decided_by),
      decidedAt: row.decided_at,
      answer: row.answer,
      document,
      changes: differences(older === undefined ? undefined : readManifest(older.document), document),
    };
  });
}
