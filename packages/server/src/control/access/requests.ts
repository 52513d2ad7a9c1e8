import type { z } from 'zod';
import type {
  AccessRequest,
  accessGrant,
  accessRefuse,
  accessRequestCreate,
  accessRequestQuery,
} from '@mcpnest/contract/schemas/access';
import type { Kysely, Selectable } from 'kysely';
import { alreadyExists, conflict, invalidInput, notFound } from '../../domain/errors.ts';
import { newId } from '../../domain/ids.ts';
import { maySee } from '../../domain/policy.ts';
import { parseRuleObject } from '../../domain/policy/rule-object.ts';
import type { Actor } from '../../domain/roles.ts';
import { isoTime } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { nameOf } from '../actor-emails.ts';
import { announce } from '../announce.ts';
import type { Change } from '../change.ts';
import { administers, ownMember, requireMember } from '../membership.ts';
import type { WorkspaceRef } from '../operation.ts';
import { grantMember } from '../rules/rules.ts';
import { readSnapshot } from '../snapshot/publish.ts';
import { requireUseful } from './useful-grant.ts';
import { principalOf } from './principals.ts';

const dayMs = 86_400_000;
/** Requests of one member that may wait at a time. */
const mostPending = 20;
const mostListed = 500;

type RequestRow = Selectable<Schema['access_requests']> & { readonly email: string };

/**
 * Ask for access.
 * @throws AppError `invalid_input` for who is no member; `not_found` for a server the member may not see;
 *   `already_exists` for what is asked for already; `conflict` for too many, and for what no rule could give
 */
export async function askForAccess(
  change: Change,
  workspace: WorkspaceRef,
  body: z.output<typeof accessRequestCreate>,
): Promise<AccessRequest> {
  const own = await ownMember(change.tx, workspace, change.actor);
  if (own === undefined) throw invalidInput('Only members ask for access; you are none of this workspace.');
  await requireVisible(change, workspace, own, body.object);
  const pending = await selectRequests(change.tx, workspace)
    .where('request.member_id', '=', own)
    .where('decision', 'is', null)
    .execute();
  if (pending.some((row) => row.object === body.object)) throw alreadyExists('request for', body.object);
  if (pending.length >= mostPending) throw conflict(`${mostPending} of your requests wait already.`);
  await requireUseful(change, workspace, own, body.object);
  const row = {
    id: newId(change.now),
    workspace_id: workspace.id,
    member_id: own,
    object: body.object,
    reason: body.reason,
    days: body.days,
    created_at: change.at,
    decision: null,
    decided_at: null,
    decided_by: null,
    answer: null,
    rule_id: null,
  };
  await change.tx.insertInto('access_requests').values(row).execute();
  await recordRequest(change, row, { memberId: own, object: body.object, days: body.days, reason: body.reason });
  const made = await findRequest(change.tx, workspace, row.id);
  const decide = { page: `access-requests/${row.id}`, command: `mcpnest access grant ${row.id}` };
  await announce(change, workspace.id, { type: 'access_request.created', data: about(made), decide });
  return toRequest(made);
}

/** Requests an actor may see, newest first: their own, or all for an administrator. */
export async function listRequests(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  actor: Actor,
  query: z.output<typeof accessRequestQuery>,
): Promise<AccessRequest[]> {
  let rows = selectRequests(db, workspace);
  if (!administers(actor)) rows = rows.where('request.member_id', '=', (await ownMember(db, workspace, actor)) ?? '');
  if (query.state === 'pending') rows = rows.where('decision', 'is', null);
  else if (query.state !== undefined) rows = rows.where('decision', '=', query.state);
  return (await rows.orderBy('request.id', 'desc').limit(mostListed).execute()).map(toRequest);
}

/**
 * Grant a request with a rule that ends. Nobody grants their own.
 * @throws AppError `not_found`, also for a member who was removed; `conflict` for one that was decided already, is the
 *   caller's own, or could not be helped by an allow rule
 */
