import { manifestDocument, type ManifestDocument } from '@mcpnest/contract/schemas/manifests';
import type { Kysely, Selectable } from 'kysely';
import type { Schema } from '../../platform/database/schema.ts';
import type { Change } from '../change.ts';

/** A manifest with its newest revision. */
export type ManifestRow = Selectable<Schema['manifests']> &
  Pick<RevisionRow, 'state' | 'document' | 'author' | 'answer'> & { readonly owner: string };
export type RevisionRow = Selectable<Schema['manifest_revisions']>;

/** Revisions of one manifest that are kept; the one in effect stays however old it is. */
const mostRevisions = 100;

/** The manifests of a workspace. */
export const selectManifests = (db: Kysely<Schema>, workspaceId: string) =>
  db
    .selectFrom('manifests')
    .innerJoin('teams', 'teams.id', 'manifests.owner_team_id')
    .innerJoin('manifest_revisions as newest', (join) =>
      join.onRef('newest.manifest_id', '=', 'manifests.id').onRef('newest.revision', '=', 'manifests.revision'),
    )
    .selectAll('manifests')
    .select(['teams.slug as owner', 'newest.state', 'newest.document', 'newest.author', 'newest.answer'])
    .where('manifests.workspace_id', '=', workspaceId);

export const findManifest = (db: Kysely<Schema>, workspaceId: string, name: string): Promise<ManifestRow | undefined> =>
  selectManifests(db, workspaceId).where('manifests.name', '=', name).executeTakeFirst();

/** What the manifest of a name says that is in effect; undefined: none is. */
export async function activeDocument(
  db: Kysely<Schema>,
  workspaceId: string,
  name: string,
): Promise<ManifestDocument | undefined> {
  const row = await db
    .selectFrom('manifests')
    .innerJoin('manifest_revisions as active', (join) =>
      join.onRef('active.manifest_id', '=', 'manifests.id').onRef('active.revision', '=', 'manifests.active_revision'),
    )
    .select('active.document')
    .where('manifests.workspace_id', '=', workspaceId)
    .where('manifests.name', '=', name)
    .executeTakeFirst();
  return row === undefined ? undefined : readManifest(row.document);
}

/** Every revision that is kept, newest first. */
export const selectRevisions = (db: Kysely<Schema>, manifestId: string): Promise<RevisionRow[]> =>
  db
    .selectFrom('manifest_revisions')
    .selectAll()
    .where('manifest_id', '=', manifestId)
    .orderBy('revision', 'desc')
    .execute();

/** Read `manifest_revisions.document`, whichever release wrote it. */
export const readManifest = (text: string): ManifestDocument => manifestDocument.parse(JSON.parse(text));

/** Write a revision as the newest. The one it overtakes while waiting, or that it takes effect in place of, is replaced. */
export async function writeRevision(change: Change, row: RevisionRow): Promise<void> {
  const overtaken = row.state === 'active' ? (['waiting', 'active'] as const) : (['waiting'] as const);
  await change.tx
    .updateTable('manifest_revisions')
    .set({ state: 'replaced' })
    .where('manifest_id', '=', row.manifest_id)
    .where('state', 'in', overtaken)
    .execute();
  await change.tx.insertInto('manifest_revisions').values(row).execute();
  await change.tx
    .deleteFrom('manifest_revisions')
    .where('manifest_id', '=', row.manifest_id)
    .where('revision', '<=', row.revision - mostRevisions)
    .where('state', '!=', 'active')
    .execute();
}
