import type { ApprovalDetail } from '@mcpnest/contract/schemas/approvals';
import type { Kysely } from 'kysely';
import { approvalsOf } from '../../domain/policy/approvals.ts';
import { classOf } from '../../domain/policy/tool-class.ts';
import type { Actor } from '../../domain/roles.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { emailsOf } from '../actor-emails.ts';
import type { WorkspaceRef } from '../operation.ts';
import { readSnapshot } from '../snapshot/publish.ts';
import { readDirectory } from '../subjects.ts';
import { findApproval, toApproval, viewerOf } from './approvals.ts';
import { requesterOf, selectApprovals, visibleTo } from './queries.ts';
import type { ApprovalRow, Viewer } from './queries.ts';

/**
 * One request with what helps to decide it: why it waits, and what was approved of the tool before.
 * @throws AppError `not_found`, also for a request the actor may not know of
 */
export async function getApproval(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  actor: Actor,
  id: string,
  at: string,
): Promise<ApprovalDetail> {
  const viewer = await viewerOf(db, workspace, actor);
  const row = await findApproval(db, workspace, viewer, id);
  const last = await lastApproved(db, workspace, viewer, row);
  const emails = await emailsOf(
    db,
    [row, last].flatMap((each) => each?.decided_by ?? []),
  );
  return {
    ...toApproval(row, viewer, at, emails),
    ...(await whyItWaits(db, workspace, row)),
    lastApproved:
      last === undefined
        ? null
        : {
            id: last.id,
            requester: requesterOf(last),
            argsShape: JSON.parse(last.args_shape) as unknown,
            definitionHash: last.definition_hash,
            decidedAt: last.decided_at,
            decidedByEmail: emails.get(last.decided_by ?? '') ?? null,
          },
  };
}

const lastApproved = (
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  viewer: Viewer,
  row: ApprovalRow,
): Promise<ApprovalRow | undefined> =>
  visibleTo(selectApprovals(db, workspace), viewer)
    .where('approval.server_id', '=', row.server_id)
    .where('approval.tool', '=', row.tool)
    .where('approval.state', 'in', ['approved', 'used'])
    .where('approval.created_at', '<', row.created_at)
    .orderBy('approval.created_at', 'desc')
    .orderBy('approval.id', 'desc')
    .limit(1)
    .executeTakeFirst();

async function whyItWaits(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  { server_id, tool }: ApprovalRow,
): Promise<Pick<ApprovalDetail, 'toolClass' | 'setting'>> {
  const { servers } = await readSnapshot(db, workspace.id);
  const server = servers.find(({ id }) => id === server_id);
  if (server === undefined) return { toolClass: null, setting: null };
  const toolClass = classOf(server, tool);
  const setting = approvalsOf(server.approvals ?? [])(tool, toolClass);
  if (setting === undefined) return { toolClass, setting: null };
  const directory = await readDirectory(db, workspace);
  const { target, approvers, expiresInMinutes } = setting;
  return { toolClass, setting: { target, approvers: approvers.map((who) => directory.name(who)), expiresInMinutes } };
}