export async function grantAccess(
  change: Change,
  workspace: WorkspaceRef,
  id: string,
  body: z.output<typeof accessGrant>,
): Promise<AccessRequest> {
  const row = await waiting(change, workspace, id);
  await requireUseful(change, workspace, row.member_id, row.object);
  const expiresAt = isoTime(change.now + (body.days ?? row.days) * dayMs);
  const note = body.note === '' ? `Asked for: ${row.reason}`.slice(0, 500) : body.note;
  const rule = await grantMember(change, workspace, row.member_id, { object: row.object, expiresAt, note });
  await settle(change, row, { decision: 'granted', answer: body.note === '' ? null : body.note, rule_id: rule.id });
  await recordRequest(
    change,
    row,
    { memberId: row.member_id, object: row.object, rule: rule.id, expiresAt: rule.expires_at },
    'workspace',
  );
  return toRequest(await findRequest(change.tx, workspace, id));
}

/** Refuse a request. @throws AppError `not_found`, `conflict` */
export async function refuseAccess(
  change: Change,
  workspace: WorkspaceRef,
  id: string,
  body: z.output<typeof accessRefuse>,
): Promise<AccessRequest> {
  const row = await waiting(change, workspace, id);
  await settle(change, row, { decision: 'refused', answer: body.reason, rule_id: null });
  await recordRequest(change, row, { memberId: row.member_id, object: row.object, reason: body.reason });
  return toRequest(await findRequest(change.tx, workspace, id));
}

async function waiting(change: Change, workspace: WorkspaceRef, id: string): Promise<RequestRow> {
  const row = await findRequest(change.tx, workspace, id);
  if (row.decision !== null) throw conflict(`This request was ${row.decision} already.`);
  await requireMember(change.tx, workspace, row.member_id);
  if (row.member_id === (await ownMember(change.tx, workspace, change.actor))) {
    throw conflict('This request is your own; somebody else decides it.');
  }
  return row;
}

const settle = async (
  change: Change,
  row: RequestRow,
  decided: Pick<RequestRow, 'decision' | 'answer' | 'rule_id'>,
): Promise<void> => {
  await change.tx
    .updateTable('access_requests')
    .set({ ...decided, decided_at: change.at, decided_by: change.actorName })
    .where('id', '=', row.id)
    .execute();
  const data = { ...about(row), decision: decided.decision, answer: decided.answer, decidedBy: await nameOf(change) };
  await announce(change, row.workspace_id, { type: 'access_request.decided', data });
};

const about = (row: RequestRow) => ({
  requestId: row.id,
  member: `member:${row.email}`,
  object: row.object,
  days: row.days,
  reason: row.reason,
});

async function requireVisible(
  change: Change,
  workspace: WorkspaceRef,
  memberId: string,
  object: string,
): Promise<void> {
  const { server } = parseRuleObject(object)!;
  if (server === '*') return;
  const snapshot = await readSnapshot(change.tx, workspace.id);
  const principal = await principalOf(change.tx, workspace, { kind: 'member', id: memberId });
  if (!maySee(snapshot, principal, server)) throw notFound('server', server);
}

const selectRequests = (db: Kysely<Schema>, workspace: WorkspaceRef) =>
  db
    .selectFrom('access_requests as request')
    .innerJoin('members', 'members.id', 'request.member_id')
    .innerJoin('users', 'users.id', 'members.user_id')
    .selectAll('request')
    .select('users.email')
    .where('request.workspace_id', '=', workspace.id);

async function findRequest(db: Kysely<Schema>, workspace: WorkspaceRef, id: string): Promise<RequestRow> {
  const row = await selectRequests(db, workspace).where('request.id', '=', id).executeTakeFirst();
  if (row === undefined) throw notFound('request', id);
  return row;
}

const toRequest = (row: RequestRow): AccessRequest => ({
  id: row.id,
  memberId: row.member_id,
  email: row.email,
  object: row.object,
  reason: row.reason,
  days: row.days,
  state: row.decision ?? 'pending',
  answer: row.answer,
  ruleId: row.rule_id,
  createdAt: row.created_at,
  decidedAt: row.decided_at,
  decidedBy: row.decided_by,
});

const recordRequest = (
  change: Change,
  row: { readonly id: string; readonly workspace_id: string },
  detail: Record<string, unknown>,
  publish: 'workspace' | 'nothing' = 'nothing',
): Promise<void> =>
  change.record({ workspaceId: row.workspace_id, target: `access-request:${row.id}`, detail, publish });
