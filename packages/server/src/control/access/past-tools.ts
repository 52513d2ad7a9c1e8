import type { Kysely } from 'kysely';
import { parseRuleObject } from '../../domain/policy/rule-object.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { listedTools } from '../servers/servers.ts';

/** A tool there was at a moment. */
export interface PastTool {
  readonly name: string;
  /** Of its definition then; undefined where that is not known. */
  readonly hash: string | undefined;
  readonly known: 'listed' | 'names';
}

/**
 * The tools of each server of a snapshot at a moment, by server id. Of lists only the newest is kept: where that is
 * older than the moment, it is what was known then; otherwise there are the names that had been handed out by then, and
 * those the policy had.
 * @param at stored time
 */
export async function toolsAt(
  db: Kysely<Schema>,
  snapshot: Snapshot,
  at: string,
): Promise<ReadonlyMap<string, readonly PastTool[]>> {
  const ids = snapshot.servers.map(({ id }) => id);
  if (ids.length === 0) return new Map();
  const fresh = await db
    .selectFrom('upstream_lists')
    .select('server_id')
    .where('server_id', 'in', ids)
    .where('kind', '=', 'tools')
    .where('fetched_at', '<=', at)
    .execute();
  const lists = await listedTools(
    db,
    fresh.map((row) => row.server_id),
  );
  const handedOut = await db
    .selectFrom('handed_out_names')
    .select(['server_id', 'own'])
    .where('workspace_id', '=', snapshot.workspace.id)
    .where('kind', '=', 'tools')
    .where('created_at', '<=', at)
    .execute();
  const names = Map.groupBy(handedOut, (row) => row.server_id);
  return new Map(
    snapshot.servers.map((server) => {
      const listed = lists.get(server.id);
      const tools =
        listed === undefined
          ? [...new Set([...(names.get(server.id) ?? []).map(({ own }) => own), ...namedBy(snapshot, server)])].map(
              (name): PastTool => ({ name, hash: undefined, known: 'names' }),
            )
          : [...listed].map(([name, { hash }]): PastTool => ({ name, hash, known: 'listed' }));
      return [server.id, tools.sort((a, b) => (a.name < b.name ? -1 : 1))] as const;
    }),
  );
}

/** Tools of a server that the policy names one by one. */
function namedBy(snapshot: Snapshot, server: Snapshot['servers'][number]): string[] {
  const objects = [
    ...(snapshot.rules ?? []).map(({ object }) => object),
    ...(server.approvals ?? []).map(({ target }) => `${server.slug}:${target}`),
  ];
  const exact = objects.flatMap((text) => {
    const object = parseRuleObject(text);
    if (object?.server !== server.slug || object.target.kind !== 'tools') return [];
    return object.target.pattern.includes('*') ? [] : [object.target.pattern];
  });
  return [...exact, ...(server.toolClasses ?? []).map(([tool]) => tool), ...(server.pins ?? []).map(([tool]) => tool)];
}
