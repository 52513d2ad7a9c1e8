import type { Connection } from '@mcpnest/contract/schemas/connections';
import type { Kysely } from 'kysely';
import type { Actor } from '../../domain/roles.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { WorkspaceRef } from '../operation.ts';
import { visibleServers } from '../servers/servers.ts';
import { listTokens } from '../tokens/tokens.ts';

const mostShown = 500;

/** The clients of the tokens an actor may see that still live, those heard of last first. */
export async function listConnections(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  actor: Actor,
): Promise<Connection[]> {
  const tokens = new Map(
    (await listTokens(db, workspace, actor))
      .filter(({ revokedAt }) => revokedAt === null)
      .map((token) => [token.id, token]),
  );
  const slugs = new Map((await visibleServers(db, workspace, actor)).map(({ id, slug }) => [id, slug]));
  const rows = await db
    .selectFrom('client_connections')
    .selectAll()
    .where('workspace_id', '=', workspace.id)
    .orderBy('last_at', 'desc')
    .orderBy('id', 'desc')
    .execute();
  /** Calls are noted by token alone; they are taken to be of the client heard of last. */
  const newest = new Set<string>();
  const items: Connection[] = [];
  for (const row of rows) {
    const token = tokens.get(row.token_id);
    const slug = row.server_id === '' ? null : slugs.get(row.server_id);
    if (token === undefined || slug === undefined || items.length === mostShown) continue;
    const used = newest.has(token.id) ? null : token.lastUsedAt;
    newest.add(token.id);
    items.push({
      ...{ client: row.client, version: row.version, era: row.era as Connection['era'], revision: row.revision },
      ...{ server: slug, tokenId: token.id, tokenLabel: token.label },
      ...{ kind: token.kind, memberId: token.memberId, machineId: token.machineId, since: row.first_at },
      lastRequestAt: used !== null && used > row.last_at ? used : row.last_at,
      ...{ toolsReadAt: row.listed_at, staleSince: row.stale_since },
    });
  }
  return items;
}
