import type { z } from 'zod';
import type { Stop, stopCreate } from '@mcpnest/contract/schemas/stops';
import type { Kysely, Selectable } from 'kysely';
import { AppError, conflict, notFound } from '../../domain/errors.ts';
import { newId } from '../../domain/ids.ts';
import { isoTime, type Clock } from '../../platform/clock.ts';
import { inTransaction } from '../../platform/database/database.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { nameOf } from '../actor-emails.ts';
import { announce } from '../announce.ts';
import type { Change } from '../change.ts';
import { expiryOf } from '../expiry.ts';
import type { WorkspaceRef } from '../operation.ts';
import { machinesByOwner, refuseOwn, requireTarget, targetNames, type StopTarget } from './target.ts';

type StopRow = Selectable<Schema['stops']>;

/** Stops of one workspace. */
const mostStops = 1_000;
/** Stops whose end is announced in one round. */
const mostAnnounced = 100;

/** What is stopped, oldest first; what has ended by itself stays until it is lifted or stopped again. */
export async function listStops(db: Kysely<Schema>, workspace: WorkspaceRef, now: number): Promise<Stop[]> {
  const rows = await db
    .selectFrom('stops')
    .selectAll()
    .where('workspace_id', '=', workspace.id)
    .orderBy('id')
    .execute();
  return viewStops(db, workspace, rows, isoTime(now));
}

/**
 * Stop somebody or something.
 * @throws AppError `not_found` for what is not there; `already_exists` while a stop of it holds; `forbidden` for a
 *   member above the actor; `conflict` when there are as many as there may be
 */
export async function createStop(
  change: Change,
  workspace: WorkspaceRef,
  body: z.output<typeof stopCreate>,
): Promise<Stop> {
  const target = await requireTarget(change, workspace, body.target);
  await makeRoom(change, workspace, target);
  const minutes = body.expiresInMinutes;
  const row: StopRow = {
    id: newId(change.now),
    workspace_id: workspace.id,
    kind: target.kind,
    target_id: target.targetId,
    tool: target.tool,
    reason: body.reason,
    expires_at:
      minutes === undefined
        ? expiryOf({ expiresAt: body.expiresAt }, change.now)
        : isoTime(change.now + minutes * 60_000),
    created_at: change.at,
    created_by: change.actorName,
    end_announced: 0,
    machines: target.kind === 'member' && body.machines ? 1 : 0,
  };
  await change.tx.insertInto('stops').values(row).execute();
  const made = (await viewStops(change.tx, workspace, [row], change.at))[0]!;
  await recordStop(change, workspace, made);
  const decide = { page: `stops/${made.id}`, command: `mcpnest stop lift ${made.id}` };
  await announce(change, workspace.id, { type: 'stop.created', data: about(made), decide });
  return made;
}

/** Lift a stop. @throws AppError `not_found`; `forbidden` for an administrator's own */
export async function removeStop(change: Change, workspace: WorkspaceRef, id: string): Promise<void> {
  const row = await change.tx
    .selectFrom('stops')
    .selectAll()
    .where('workspace_id', '=', workspace.id)
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw notFound('stop', id);
  await refuseOwn(change, workspace, targetOf(row));
  await change.tx.deleteFrom('stops').where('id', '=', id).execute();
  const lifted = (await viewStops(change.tx, workspace, [row], change.at))[0]!;
  await recordStop(change, workspace, lifted);
  if (row.end_announced === 1) return;
  const data = { ...about(lifted), why: 'lifted', by: await nameOf(change) };
  await announce(change, workspace.id, { type: 'stop.ended', data });
}

/** Whether a stop of a server or of a tool of it holds. */
export async function isServerStopped({ tx, at }: Change, workspace: WorkspaceRef, serverId: string): Promise<boolean> {
  const rows = await tx
    .selectFrom('stops')
    .selectAll()
    .where('workspace_id', '=', workspace.id)
    .where('target_id', '=', serverId)
    .execute();
  return rows.some((row) => holds(row, at));
}

/** Announce stops that have ended by themselves; of several processes that look, one announces each. */
export async function announceEndedStops(db: Kysely<Schema>, clock: Clock): Promise<void> {
  const rows = await db
    .selectFrom('stops')
    .selectAll()
    .where('end_announced', '=', 0)
    .where('expires_at', '<=', isoTime(clock.now()))
    .orderBy('id')
    .limit(mostAnnounced)
    .execute();
  for (const row of rows) {
    const workspace = { id: row.workspace_id };
    await inTransaction(db, async (tx) => {
      const now = clock.now();
      const claimed = await tx
        .updateTable('stops')
        .set({ end_announced: 1 })
        .where('id', '=', row.id)
        .where('end_announced', '=', 0)
        .executeTakeFirstOrThrow();
      if (claimed.numUpdatedRows === 0n) return;
      const ended = (await viewStops(tx, workspace, [row], isoTime(now)))[0]!;
      await announce({ tx, now }, row.workspace_id, { type: 'stop.ended', data: { ...about(ended), why: 'time' } });
    });
  }
}

/** One that has ended makes way for another of the same. */
async function makeRoom(change: Change, workspace: WorkspaceRef, target: StopTarget): Promise<void> {
  const rows = await change.tx.selectFrom('stops').selectAll().where('workspace_id', '=', workspace.id).execute();
  const same = rows.find(
    (row) => row.kind === target.kind && row.target_id === target.targetId && row.tool === target.tool,
  );
  if (same !== undefined && holds(same, change.at)) {
    throw new AppError('already_exists', `It is stopped already (${same.id}). Lift that first to change it.`);
  }
  if (same !== undefined) await change.tx.deleteFrom('stops').where('id', '=', same.id).execute();
  else if (rows.length >= mostStops)
    throw conflict(`A workspace has at most ${mostStops} stops. Lift some, or stop the server in place of its tools.`);
}

const about = ({ id, target, machines, reason, expiresAt }: Stop) => ({
  stopId: id,
  target,
  machines,
  reason,
  expiresAt,
});

const recordStop = (change: Change, workspace: WorkspaceRef, stop: Stop): Promise<void> =>
  change.record({
    workspaceId: workspace.id,
    target: `stop:${stop.id}`,
    detail: { target: stop.target, machines: stop.machines, reason: stop.reason, expiresAt: stop.expiresAt },
    publish: 'workspace',
  });

const targetOf = (row: StopRow): StopTarget => ({ kind: row.kind, targetId: row.target_id, tool: row.tool });

const holds = (row: StopRow, at: string): boolean => row.expires_at === null || row.expires_at > at;

/** Stops as the API shows them. */
async function viewStops(
  db: Kysely<Schema>,
  workspace: Pick<WorkspaceRef, 'id'>,
  rows: readonly StopRow[],
  at: string,
): Promise<Stop[]> {
  const name = await targetNames(db, workspace);
  const machines = await machinesByOwner(db, workspace);
  return rows.map((row) => toStop(row, { name, machines, at }));
}

interface Shown {
  readonly name: (target: StopTarget) => string;
  /** Names of machines by who owns them. */
  readonly machines: ReadonlyMap<string, readonly string[]>;
  readonly at: string;
}

const toStop = (row: StopRow, { name, machines, at }: Shown): Stop => ({
  id: row.id,
  target: name(targetOf(row)),
  machines: row.machines === 1 ? [...(machines.get(row.target_id) ?? [])] : [],
  reason: row.reason,
  expiresAt: row.expires_at,
  active: holds(row, at),
  createdAt: row.created_at,
  createdBy: row.created_by,
});
