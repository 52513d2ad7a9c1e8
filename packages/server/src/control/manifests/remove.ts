import { forbidden } from '../../domain/errors.ts';
import { isApprovedByChoice } from '../approvals/approvals.ts';
import type { Change } from '../change.ts';
import { administers } from '../membership.ts';
import type { WorkspaceRef } from '../operation.ts';
import { isPinnedByChoice, removeServer, selectServer, type ServerRow } from '../servers/servers.ts';
import { isServerStopped } from '../stops/stops.ts';
import { readDirectory } from '../subjects.ts';
import { isRuledByClass, whatItLoosens } from './loosening.ts';
import { recordManifest } from './manifests.ts';
import { activeDocument } from './queries.ts';
import { requireManifest } from './rights.ts';

/**
 * Take a manifest back, with its server where it has one; also one that waits.
 * @throws AppError `not_found`; `forbidden` for a member while the server is under what administrators have decided
 */
export async function removeManifest(change: Change, workspace: WorkspaceRef, name: string): Promise<void> {
  const row = await requireManifest(change.tx, workspace, change.actor, name);
  if (row.server_id !== null) {
    if (!administers(change.actor)) await refuseShakingOff(change, workspace, name);
    await removeServer(change, workspace, name);
  }
  await change.tx.deleteFrom('manifest_revisions').where('manifest_id', '=', row.id).execute();
  await change.tx.deleteFrom('manifests').where('id', '=', row.id).execute();
  await recordManifest(change, row, { revision: row.revision, owner: row.owner }, 'nothing');
}

/** Whether publishing what is in effect anew would take something away. */
async function isTightened(change: Change, workspace: WorkspaceRef, server: ServerRow): Promise<boolean> {
  const active = await activeDocument(change.tx, workspace.id, server.slug);
  if (active === undefined) return false;
  const directory = await readDirectory(change.tx, workspace);
  return (await whatItLoosens(change.tx, workspace, directory, server, active)).length > 0;
}

/** What hangs on the server itself ends with it, and its team may publish the same one again, free of all that. */
async function refuseShakingOff(change: Change, workspace: WorkspaceRef, name: string): Promise<void> {
  const server = await selectServer(change.tx, workspace.id, name);
  const held = [
    ...((await isServerStopped(change, workspace, server.id)) ? ['it is stopped'] : []),
    ...((await isApprovedByChoice(change.tx, server.id)) ? ['calls of it need an approval'] : []),
    ...((await isPinnedByChoice(change, workspace, server)) ? ['it is pinned'] : []),
    ...((await isRuledByClass(change.tx, workspace, name)) ? ['rules name classes of its tools'] : []),
    ...((await isTightened(change, workspace, server)) ? ['it is held closer than its manifest says'] : []),
  ];
  if (held.length === 0) return;
  throw forbidden(`An administrator has decided about '${name}': ${held.join(', ')}. Ask one to take it back.`);
}
