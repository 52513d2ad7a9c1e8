import type { ToolClass } from '@mcpnest/contract/rule-form';
import { newId } from '../../domain/ids.ts';
import type { Change } from '../change.ts';
import type { WorkspaceRef } from '../operation.ts';
import { writeCredential } from '../stored.ts';
import type { ServerRow } from './queries.ts';
import { createServer } from './servers.ts';

export interface HostedServer {
  readonly name: string;
  readonly slug: string;
  readonly url: string;
  /** The one member who may know of it; null: the workspace. */
  readonly memberId: string | null;
  /** The sealed Authorization header for a server of this id. */
  readonly seal: (serverId: string) => string;
  /** What its tools do, as reviewed, by the server's own names. */
  readonly toolClasses: readonly (readonly [tool: string, toolClass: ToolClass])[];
}

/** Add the server that stands for a hosted instance, with the credential of its bridge. @throws AppError `already_exists` */
export async function createHostedServer(
  change: Change,
  workspace: WorkspaceRef,
  hosted: HostedServer,
): Promise<ServerRow> {
  const { name, slug, url } = hosted;
  const row = await createServer(change, workspace, { name, slug, url, enabled: true });
  const headers = [{ name: 'authorization', sealed: hosted.seal(row.id) }];
  const set = {
    config_override: writeCredential({ id: newId(change.now), headers }),
    visibility: hosted.memberId === null ? null : JSON.stringify([{ kind: 'member', id: hosted.memberId }]),
  };
  await change.tx.updateTable('gateway_workspace_servers').set(set).where('id', '=', row.id).execute();
  for (const [tool, toolClass] of hosted.toolClasses) {
    await change.tx
      .insertInto('tool_classes')
      .values({ server_id: row.id, tool, class: toolClass, set_by: change.actorName, set_at: change.at })
      .execute();
  }
  return { ...row, ...set };
}
