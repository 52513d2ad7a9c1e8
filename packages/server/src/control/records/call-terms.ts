import type { callFilters } from '@mcpnest/contract/schemas/call-filters';
import { sql, type Kysely, type RawBuilder, type SelectQueryBuilder, type SqlBool } from 'kysely';
import type { z } from 'zod';
import { isoTime } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';

/** Filters of a search, as they were sent. */
export type CallFilter = z.output<z.ZodObject<typeof callFilters>>;

export type Term = RawBuilder<SqlBool>;

/**
 * How a search reads: through one index, which is walked once for every key, in the order of time; what the index does
 * not know is looked at row by row.
 */
export interface CallPlan {
  /** For each key the terms that find its rows by the index. None: nothing can match. */
  readonly keys: readonly (readonly Term[])[];
  readonly rest: readonly Term[];
  readonly from: string | undefined;
  /** Not included. */
  readonly to: string | undefined;
}

/** A condition in two forms: one an index answers, and one that no planner mistakes for a reason to take another index. */
interface Condition {
  readonly indexed: Term;
  readonly checked: Term;
}

const mostKeys = 64;
const mostNames = 2_000;

const equal = (column: string, value: string): Condition => ({
  indexed: sql`${sql.ref(column)} = ${value}`,
  checked: sql`${sql.ref(column)} || '' = ${value}`,
});

/** Choose the way to read: the condition that leaves the fewest rows leads, the others are checked. */
export async function planCalls(db: Kysely<Schema>, workspaceId: string, filter: CallFilter): Promise<CallPlan> {
  const workspace = equal('workspace_id', workspaceId);
  const rest = new Map<string, Term>();
  const check = (name: string, term: Term | undefined): void => void (term !== undefined && rest.set(name, term));
  const texts = {
    callId: 'id',
    traceId: 'trace_id',
    approvalId: 'approval_id',
    errorCode: 'error_code',
    tool: 'tool_name',
    rule: 'rule',
    server: 'server_slug',
    method: 'method',
    outcome: 'outcome',
    client: 'client_name',
  } as const;
  const named = new Map<string, Condition>();
  for (const [name, column] of Object.entries(texts) as [keyof typeof texts, string][]) {
    const value = filter[name];
    if (value === undefined) continue;
    named.set(name, equal(column, value));
    check(name, named.get(name)!.checked);
  }
  check('status', filter.status === undefined ? undefined : sql`status + 0 = ${filter.status}`);
  check('statusClass', statusClass(filter));
  check('failed', filter.failed === undefined ? undefined : sql`outcome || '' <> 'ok'`);
  check('class', classTerm(filter.class));
  const tokens = tokensOf(db, workspaceId, filter);
  if (tokens !== undefined) check('tokens', sql`token_id || '' in (${tokens})`);
  const { toolPrefix } = filter;
  if (toolPrefix !== undefined) check('toolPrefix', sql`substr(tool_name, 1, ${toolPrefix.length}) = ${toolPrefix}`);

  const range = { from: stored(filter.from), to: stored(filter.to) };
  const lead = (name: string, keys: readonly (readonly Term[])[], withWorkspace = true): CallPlan => {
    rest.delete(name);
    const checks = withWorkspace ? [] : [workspace.checked];
    const inWorkspace = withWorkspace ? [workspace.indexed] : [];
    return { keys: keys.map((key) => [...inWorkspace, ...key]), rest: [...checks, ...rest.values()], ...range };
  };
  const leadBy = (name: string): CallPlan => lead(name, [[named.get(name)!.indexed]], name !== 'callId');

  const first = ['callId', 'traceId', 'approvalId'].find((name) => named.has(name));
  if (first !== undefined) return leadBy(first);
  const ids = await leadingTokens(tokens, filter);
  if (ids !== undefined && ids.length <= mostKeys) {
    const keys = ids.map(({ id }) => [equal('token_id', id).indexed]);
    return lead('tokens', keys, false);
  }
  const second = ['errorCode', 'tool'].find((name) => named.has(name));
  if (second !== undefined) return leadBy(second);
  const tools = toolPrefix === undefined ? undefined : await toolsNamed(db, workspaceId, toolPrefix);
  if (tools !== undefined && tools.length <= mostKeys) {
    return lead(
      'toolPrefix',
      tools.map((tool) => [equal('tool_name', tool).indexed]),
    );
  }
  const third = ['rule', 'server'].find((name) => named.has(name));
  if (third !== undefined) return leadBy(third);
  // The text is that of the partial index, so that either engine knows it may use it.
  if (onlyFailed(filter)) return lead('', [[sql`outcome <> 'ok'`]]);
  return lead('', [[]]);
}

