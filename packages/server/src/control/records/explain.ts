import type { CallExplanation } from '@mcpnest/contract/schemas/explanations';
import type { Kysely, Selectable } from 'kysely';
import { notFound } from '../../domain/errors.ts';
import { principalOfToken, type Principal } from '../../domain/policy.ts';
import { decideAgain, decidedBy, type RecordedCall, type Replay } from '../../domain/policy/replay.ts';
import { timeOfId } from '../../domain/ids.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { filterName } from '../../platform/journal/encode.ts';
import { readPolicyVersion, type KeptPolicy } from '../../platform/policy-history.ts';
import { emailsOf } from '../actor-emails.ts';
import type { WorkspaceRef } from '../operation.ts';
import { readDirectory, type Directory } from '../subjects.ts';
import { decisionOf, inForceAt } from './policy-words.ts';
import { findCall, toToolCall } from './records.ts';

type CallRow = Selectable<Schema['mcp_tool_calls']>;

/** Decided is decided this long before the record's own times at most: clocks are read more than once. */
const slackMs = 1_000;

/**
 * Ask the policy of then once more about a recorded call.
 * @throws AppError `not_found` for a call that is not, or no longer, on record in this workspace
 */
export async function explainCall(db: Kysely<Schema>, workspace: WorkspaceRef, id: string): Promise<CallExplanation> {
  const row = await findCall(db, workspace.id, id);
  if (row === undefined) throw notFound('call', id);
  const directory = await readDirectory(db, workspace);
  const policy = await readPolicyVersion(db, workspace.id, row.policy_version);
  const token = policy?.snapshot.tokens.find((one) => one.id === row.token_id);
  const principal = token === undefined ? undefined : principalOfToken(workspace.id, token);
  const call = await recordedCall(db, row);
  const replay =
    policy === undefined || principal === undefined || call === undefined
      ? undefined
      : decideAgain(policy.snapshot, principal, call, recordedDecision(row));
  const at = replay?.at ?? Date.parse(row.created_at);
  const decision = replay === undefined ? null : decisionOf(replay, policy!.snapshot, directory);
  const author = decision?.author ?? null;
  return {
    call: toToolCall(row),
    ...verdictOf(row, policy, principal, call, replay),
    policy: policy === undefined ? null : shownPolicy(policy, row),
    caller: principal === undefined ? null : callerOf(principal, token!.scope, directory),
    decision: decision && { ...decision, authorEmail: author === null ? null : await emailOf(db, author) },
    inForce: policy === undefined ? null : inForceAt(policy.snapshot, call, replay, directory, at),
    approval: await approvalOf(db, workspace, row.approval_id),
  };
}

/** What was asked for; undefined where that meant nothing the gateway knew. */
async function recordedCall(db: Kysely<Schema>, row: CallRow): Promise<RecordedCall | undefined> {
  if (row.server_slug === null || row.server_id === null || row.rule === null) return undefined;
  if (decidedBy(row.rule) === 'form') return undefined;
  const written = Date.parse(row.created_at);
  return {
    method: row.method,
    serverSlug: row.server_slug,
    name: await ownName(db, row, row.server_id),
    definitionHash: row.definition_hash,
    notBefore: Math.min(timeOfId(row.id) ?? written, written) - slackMs,
    notAfter: written,
  };
}

/** Records keep names short and plain; the whole one is among those that were ever handed out. */
async function ownName(db: Kysely<Schema>, { workspace_id, tool_name }: CallRow, serverId: string): Promise<string> {
  if (!/~[0-9a-f]{8}$/.test(tool_name)) return tool_name;
  const names = await db
    .selectFrom('handed_out_names')
    .select('own')
    .where('workspace_id', '=', workspace_id)
    .where('server_id', '=', serverId)
    .execute();
  return names.find(({ own }) => filterName(own) === tool_name)?.own ?? tool_name;
}

const recordedDecision = (row: CallRow) => ({
  rule: row.rule ?? '',
  wouldDeny: row.would_deny,
  refused:
    row.outcome !== 'denied' ? ('no' as const) : row.status === 404 ? ('as unknown' as const) : ('visibly' as const),
});

function verdictOf(
  row: CallRow,
  policy: KeptPolicy | undefined,
  principal: Principal | undefined,
  call: RecordedCall | undefined,
  replay: Replay | undefined,
): Pick<CallExplanation, 'verdict' | 'reason'> {
  const by = row.rule === null ? 'form' : decidedBy(row.rule);
  if (call === undefined) {
    if (by === 'budget') return notDecided(`${overBudget(row)} That was before it was known what it called.`);
    return notDecided(
      'It was refused for its form or for a name that means nothing here; there was nothing to decide.',
    );
  }
  if (policy === undefined) return unproven(`Version ${row.policy_version} of the policy is not kept any more.`);
  if (!policy.intact) return unproven('The policy that is kept has been changed since it was stored.');
  if (row.policy_digest !== null && row.policy_digest !== policy.digest)
    return unproven('The policy that is kept is not the one the record names.');
  if (principal === undefined || replay === undefined)
    return { verdict: 'different', reason: 'That version of the policy knows no such token.' };
  if (!replay.same) return { verdict: 'different', reason: 'Asked again, the policy of then gives another answer.' };
  if (by === 'budget') return notDecided(`${overBudget(row)} The policy itself allows the call.`);
  return { verdict: 'same', reason: sameReasons[by] };
}

const overBudget = ({ rule }: CallRow): string =>
  `A budget was used up (${rule}). Budgets are counters and are not run again.`;
const notDecided = (reason: string) => ({ verdict: 'not-decided', reason }) as const;
const unproven = (reason: string) => ({ verdict: 'unproven', reason }) as const;

const sameReasons = {
  policy: 'Asked again, the policy of then gives the recorded answer.',
  approval: 'The policy of then allows the call once somebody has approved it, as the record says.',
  drill: 'The policy of then allows the call; a failure drill answered in place of the server, as the record says.',
  form: '',
} as const;

const shownPolicy = ({ version, digest, createdAt, eventId, intact }: KeptPolicy, row: CallRow) => ({
  ...{ version, digest, since: createdAt, eventId, intact },
  asRecorded: row.policy_digest === null ? null : row.policy_digest === digest,
});

function callerOf(principal: Principal, scope: readonly string[] | null, directory: Directory) {
  const { memberId, machineId, label, teams } = principal;
  const subject =
    memberId !== null
      ? directory.name({ kind: 'member', id: memberId })
      : machineId !== null
        ? directory.name({ kind: 'machine', id: machineId })
        : 'workspace token';
  return {
    subject,
    tokenLabel: label,
    teams: teams.map((id) => directory.name({ kind: 'team', id })),
    scope: scope === null ? null : [...scope],
  };
}

const emailOf = async (db: Kysely<Schema>, actor: string): Promise<string | null> =>
  (await emailsOf(db, [actor])).get(actor) ?? null;

async function approvalOf(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  id: string | null,
): Promise<CallExplanation['approval']> {
  if (id === null) return null;
  const row = await db
    .selectFrom('approvals')
    .select(['id', 'state', 'decided_by', 'decided_at'])
    .where('workspace_id', '=', workspace.id)
    .where('id', '=', id)
    .executeTakeFirst();
  return row === undefined
    ? null
    : { id: row.id, state: row.state, decidedBy: row.decided_by, decidedAt: row.decided_at };
}
