import type { z } from 'zod';
import type { ToolClass } from '@mcpnest/contract/rule-form';
import type { ServerTool, toolClassify } from '@mcpnest/contract/schemas/access';
import type { Kysely } from 'kysely';
import { flagsOf } from '../../domain/definitions/hygiene.ts';
import { conflict } from '../../domain/errors.ts';
import { unclassified } from '../../domain/policy/tool-class.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { clip } from '../../platform/text.ts';
import type { Change } from '../change.ts';
import type { WorkspaceRef } from '../operation.ts';
import { listedTools, lookAlikesIn, pauses } from './listed-tools.ts';
import { selectServer, type ServerRow } from './queries.ts';

/** Classes that may be set of one server. */
const mostClasses = 1_000;

/** A tool with its definition, where the server lists it. */
export interface KnownTool extends Omit<ServerTool, 'warnings'> {
  readonly definition: string | undefined;
}

/** The tools of a server as it last listed them, and those somebody has classified, by name. @throws AppError `not_found` */
export async function listTools(db: Kysely<Schema>, workspace: WorkspaceRef, slug: string): Promise<ServerTool[]> {
  const row = await selectServer(db, workspace.id, slug);
  const alike = await lookAlikesIn(db, workspace.id);
  const items: ServerTool[] = [];
  const pause = pauses();
  for (const { definition, ...tool } of (await toolsOf(db, [row])).get(row.id)!) {
    await pause(definition?.length ?? 0);
    const warnings = definition === undefined ? [] : flagsOf(JSON.parse(definition), alike.get(tool.tool));
    items.push({ ...tool, warnings });
  }
  return items;
}

/** The same of several servers, by the id of each, without what is odd about them. */
export async function toolsOf(
  db: Kysely<Schema>,
  rows: readonly Pick<ServerRow, 'id'>[],
): Promise<Map<string, KnownTool[]>> {
  const ids = rows.map((row) => row.id);
  if (ids.length === 0) return new Map();
  const classes = await db
    .selectFrom('tool_classes')
    .select(['server_id', 'tool', 'class'])
    .where('server_id', 'in', ids)
    .execute();
  const lists = await listedTools(db, ids);
  const byServer = Map.groupBy(classes, (found) => found.server_id);
  return new Map(
    ids.map((id) => {
      const set = new Map((byServer.get(id) ?? []).map((found) => [found.tool, found.class]));
      const listed = lists.get(id)!;
      const names = [...new Set([...listed.keys(), ...set.keys()])].sort();
      const tools = names.map((tool): KnownTool => {
        const now = listed.get(tool);
        return {
          tool: clip(tool, 200),
          class: set.get(tool) ?? unclassified,
          set: set.has(tool),
          claimed: now === undefined ? null : claimOf(now.definition),
          listed: now !== undefined,
          hash: now?.hash ?? null,
          definition: now?.definition,
        };
      });
      return [id, tools] as const;
    }),
  );
}

/**
 * Set the classes of the tools that are named.
 * @throws AppError `not_found`; `conflict` for more tools than a server is expected to have
 */
export async function classifyTools(
  change: Change,
  workspace: WorkspaceRef,
  slug: string,
  { classes }: z.output<typeof toolClassify>,
): Promise<void> {
  const row = await selectServer(change.tx, workspace.id, slug);
  const before = await classesOf(change, row.id);
  const after = new Map(before);
  for (const { tool, class: set } of classes) {
    if (set === null) after.delete(tool);
    else after.set(tool, set);
  }
  if (after.size > mostClasses) throw conflict(`At most ${mostClasses} tools of a server can be classified.`);
  const changed = [...new Set(classes.map(({ tool }) => tool))].filter((tool) => before.get(tool) !== after.get(tool));
  for (const tool of changed) {
    await change.tx.deleteFrom('tool_classes').where('server_id', '=', row.id).where('tool', '=', tool).execute();
    const set = after.get(tool);
    if (set === undefined) continue;
    await change.tx
      .insertInto('tool_classes')
      .values({ server_id: row.id, tool, class: set, set_by: change.actorName, set_at: change.at })
      .execute();
  }
  if (changed.length > 0) {
    const said = (from: ReadonlyMap<string, ToolClass>) => changed.map((tool) => [tool, from.get(tool) ?? null]);
    await change.record({
      workspaceId: workspace.id,
      target: `server:${slug}`,
      detail: { before: said(before), after: said(after) },
      publish: 'workspace',
    });
  }
}

async function classesOf(change: Change, serverId: string): Promise<Map<string, ToolClass>> {
  const rows = await change.tx
    .selectFrom('tool_classes')
    .select(['tool', 'class'])
    .where('server_id', '=', serverId)
    .execute();
  return new Map(rows.map((row) => [row.tool, row.class]));
}

/**
 * What a definition claims of itself by the ToolAnnotations of the protocol: a tool that does not say it only reads may
 * destroy, unless it says it does not. Text from outside: read for what it is known to be, and no further.
 */
function claimOf(definition: string): ToolClass | null {
  const { annotations } = JSON.parse(definition) as { annotations?: Record<string, unknown> | null };
  if (annotations?.['readOnlyHint'] === true) return 'read';
  if (annotations?.['destructiveHint'] === true) return 'destructive';
  return annotations?.['destructiveHint'] === false ? 'write' : null;
}
