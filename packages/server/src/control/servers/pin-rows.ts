import type { Kysely, Selectable } from 'kysely';
import type { Schema, ToolPinsTable } from '../../platform/database/schema.ts';

export type PinRow = Selectable<ToolPinsTable>;

/** What somebody has decided about one tool. */
export interface Pins<Row> {
  readonly approved: Row | undefined;
  readonly refused: Row | undefined;
}

export const undecided: Pins<never> = { approved: undefined, refused: undefined };

/** What was decided about the tools of a server, by tool. */
export const pinsOf = async (db: Kysely<Schema>, serverId: string): Promise<Map<string, Pins<PinRow>>> =>
  byTool(await db.selectFrom('tool_pins').selectAll().where('server_id', '=', serverId).execute());

/** The same of several servers, by server and tool, hashes only. */
export async function pinHashesOf(
  db: Kysely<Schema>,
  serverIds: readonly string[],
): Promise<Map<string, Map<string, Pins<Pick<PinRow, 'hash'>>>>> {
  const rows =
    serverIds.length === 0
      ? []
      : await db
          .selectFrom('tool_pins')
          .select(['server_id', 'tool', 'state', 'hash'])
          .where('server_id', 'in', serverIds)
          .execute();
  const byServer = Map.groupBy(rows, (row) => row.server_id);
  return new Map(serverIds.map((id) => [id, byTool(byServer.get(id) ?? [])]));
}

function byTool<Row extends Pick<PinRow, 'tool' | 'state'>>(rows: readonly Row[]): Map<string, Pins<Row>> {
  const pins = new Map<string, Pins<Row>>();
  for (const row of rows) pins.set(row.tool, { ...(pins.get(row.tool) ?? undecided), [row.state]: row });
  return pins;
}
