import { setImmediate as turn } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import type { PolicyCall } from '../../domain/policy.ts';
import { kindsOf } from '../../domain/policy/replay.ts';
import type { Schema } from '../../platform/database/schema.ts';

/** Recorded calls that were the same: one token, one method, one thing. */
export interface PastCall {
  readonly tokenId: string;
  readonly method: string;
  readonly call: PolicyCall;
  calls: number;
  readonly lastAt: string;
}

export interface PastCalls {
  readonly groups: readonly PastCall[];
  /** Calls they stand for. */
  readonly calls: number;
  /** False: there were more than are looked at; the newest were. */
  readonly complete: boolean;
}

const pageRows = 1_000;
const mostRows = 200_000;
const mostGroups = 20_000;

/**
 * What was asked of servers in a span of time, newest first, however it ended. Read page by page, with room for others
 * between, so that a long past holds up nobody.
 * @param from stored time, not before it
 */
export async function readPastCalls(db: Kysely<Schema>, workspaceId: string, from: string): Promise<PastCalls> {
  const groups = new Map<string, PastCall>();
  let place: { readonly at: string; readonly id: string } | undefined;
  let calls = 0;
  for (let read = 0; read < mostRows && groups.size < mostGroups; read += pageRows) {
    const rows = await readPage(db, workspaceId, from, place);
    for (const row of rows) {
      calls += row.repeat_count;
      const key = JSON.stringify([row.token_id, row.method, row.server_slug, row.tool_name]);
      const known = groups.get(key);
      if (known !== undefined) known.calls += row.repeat_count;
      else {
        const [kind] = kindsOf(row.method, row.tool_name);
        // What would be decided of the tool as it is approved: a draft of rules says nothing of definitions.
        const call = { serverSlug: row.server_slug!, kind, name: row.tool_name, definition: undefined };
        groups.set(key, {
          tokenId: row.token_id,
          method: row.method,
          call,
          calls: row.repeat_count,
          lastAt: row.created_at,
        });
      }
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageRows) return { groups: [...groups.values()], calls, complete: true };
    place = { at: last.created_at, id: last.id };
    await turn();
  }
  return { groups: [...groups.values()], calls, complete: false };
}

function readPage(
  db: Kysely<Schema>,
  workspaceId: string,
  from: string,
  place: { readonly at: string; readonly id: string } | undefined,
) {
  let rows = db
    .selectFrom('mcp_tool_calls')
    .select(['id', 'created_at', 'token_id', 'method', 'server_slug', 'tool_name', 'repeat_count'])
    .where('workspace_id', '=', workspaceId)
    .where('created_at', '>=', from)
    .where('server_slug', 'is not', null)
    // Refused for its form or for a name that means nothing: there was nothing to judge.
    .where((row) =>
      row.or([
        row('rule', 'is', null),
        row('rule', 'not in', ['protocol', 'unknown-tool', 'unknown-prompt', 'unknown-resource']),
      ]),
    );
  if (place !== undefined) {
    const { at, id } = place;
    rows = rows.where((row) =>
      row.or([row('created_at', '<', at), row.and([row('created_at', '=', at), row('id', '<', id)])]),
    );
  }
  return rows.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(pageRows).execute();
}
