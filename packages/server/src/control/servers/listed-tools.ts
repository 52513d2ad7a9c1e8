import { setImmediate as turn } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import { lookAlikes, type NamedTool } from '../../domain/definitions/look-alike.ts';
import { canonicalDefinition, definitionHash, scanDefinition } from '../../platform/definition-identity.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { member, sourceText, stringValue } from '../../platform/json/scan.ts';
import { paramHeaders } from '../../platform/param-headers.ts';

/** A tool as its server lists it now. */
export interface ListedTool {
  /** Canonical text without `_meta`. */
  readonly definition: string;
  readonly hash: string;
  /** Bytes of the definition as it came, with the comma that follows it in a list. */
  readonly bytes: number;
}

/**
 * The tools of servers as they were last listed, by server and name: those the gateway would offer, read as it reads
 * them.
 */
export async function listedTools(
  db: Kysely<Schema>,
  serverIds: readonly string[],
): Promise<Map<string, ReadonlyMap<string, ListedTool>>> {
  const bodies = await readBodies(db, serverIds);
  const lists = new Map<string, ReadonlyMap<string, ListedTool>>();
  for (const id of serverIds) lists.set(id, await readTools(bodies.get(id)));
  return lists;
}

async function readBodies(db: Kysely<Schema>, serverIds: readonly string[]): Promise<Map<string, string>> {
  if (serverIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('upstream_lists')
    .select(['server_id', 'body'])
    .where('server_id', 'in', serverIds)
    .where('kind', '=', 'tools')
    .execute();
  return new Map(rows.map((row) => [row.server_id, row.body]));
}

async function readTools(body: string | undefined): Promise<Map<string, ListedTool>> {
  const tools = new Map<string, ListedTool>();
  const pause = pauses();
  for (const text of textsOf(body)) {
    await pause(text.length);
    const bytes = Buffer.from(text);
    const root = scanDefinition(bytes);
    const name = stringValue(bytes, member(root, 'name'));
    if (root === undefined || name === undefined || name === '' || tools.has(name)) continue;
    const schema = member(root, 'inputSchema');
    if (paramHeaders(schema === undefined ? undefined : JSON.parse(sourceText(bytes, schema))) === undefined) continue;
    const definition = canonicalDefinition(bytes, root);
    tools.set(name, { definition, hash: definitionHash(definition), bytes: bytes.length + 1 });
  }
  return tools;
}

const textsOf = (body: string | undefined): readonly string[] => (JSON.parse(body ?? '[]') as string[] | null) ?? [];

/** Characters that are read in one go: calls share the process with us, and lists may be long. */
const stretch = 128 * 1024;

/** @returns a function to be told of every text before it is read; now and then it lets others have their turn */
export function pauses(): (length: number) => Promise<void> | undefined {
  let read = 0;
  return (length) => {
    read += length;
    if (read < stretch) return undefined;
    read = 0;
    return turn();
  };
}

/** The names of a workspace's tools that look like another one's, each with those it looks like. */
export async function lookAlikesIn(
  db: Kysely<Schema>,
  workspaceId: string,
): Promise<ReadonlyMap<string, readonly NamedTool[]>> {
  const servers = await db
    .selectFrom('gateway_workspace_servers')
    .select(['id', 'slug'])
    .where('workspace_id', '=', workspaceId)
    .where('removed_at', 'is', null)
    .execute();
  const names = await toolNames(
    db,
    servers.map(({ id }) => id),
  );
  return lookAlikes(
    servers.flatMap(({ id, slug: server }) => names.get(id)!.map((tool): NamedTool => ({ server, tool }))),
  );
}

/** The names of the tools of servers as they were last listed, by server. */
export async function toolNames(db: Kysely<Schema>, serverIds: readonly string[]): Promise<Map<string, string[]>> {
  const bodies = await readBodies(db, serverIds);
  const pause = pauses();
  const names = new Map<string, string[]>();
  for (const id of serverIds) {
    const own: string[] = [];
    for (const text of textsOf(bodies.get(id))) {
      await pause(text.length);
      const name = (JSON.parse(text) as { name?: unknown } | null)?.name;
      if (typeof name === 'string') own.push(name);
    }
    names.set(id, own);
  }
  return names;
}
