import type { z } from 'zod';
import { imageName, type hostedImage, type hostedImageAllow } from '@mcpnest/contract/schemas/hosted';
import type { Kysely, Selectable } from 'kysely';
import { alreadyExists, invalidInput, notFound } from '../../domain/errors.ts';
import type { CatalogueEntry } from '../../domain/hosted/entry.ts';
import { newId } from '../../domain/ids.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { Change } from '../change.ts';

type ImageRow = Selectable<Schema['mcp_allowed_images']>;

/** All images that were ever allowed, newest first. */
export const listImages = (db: Kysely<Schema>): Promise<ImageRow[]> =>
  db.selectFrom('mcp_allowed_images').selectAll().orderBy('id', 'desc').execute();

/** An image as the API shows it. */
export const viewImage = (row: ImageRow): z.output<typeof hostedImage> => ({
  id: row.id,
  image: row.image,
  digest: row.digest,
  entry: row.entry_slug,
  entry_version: row.entry_version,
  sbom: row.sbom_ref,
  allowed_by: row.allowed_by,
  created_at: row.created_at,
  revoked_at: row.revoked_at,
});

/**
 * Allow the bytes of an image for the version of its entry that this release has.
 * @throws AppError `invalid_input` where no entry has such an image, `already_exists`
 */
export async function allowImage(
  change: Change,
  catalogue: readonly CatalogueEntry[],
  body: z.output<typeof hostedImageAllow>,
): Promise<ImageRow> {
  const entry = catalogue.find(({ slug, image }) => image === body.image && (body.entry ?? slug) === slug);
  if (entry === undefined) {
    throw invalidInput('No entry of the catalogue has this image.', [
      { path: 'body.image', message: 'must be the image of a catalogue entry: mcpnest hosted catalogue' },
    ]);
  }
  const { image, digest } = body;
  const known = await openImages(change.tx, entry).where('digest', '=', digest).executeTakeFirst();
  if (known !== undefined) throw alreadyExists('allowed image', `${image}@${digest}`);
  const row: ImageRow = {
    ...{ id: newId(change.now), image, digest, entry_slug: entry.slug, entry_version: entry.version },
    sbom_ref: body.sbom ?? null,
    allowed_by: change.actorName,
    created_at: change.at,
    revoked_at: null,
  };
  await change.tx.insertInto('mcp_allowed_images').values(row).execute();
  const detail = { digest, entry: entry.slug, version: entry.version, sbom: row.sbom_ref };
  await change.record({ workspaceId: null, target: `image:${image}`, detail, publish: 'nothing' });
  return row;
}

/** Let an image run no longer; what runs from it is stopped by the orchestrator. @throws AppError `not_found` */
export async function revokeImage(change: Change, id: string): Promise<void> {
  const row = await change.tx
    .selectFrom('mcp_allowed_images')
    .selectAll()
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  if (row === undefined) throw notFound('allowed image', id);
  await change.tx.updateTable('mcp_allowed_images').set({ revoked_at: change.at }).where('id', '=', id).execute();
  const detail = { digest: row.digest, entry: row.entry_slug, version: row.entry_version };
  await change.record({ workspaceId: null, target: `image:${row.image}`, detail, publish: 'nothing' });
}

/**
 * The newest image an entry may run from: the list first, then the form of its name, so that a row that was put there
 * some other way names no other place.
 */
export async function findAllowedImage(db: Kysely<Schema>, entry: CatalogueEntry): Promise<ImageRow | undefined> {
  const row = await openImages(db, entry).orderBy('id', 'desc').executeTakeFirst();
  return row === undefined || !imageName.safeParse(row.image).success ? undefined : row;
}

const openImages = (db: Kysely<Schema>, { slug, version, image }: CatalogueEntry) =>
  db
    .selectFrom('mcp_allowed_images')
    .selectAll()
    .where('image', '=', image)
    .where('entry_slug', '=', slug)
    .where('entry_version', '=', version)
    .where('revoked_at', 'is', null);
