import type { z } from 'zod';
import type { Approval, approvalQuery, approvalRefuse } from '@mcpnest/contract/schemas/approvals';
import type { Kysely } from 'kysely';
import { conflict, forbidden, notFound } from '../../domain/errors.ts';
import { approvalsOf } from '../../domain/policy/approvals.ts';
import { subjectKey } from '../../domain/policy/rights.ts';
import { classOf } from '../../domain/policy/tool-class.ts';
import type { Actor } from '../../domain/roles.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { Change } from '../change.ts';
import { page, readCursor } from '../cursor.ts';
import { emailsOf, nameOf } from '../actor-emails.ts';
import { administers, ownMember } from '../membership.ts';
import type { WorkspaceRef } from '../operation.ts';
import { announceDecided } from './announced.ts';
import { readSnapshot } from '../snapshot/publish.ts';
import {
  isApprover,
  isLive,
  isOwn,
  ownOnly,
  requesterOf,
  selectApprovals,
  visibleTo,
  waiting,
  type ApprovalRow,
  type Viewer,
} from './queries.ts';

export { announceApprovals } from './announced.ts';
export {
  classesApprovedFor,
  isApprovedByChoice,
  requireForManifest,
  settingsNamingTeam,
  toolsApprovedFor,
} from './settings.ts';

/** Requests an actor may see, newest first. */
export async function listApprovals(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  actor: Actor,
  query: z.output<typeof approvalQuery>,
  at: string,
): Promise<{ items: Approval[]; nextCursor: string | null }> {
  const viewer = await viewerOf(db, workspace, actor);
  let rows = selectApprovals(db, workspace);
  rows = query.show === 'mine' ? ownOnly(rows, viewer) : visibleTo(rows, viewer);
  if (query.show === 'pending') rows = waiting(rows, at);
  if (query.cursor !== undefined) {
    const from = readCursor(query.cursor);
    rows = rows.where((row) =>
      row.or([
        row('approval.created_at', '<', from.at),
        row.and([row('approval.created_at', '=', from.at), row('approval.id', '<', from.id)]),
      ]),
    );
  }
  const found = await rows
    .orderBy('approval.created_at', 'desc')
    .orderBy('approval.id', 'desc')
    .limit(query.limit + 1)
    .execute();
  const { rows: kept, nextCursor } = page(found, query.limit);
  const emails = await emailsOf(
    db,
    kept.flatMap((row) => row.decided_by ?? []),
  );
  return { items: kept.map((row) => toApproval(row, viewer, at, emails)), nextCursor };
}

/**
 * Approve one call.
 * @throws AppError `not_found`; `forbidden` for who asked, and for who approves no more; `conflict` for what does not wait any more
 */
export const approveCall = (change: Change, workspace: WorkspaceRef, id: string): Promise<Approval> =>
  decide(change, workspace, id, { state: 'approved', reason: null }, ['pending']);

/**
 * Refuse one call, also after it was approved and before it is used.
 * @throws AppError `not_found`; `forbidden` for who asked; `conflict` for what is decided or over
 */
export const refuseCall = (
  change: Change,
  workspace: WorkspaceRef,
  id: string,
  { reason }: z.output<typeof approvalRefuse>,
): Promise<Approval> => decide(change, workspace, id, { state: 'refused', reason }, ['pending', 'approved']);

