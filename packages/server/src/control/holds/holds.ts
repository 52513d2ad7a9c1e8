import type { z } from 'zod';
import type { Hold, holdRelease, holdRequest } from '@mcpnest/contract/schemas/retention';
import type { Kysely, Selectable } from 'kysely';
import { conflict, notFound } from '../../domain/errors.ts';
import { newId } from '../../domain/ids.ts';
import { isoTime } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { requestMs } from '../../platform/retention/holds.ts';
import type { Change } from '../change.ts';
import type { WorkspaceRef } from '../operation.ts';
import { personOf, secondPerson } from './persons.ts';
import { requireScope, scopeText } from './scope.ts';

type HoldRow = Selectable<Schema['legal_holds']>;

/** Holds of one workspace that keep records: each is a condition of every deletion. */
const mostKeeping = 200;

/** Newest first. */
export async function listHolds(db: Kysely<Schema>, workspace: WorkspaceRef, now: number): Promise<Hold[]> {
  const rows = await holdsOf(db, workspace).orderBy('id', 'desc').execute();
  return rows.map((row) => toHold(row, now));
}

/**
 * Ask for a hold; it keeps records from now on.
 * @throws AppError `not_found` for what is not there; `forbidden` for the operator at the data folder where two people
 *   could do it; `conflict` when there are as many as there may be
 */
export async function requestHold(
  change: Change,
  workspace: WorkspaceRef,
  body: z.output<typeof holdRequest>,
): Promise<Hold> {
  const person = await personOf(change, workspace);
  const scope = await requireScope(change.tx, workspace, body.scope);
  const keeping = (await listHolds(change.tx, workspace, change.now)).filter((hold) => hold.keeps);
  if (keeping.length >= mostKeeping)
    throw conflict(`A workspace has at most ${mostKeeping} legal holds. Hold the workspace in place of its parts.`);
  const row: HoldRow = {
    id: newId(change.now),
    workspace_id: workspace.id,
    name: body.name,
    reason: body.reason,
    ...scope,
    from_at: body.from === undefined ? null : isoTime(Date.parse(body.from)),
    to_at: body.to === undefined ? null : isoTime(Date.parse(body.to)),
    requested_at: change.at,
    requested_by: change.actorName,
    requested_person: person.id,
    confirmed_at: null,
    confirmed_by: null,
    confirmed_person: null,
    ...noRelease,
    single_person: Number(person.single),
  };
  await change.tx.insertInto('legal_holds').values(row).execute();
  return recorded(change, row);
}

/** @throws AppError `not_found`; `conflict` when it does not wait for that; `forbidden` for who asked for it */
export async function confirmHold(change: Change, workspace: WorkspaceRef, id: string): Promise<Hold> {
  const row = await requireHold(change, workspace, id, ['requested']);
  const person = await secondPerson(change, workspace, { person: row.requested_person, at: row.requested_at });
  return update(change, row, {
    confirmed_at: change.at,
    confirmed_by: change.actorName,
    confirmed_person: person.id,
    single_person: row.single_person | Number(person.single),
  });
}

/** @throws AppError `not_found`; `conflict` when it is not in force, or somebody has asked already */
export async function requestRelease(
  change: Change,
  workspace: WorkspaceRef,
  id: string,
  body: z.output<typeof holdRelease>,
): Promise<Hold> {
  const row = await requireHold(change, workspace, id, ['in force']);
  const person = await personOf(change, workspace);
  return update(change, row, {
    release_requested_at: change.at,
    release_requested_by: change.actorName,
    release_requested_person: person.id,
    release_reason: body.reason,
    single_person: row.single_person | Number(person.single),
  });
}

/** @throws AppError `not_found`; `conflict` when nobody has asked for it; `forbidden` for who has */
export async function confirmRelease(change: Change, workspace: WorkspaceRef, id: string): Promise<Hold> {
  const row = await requireHold(change, workspace, id, ['release requested']);
  const first = { person: row.release_requested_person!, at: row.release_requested_at! };
  const person = await secondPerson(change, workspace, first);
  return update(change, row, {
    released_at: change.at,
    released_by: change.actorName,
    released_person: person.id,
    single_person: row.single_person | Number(person.single),
  });
}

const noRelease = {
  release_requested_at: null,
  release_requested_by: null,
  release_requested_person: null,
  release_reason: null,
  released_at: null,
  released_by: null,
  released_person: null,
};

const holdsOf = (db: Kysely<Schema>, workspace: WorkspaceRef) =>
  db.selectFrom('legal_holds').selectAll().where('workspace_id', '=', workspace.id);

async function requireHold(
  change: Change,
  workspace: WorkspaceRef,
  id: string,
  states: readonly Hold['state'][],
): Promise<HoldRow> {
  const row = await holdsOf(change.tx, workspace).where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw notFound('hold', id);
  const state = stateOf(row, change.now);
  if (!states.includes(state))
    throw conflict(`This hold is ${state}; that is done to one that is ${states.join(' or ')}.`);
  return row;
}

async function update(change: Change, row: HoldRow, fields: Partial<HoldRow>): Promise<Hold> {
  await change.tx.updateTable('legal_holds').set(fields).where('id', '=', row.id).execute();
  return recorded(change, { ...row, ...fields });
}

async function recorded(change: Change, row: HoldRow): Promise<Hold> {
  const hold = toHold(row, change.now);
  const { name, reason, scope, from, to, state, releaseReason, singlePerson } = hold;
  await change.record({
    workspaceId: row.workspace_id,
    target: `hold:${row.id}`,
    detail: { name, reason, scope, from, to, state, releaseReason, singlePerson },
    publish: 'nothing',
  });
  return hold;
}

const recent = (at: string | null, now: number): boolean => at !== null && at > isoTime(now - requestMs);

function stateOf(row: HoldRow, now: number): Hold['state'] {
  if (row.released_at !== null) return 'released';
  if (row.confirmed_at === null) return recent(row.requested_at, now) ? 'requested' : 'lapsed';
  return recent(row.release_requested_at, now) ? 'release requested' : 'in force';
}

function toHold(row: HoldRow, now: number): Hold {
  const state = stateOf(row, now);
  return {
    id: row.id,
    name: row.name,
    reason: row.reason,
    scope: scopeText(row),
    from: row.from_at,
    to: row.to_at,
    state,
    keeps: state !== 'released' && state !== 'lapsed',
    requestedAt: row.requested_at,
    requestedBy: row.requested_by,
    confirmedAt: row.confirmed_at,
    confirmedBy: row.confirmed_by,
    releaseRequestedAt: row.release_requested_at,
    releaseRequestedBy: row.release_requested_by,
    releaseReason: row.release_reason,
    releasedAt: row.released_at,
    releasedBy: row.released_by,
    singlePerson: row.single_person === 1,
  };
}
