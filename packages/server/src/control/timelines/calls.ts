import type { Timeline, TimelineEntry, TokenLife } from '@mcpnest/contract/schemas/timelines';
import { sql, type Kysely, type RawBuilder, type SqlBool } from 'kysely';
import { callFault } from '../../domain/call-fault.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { hoursBetween, sumCounts, type CountTerm } from '../counts.ts';
import type { WorkspaceRef } from '../operation.ts';
import { planCalls, walkCalls } from '../records/records.ts';

/** A span of stored times, open at either end. */
export interface Span {
  readonly from: string | undefined;
  readonly to: string | undefined;
}

interface HourCount {
  readonly hour: string;
  readonly outcome: string;
  readonly status: number;
  readonly calls: number;
}

/** Hours with calls, newest first, each an entry with how its calls ended. */
export async function callHours(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  whose: { readonly tokens: RawBuilder<unknown> } | { readonly called: CountTerm },
  { from, to }: Span,
): Promise<{ items: TimelineEntry[]; total: number; complete: boolean }> {
  const [first, last] = [from, to].map((time) => (time === undefined ? undefined : Date.parse(time)));
  const span = await hoursBetween(db, workspace.id, first, last);
  if (span === undefined) return { items: [], total: 0, complete: true };
  const counts: HourCount[] = [];
  const columns = ['hour', 'outcome', 'status'] as const;
  const asked = { workspaceId: workspace.id, hours: span, columns, sums: ['calls'] as const };
  const add = (row: HourCount): void => void counts.push(row);
  if ('tokens' in whose) await sumCounts(db, 'caller_counts', { ...asked, ofTokens: whose.tokens }, add);
  else await sumCounts(db, 'call_counts', { ...asked, where: [whose.called] }, add);
  const hours = Map.groupBy(counts, (row) => row.hour);
  const items = [...hours].map(([hour, found]): TimelineEntry => {
    const sum = (holds: (row: HourCount) => boolean): number =>
      found.filter(holds).reduce((calls, row) => calls + row.calls, 0);
    const calls = sum(() => true);
    const failed = sum((row) => row.outcome !== 'ok');
    const denied = sum((row) => callFault(row.outcome, row.status) === 'denied');
    const what = `${calls} calls in this hour${failed === 0 ? '' : `, ${failed} not ok`}`;
    return { at: `${hour}:00:00.000Z`, kind: 'calls', what, by: null, facts: { calls, failed, denied } };
  });
  return { items, total: counts.reduce((calls, row) => calls + row.calls, 0), complete: true };
}

/** When the first and the last call were that a filter finds. */
export async function firstAndLast(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  filter: Parameters<typeof planCalls>[2],
): Promise<Pick<Timeline['calls'], 'firstAt' | 'lastAt'>> {
  const plan = await planCalls(db, workspace.id, filter);
  const [first] = (await walkCalls(db, plan, { order: 'oldest', limit: 1 })).rows;
  const [last] = (await walkCalls(db, plan, { order: 'newest', limit: 1 })).rows;
  return { firstAt: first?.created_at ?? null, lastAt: last?.created_at ?? null };
}

export interface Token {
  readonly id: string;
  readonly label: string;
  readonly created_at: string;
  readonly revoked_at: string | null;
  readonly expires_at: string | null;
}

/** Tokens of one holder whose life is told; of one that had more, the newest. */
const mostTokens = 200;

/** What became of the tokens of a holder: when each was issued, revoked, first and last used. */
export async function tokenLives(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  holder: string,
  tokens: readonly Token[],
): Promise<TokenLife[]> {
  const lives: TokenLife[] = [];
  for (const token of tokens.slice(0, mostTokens)) {
    const { firstAt, lastAt } = await firstAndLast(db, workspace, { tokenId: token.id });
    const late = await db
      .selectFrom('mcp_tool_calls')
      .select((row) => row.fn.countAll<number>().as('calls'))
      .where('token_id', '=', token.id)
      .where('created_at', '>', token.revoked_at ?? '~')
      .where(sql<SqlBool>`workspace_id || '' = ${workspace.id}`)
      .executeTakeFirstOrThrow();
    lives.push({
      ...{ id: token.id, label: token.label, holder },
      ...{ createdAt: token.created_at, revokedAt: token.revoked_at, expiresAt: token.expires_at },
      ...{ firstCallAt: firstAt, lastCallAt: lastAt, callsAfterRevocation: late.calls },
      secondsToLastCall:
        token.revoked_at === null || lastAt === null
          ? null
          : (Date.parse(lastAt) - Date.parse(token.revoked_at)) / 1_000,
    });
  }
  return lives;
}