async function decide(
  change: Change,
  workspace: WorkspaceRef,
  id: string,
  decision: { readonly state: 'approved' | 'refused'; readonly reason: string | null },
  from: readonly ('pending' | 'approved')[],
): Promise<Approval> {
  const { tx, at } = change;
  const viewer = await viewerOf(tx, workspace, change.actor);
  const row = await findApproval(tx, workspace, viewer, id);
  if (isOwn(row, viewer)) {
    throw forbidden('This call is your own, or of a machine you answer for. Somebody else decides it.');
  }
  if (!isApprover(row, viewer))
    throw forbidden('You do not approve calls of this tool any more. An administrator does.');
  const over = (now: ApprovalRow) =>
    conflict(`This request is ${stateOf(now, at)}; it cannot be ${decision.state} any more.`);
  if (stateOf(row, at) === 'void') throw over(row);
  // A gateway may use an approval up at this very moment, so the row itself has the last word.
  const { numUpdatedRows } = await tx
    .updateTable('approvals')
    .set({ ...decision, decided_at: at, decided_by: change.actorName })
    .where('id', '=', id)
    .where('state', 'in', from)
    .where('expires_at', '>', at)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw over(await findApproval(tx, workspace, viewer, id));
  const decided = await findApproval(tx, workspace, viewer, id);
  await change.record({
    workspaceId: workspace.id,
    target: `approval:${id}`,
    detail: {
      requester: requesterOf(decided),
      tokenId: decided.token_id,
      server: decided.server_slug,
      tool: decided.tool,
      definitionHash: decided.definition_hash,
      argsMac: decided.args_mac,
      policyVersion: decided.policy_version,
      ...(decision.reason === null ? {} : { reason: decision.reason }),
    },
    publish: 'nothing',
  });
  await announceDecided(change, decided, await nameOf(change));
  return toApproval(decided, viewer, at, await emailsOf(tx, [change.actorName]));
}

/** @throws AppError `not_found`, also for a request the viewer may not know of */
export async function findApproval(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  viewer: Viewer,
  id: string,
): Promise<ApprovalRow> {
  const row = await visibleTo(selectApprovals(db, workspace), viewer).where('approval.id', '=', id).executeTakeFirst();
  if (row === undefined) throw notFound('approval', id);
  return row;
}

/** Who looks at requests, and what they may approve as. */
export async function viewerOf(db: Kysely<Schema>, workspace: WorkspaceRef, actor: Actor): Promise<Viewer> {
  const own = await ownMember(db, workspace, actor);
  const teams =
    own === undefined
      ? []
      : await db.selectFrom('team_members').select('team_id').where('member_id', '=', own).execute();
  return {
    administers: administers(actor),
    approvers: administers(actor) ? () => [] : approversIn(await readSnapshot(db, workspace.id)),
    userId: actor.kind === 'user' ? actor.userId : null,
    subjects: own === undefined ? [] : [`member:${own}`, ...teams.map((team) => `team:${team.team_id}`)],
  };
}

/** Who approves calls of tools besides administrators, as things stand; of a server that is not served nobody does. */
function approversIn({ servers }: Snapshot): Viewer['approvers'] {
  return ({ server_id, tool }) => {
    const server = servers.find(({ id }) => id === server_id);
    if (server === undefined) return [];
    const setting = approvalsOf(server.approvals ?? [])(tool, classOf(server, tool));
    return (setting?.approvers ?? []).map(subjectKey);
  };
}

/** What it has come to. What was not decided in time, or whose requester is gone, is over without anybody writing it. */
function stateOf(row: ApprovalRow, at: string): Approval['state'] {
  if (row.state !== 'pending' && row.state !== 'approved') return row.state;
  if (!isLive(row, at)) return 'void';
  return row.expires_at > at ? row.state : 'expired';
}

/** A request as the API shows it. @param emails of people by the actor as it is stored */
export function toApproval(
  row: ApprovalRow,
  viewer: Viewer,
  at: string,
  emails: ReadonlyMap<string, string>,
): Approval {
  const state = stateOf(row, at);
  return {
    id: row.id,
    state,
    requester: requesterOf(row),
    tokenId: row.token_id,
    tokenLabel: row.token_label,
    server: row.server_slug,
    tool: row.tool,
    argsShape: JSON.parse(row.args_shape) as unknown,
    definitionHash: row.definition_hash,
    policyVersion: row.policy_version,
    mayDecide: (state === 'pending' || state === 'approved') && isApprover(row, viewer) && !isOwn(row, viewer),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    decidedAt: row.decided_at,
    decidedBy: row.decided_by,
    decidedByEmail: emails.get(row.decided_by ?? '') ?? null,
    reason: row.reason,
    usedAt: row.used_at,
  };
}