/** Stored times have milliseconds and compare as text, so a bound must be written the same way. */
export const stored = (time: string | undefined): string | undefined =>
  time === undefined ? undefined : isoTime(Date.parse(time));

/** Whether only calls can match whose outcome is not ok: those that are ok have the status 200. */
const onlyFailed = ({ outcome, failed, status = 200, statusClass: hundreds = '2xx' }: CallFilter): boolean =>
  failed !== undefined || (outcome !== undefined && outcome !== 'ok') || status >= 400 || hundreds !== '2xx';

/** Statuses of the same hundred. */
export function statusClass({ statusClass: hundreds }: CallFilter): Term | undefined {
  if (hundreds === undefined) return undefined;
  const from = Number(hundreds[0]) * 100;
  return sql`status + 0 between ${from} and ${from + 99}`;
}

const classTerm = (toolClass: CallFilter['class']): Term | undefined =>
  toolClass === undefined ? undefined : sql`tool_class || '' = ${toolClass}`;

/** The tokens of whoever is searched for, revoked ones included; undefined: of everybody. */
export function tokensOf(
  db: Kysely<Schema>,
  workspaceId: string,
  { tokenId, memberId, machineId, team }: CallFilter,
): SelectQueryBuilder<Schema, 'gateway_tokens', { id: string }> | undefined {
  if ([tokenId, memberId, machineId, team].every((named) => named === undefined)) return undefined;
  let tokens = db.selectFrom('gateway_tokens').select('id').where('workspace_id', '=', workspaceId);
  if (tokenId !== undefined) tokens = tokens.where('id', '=', tokenId);
  if (memberId !== undefined) tokens = tokens.where('member_id', '=', memberId);
  if (machineId !== undefined) tokens = tokens.where('machine_id', '=', machineId);
  if (team === undefined) return tokens;
  return tokens.where('member_id', 'in', (from) =>
    from
      .selectFrom('team_members')
      .innerJoin('teams', 'teams.id', 'team_members.team_id')
      .select('member_id')
      .where('teams.workspace_id', '=', workspaceId)
      .where('teams.slug', '=', team),
  );
}

/** Their ids, or as many as show that there are too many; one that is named need not be looked for. */
async function leadingTokens(
  tokens: ReturnType<typeof tokensOf>,
  { tokenId, memberId, machineId, team }: CallFilter,
): Promise<readonly { readonly id: string }[] | undefined> {
  const alone = [memberId, machineId, team].every((named) => named === undefined);
  if (alone) return tokenId === undefined ? undefined : [{ id: tokenId }];
  return tokens?.limit(mostKeys + 1).execute();
}

/** The names in a workspace's calls that begin so: one step of the index for each name there is, not for each row. */
async function toolsNamed(db: Kysely<Schema>, workspaceId: string, prefix: string): Promise<string[] | undefined> {
  const { rows } = await sql<{ name: string }>`
    with recursive names (name) as (
      select min(tool_name) from mcp_tool_calls where workspace_id = ${workspaceId}
      union all
      select (select min(tool_name) from mcp_tool_calls where workspace_id = ${workspaceId} and tool_name > names.name)
      from names where names.name is not null
    )
    select name from names where name is not null limit ${mostNames + 1}`.execute(db);
  if (rows.length > mostNames) return undefined;
  return rows.map(({ name }) => name).filter((name) => name.startsWith(prefix));
}
