import type { Kysely } from 'kysely';
import type { Schema } from '../../platform/database/schema.ts';
import type { WorkspaceRef } from '../operation.ts';

/** Requests of a workspace, each with who asked, as far as they are still there. */
export const selectApprovals = (db: Kysely<Schema>, workspace: Pick<WorkspaceRef, 'id'>) =>
  db
    .selectFrom('approvals as approval')
    .leftJoin('gateway_tokens as token', 'token.id', 'approval.token_id')
    .leftJoin('members as member', 'member.id', 'approval.member_id')
    .leftJoin('users as person', 'person.id', 'member.user_id')
    .leftJoin('machines as machine', 'machine.id', 'approval.machine_id')
    .leftJoin('members as owner', 'owner.id', 'machine.owner_id')
    .selectAll('approval')
    .select([
      'token.label as token_label',
      'token.revoked_at',
      'token.expires_at as token_expires_at',
      'person.email',
      'member.user_id',
      'member.removed_at',
      'machine.name as machine_name',
      'machine.enabled as machine_enabled',
      'machine.removed_at as machine_removed_at',
      'owner.user_id as owner_user_id',
      'owner.removed_at as owner_removed_at',
    ])
    .where('approval.workspace_id', '=', workspace.id);

type Query = ReturnType<typeof selectApprovals>;
export type ApprovalRow = Awaited<ReturnType<Query['execute']>>[number];

/** Those that wait and could still be used. */
export const waiting = (query: Query, at: string): Query =>
  query
    .where('approval.state', '=', 'pending')
    .where('approval.expires_at', '>', at)
    .where('token.revoked_at', 'is', null)
    .where((row) => row.or([row('token.expires_at', 'is', null), row('token.expires_at', '>', at)]))
    .where('member.removed_at', 'is', null)
    .where('machine.removed_at', 'is', null)
    .where('owner.removed_at', 'is', null)
    .where((row) => row.or([row('machine.enabled', 'is', null), row('machine.enabled', '=', 1)]));

/** Whether a token of that kind is still one that a gateway takes: the same as `waiting` asks of the token. */
export const isLive = (row: ApprovalRow, at: string): boolean =>
  row.revoked_at === null &&
  (row.token_expires_at === null || row.token_expires_at > at) &&
  row.removed_at === null &&
  row.machine_removed_at === null &&
  row.owner_removed_at === null &&
  (row.machine_enabled === null || row.machine_enabled === 1);

/** Who asked, as rules name them. */
export function requesterOf(row: ApprovalRow): string {
  if (row.principal_kind === 'member') return `member:${row.email ?? row.member_id}`;
  if (row.principal_kind === 'machine') return `machine:${row.machine_name ?? row.machine_id}`;
  return 'workspace token';
}

/** Who looks at requests: who they are, and what they may approve as. */
export interface Viewer {
  /** Sees and decides everything but their own. */
  readonly administers: boolean;
  /** Null: no person of this installation, as the operator at the data folder. */
  readonly userId: string | null;
  /** `member:id` and `team:id`, as approvers are named; empty for who is no member. */
  readonly subjects: readonly string[];
  /** Who may approve calls of a tool now, as approvers are named. */
  readonly approvers: (row: Pick<ApprovalRow, 'server_id' | 'tool'>) => readonly string[];
}

/** Requests of the viewer and of machines they own. */
export const ownOnly = (query: Query, { userId }: Viewer): Query =>
  query.where((row) => row.or([row('member.user_id', '=', userId ?? ''), row('owner.user_id', '=', userId ?? '')]));

/** Requests the viewer may know of. */
export const visibleTo = (query: Query, viewer: Viewer): Query =>
  viewer.administers
    ? query
    : query.where((row) =>
        row.or([
          row('member.user_id', '=', viewer.userId ?? ''),
          row('owner.user_id', '=', viewer.userId ?? ''),
          // Ids are hexadecimal, so nothing in them is a wildcard.
          ...viewer.subjects.map((subject) => row('approval.approvers', 'like', `%"${subject}"%`)),
        ]),
      );

/** Whether the viewer asked for it, themself or by a machine they answer for. */
export const isOwn = (row: ApprovalRow, { userId }: Viewer): boolean =>
  userId !== null && (row.user_id === userId || row.owner_user_id === userId);

/** Whether the viewer is one of those who approve, then and now, were it not their own. */
export function isApprover(row: ApprovalRow, { administers, subjects, approvers }: Viewer): boolean {
  if (administers) return true;
  const named = (of: readonly string[]): boolean => of.some((subject) => subjects.includes(subject));
  return named(JSON.parse(row.approvers) as string[]) && named(approvers(row));
}
