import type { Change } from '../change.ts';
import type { WorkspaceRef } from '../operation.ts';
import { removeServer } from '../servers/servers.ts';
import { recordManifest } from './manifests.ts';
import { requireManifest } from './rights.ts';

/** Take a manifest back, with its server where it has one; also one that waits. @throws AppError `not_found` */
export async function removeManifest(change: Change, workspace: WorkspaceRef, name: string): Promise<void> {
  const row = await requireManifest(change.tx, workspace, change.actor, name);
  if (row.server_id !== null) await removeServer(change, workspace, name);
  await change.tx.deleteFrom('manifest_revisions').where('manifest_id', '=', row.id).execute();
  await change.tx.deleteFrom('manifests').where('id', '=', row.id).execute();
  await recordManifest(change, row, { revision: row.revision, owner: row.owner }, 'nothing');
}
