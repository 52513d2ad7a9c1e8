import type { Drill } from '@mcpnest/contract/schemas/drills';
import type { Kysely, Selectable } from 'kysely';
import { conflict, notFound } from '../../domain/errors.ts';
import { newId } from '../../domain/ids.ts';
import { isoTime } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { Change } from '../change.ts';
import type { WorkspaceRef } from '../operation.ts';
import { selectServer } from '../servers/servers.ts';
import { affectedBy } from './affected.ts';

type DrillRow = Selectable<Schema['drills']>;

/** Drills of a server that are shown. */
const mostShown = 20;

/** The last drills of a server, newest first. @throws AppError `not_found` */
export async function listDrills(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  slug: string,
  now: number,
): Promise<Drill[]> {
  const server = await selectServer(db, workspace.id, slug);
  const rows = await db
    .selectFrom('drills')
    .selectAll()
    .where('server_id', '=', server.id)
    .orderBy('id', 'desc')
    .limit(mostShown)
    .execute();
  const affected = await affectedBy(
    db,
    workspace,
    rows.map((row) => row.id),
  );
  return rows.map((row) => toDrill(row, affected.get(row.id) ?? [], isoTime(now)));
}

/** Begin a drill. @throws AppError `not_found`; `conflict` while one runs */
export async function startDrill(
  change: Change,
  workspace: WorkspaceRef,
  slug: string,
  seconds: number,
): Promise<Drill> {
  const server = await selectServer(change.tx, workspace.id, slug);
  const running = await runningDrill(change, server.id);
  if (running !== undefined)
    throw conflict(`A drill of '${slug}' runs until ${running.ends_at}. End it first (mcpnest drill stop ${slug}).`);
  const row: DrillRow = {
    id: newId(change.now),
    server_id: server.id,
    started_at: change.at,
    started_by: change.actorName,
    ends_at: isoTime(change.now + seconds * 1_000),
  };
  await change.tx.insertInto('drills').values(row).execute();
  await recordDrill(change, workspace, slug, row);
  return toDrill(row, [], change.at);
}

/** End the drill that runs. @throws AppError `not_found` when none does */
export async function stopDrill(change: Change, workspace: WorkspaceRef, slug: string): Promise<void> {
  const server = await selectServer(change.tx, workspace.id, slug);
  const running = await runningDrill(change, server.id);
  if (running === undefined) throw notFound('running drill of', slug);
  const ended = { ...running, ends_at: change.at };
  await change.tx.updateTable('drills').set({ ends_at: change.at }).where('id', '=', running.id).execute();
  await recordDrill(change, workspace, slug, ended);
}

const runningDrill = ({ tx, at }: Change, serverId: string): Promise<DrillRow | undefined> =>
  tx.selectFrom('drills').selectAll().where('server_id', '=', serverId).where('ends_at', '>', at).executeTakeFirst();

const recordDrill = (change: Change, workspace: WorkspaceRef, slug: string, row: DrillRow): Promise<void> =>
  change.record({
    workspaceId: workspace.id,
    target: `server:${slug}`,
    detail: { drill: row.id, endsAt: row.ends_at },
    publish: 'workspace',
  });

const toDrill = (row: DrillRow, affected: Drill['affected'], at: string): Drill => ({
  id: row.id,
  startedAt: row.started_at,
  startedBy: row.started_by,
  endsAt: row.ends_at,
  running: row.ends_at > at,
  calls: affected.reduce((sum, { calls }) => sum + calls, 0),
  affected,
});
