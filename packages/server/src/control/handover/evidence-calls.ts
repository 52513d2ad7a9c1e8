import { setImmediate as nextTurn } from 'node:timers/promises';
import { sql } from 'kysely';
import { isoTime } from '../../platform/clock.ts';
import { table, type PackScope, type Table } from './evidence-tables.ts';

/** Calls that are summed in one statement: calls that are served share the process with it. */
const windowRows = 5_000;

/** The period as spans of about as many calls each, oldest first. */
async function* spansOf({ db, workspaceId, from, to }: PackScope): AsyncGenerator<{ from: string; to: string }> {
  for (let start = from; start < to;) {
    const next = await db
      .selectFrom('mcp_tool_calls')
      .select('created_at')
      .where('workspace_id', '=', workspaceId)
      .where('created_at', '>=', start)
      .where('created_at', '<', to)
      .orderBy('created_at')
      .limit(1)
      .offset(windowRows)
      .executeTakeFirst();
    // However many there are of one moment, they are in one span.
    const end = next === undefined ? to : next.created_at > start ? next.created_at : isoTime(Date.parse(start) + 1);
    yield { from: start, to: end };
    start = end;
    await nextTurn();
  }
}

const callsIn = ({ db, workspaceId }: PackScope, span: { readonly from: string; readonly to: string }) =>
  db
    .selectFrom('mcp_tool_calls')
    .where('workspace_id', '=', workspaceId)
    .where('created_at', '>=', span.from)
    .where('created_at', '<', span.to);

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** How the calls of the period ended, by server. */
export async function* outcomesIn(scope: PackScope): Table {
  yield ['server_slug', 'outcome', 'error_code', 'calls'];
  const sums = new Map<string, { readonly cells: readonly (string | null)[]; calls: number }>();
  for await (const span of spansOf(scope)) {
    const rows = await callsIn(scope, span)
      .select(['server_slug', 'outcome', 'error_code'])
      .select((row) => row.fn.sum<number>('repeat_count').as('calls'))
      .groupBy(['server_slug', 'outcome', 'error_code'])
      .execute();
    for (const { server_slug, outcome, error_code, calls } of rows) {
      const cells = [server_slug, outcome, error_code];
      const key = JSON.stringify(cells.map((cell) => cell ?? ''));
      const sum = sums.get(key);
      if (sum === undefined) sums.set(key, { cells, calls });
      else sum.calls += calls;
    }
  }
  for (const [, { cells, calls }] of [...sums].sort(([a], [b]) => compareText(a, b))) yield [...cells, calls];
}

/** What a node recorded between one of its starts and the next. */
interface Start {
  readonly node: string;
  readonly end_epoch: number;
  rows: number;
  first_seq: number;
  last_seq: number;
  readonly first_at: string;
  last_at: string;
}

/** What each node recorded in the period, start by start: a start that is missing between two shows as one. */
export async function* callsByNode(scope: PackScope): Table {
  yield ['node', 'end_epoch', 'rows', 'first_seq', 'last_seq', 'first_at', 'last_at'];
  const starts = new Map<string, Start>();
  for await (const span of spansOf(scope)) {
    const rows = await callsIn(scope, span)
      .select(['node', 'end_epoch'])
      .select((row) => [
        row.fn.countAll<number>().as('rows'),
        row.fn.min<number>('end_seq').as('first_seq'),
        row.fn.max<number>('end_seq').as('last_seq'),
        row.fn.min('created_at').as('first_at'),
        row.fn.max('created_at').as('last_at'),
      ])
      .groupBy(['node', 'end_epoch'])
      .execute();
    for (const row of rows) {
      const key = `${row.node} ${String(row.end_epoch).padStart(16, '0')}`;
      const start = starts.get(key);
      if (start === undefined) starts.set(key, row);
      else {
        start.rows += row.rows;
        start.first_seq = Math.min(start.first_seq, row.first_seq);
        start.last_seq = Math.max(start.last_seq, row.last_seq);
        start.last_at = row.last_at;
      }
    }
  }
  for (const [, start] of [...starts].sort(([a], [b]) => compareText(a, b))) {
    const { node, end_epoch, rows, first_seq, last_seq, first_at, last_at } = start;
    yield [node, end_epoch, rows, first_seq, last_seq, first_at, last_at];
  }
}

/**
 * Who became or ceased to be a member in the period, with the last call of theirs that was let through, ever: of each
 * of their tokens the last is at the end of an index.
 */
export const joinedAndLeft = ({ db, workspaceId, from, to }: PackScope): Table =>
  table(['id', 'email', 'role', 'created_at', 'removed_at', 'last_accepted_call'], (after) =>
    db
      .selectFrom('members')
      .innerJoin('users', 'users.id', 'members.user_id')
      .select(['members.id', 'email', 'role', 'members.created_at', 'removed_at'])
      .select(
        sql<string | null>`(select max(at) from (
          select (select created_at from mcp_tool_calls
            where token_id = token.id and dispatched = 1 order by created_at desc limit 1) as at
          from gateway_tokens token where token.workspace_id = ${workspaceId} and token.member_id = members.id) as last)`.as(
          'last_accepted_call',
        ),
      )
      .where('members.workspace_id', '=', workspaceId)
      .where((row) =>
        row.or([
          row.and([row('members.created_at', '>=', from), row('members.created_at', '<', to)]),
          row.and([row('removed_at', '>=', from), row('removed_at', '<', to)]),
        ]),
      )
      .where('members.id', '>', after)
      .orderBy('members.id'),
  );
