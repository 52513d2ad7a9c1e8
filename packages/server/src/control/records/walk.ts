import { setImmediate as turn } from 'node:timers/promises';
import { sql, type Kysely, type Selectable } from 'kysely';
import type { Schema } from '../../platform/database/schema.ts';
import type { Place } from '../cursor.ts';
import type { CallPlan, Term } from './call-terms.ts';

export type Order = 'newest' | 'oldest';
export type CallRow = Selectable<Schema['mcp_tool_calls']> & { readonly machine_id: string | null };

export interface Walk {
  readonly rows: readonly CallRow[];
  /** Where to go on; undefined: there is no more. */
  readonly next: Place | undefined;
}

/** Rows looked at in one statement: calls share the process with us. */
export const windowRows = 2_000;
/** Rows looked at for one page. */
const mostRows = 60_000;

/**
 * A page of the calls a plan finds, in the order of time. Of several keys the rows are merged. What no index knows is
 * searched window by window until the page is full or enough was looked at; then the page is shorter and leads on.
 */
export async function walkCalls(
  db: Kysely<Schema>,
  plan: CallPlan,
  { order, limit, after }: { readonly order: Order; readonly limit: number; readonly after?: Place | undefined },
): Promise<Walk> {
  const reads = [];
  const budget = { rows: mostRows };
  for (const key of plan.keys) reads.push(await readKey(db, plan, key, { order, limit: limit + 1, after, budget }));
  const sign = order === 'newest' ? -1 : 1;
  const compare = (a: Place, b: Place): number =>
    sign * (a.at === b.at ? compareText(a.id, b.id) : compareText(a.at, b.at));
  // Beyond the nearest place where a key was left, other rows of that key may follow.
  const horizon = reads.flatMap(({ reached }) => reached ?? []).sort(compare)[0];
  const found = reads
    .flatMap(({ rows }) => rows)
    .filter((row) => horizon === undefined || compare(placeOf(row), horizon) <= 0)
    .sort((a, b) => compare(placeOf(a), placeOf(b)));
  const rows = found.slice(0, limit);
  return { rows, next: found.length > limit ? placeOf(rows.at(-1)!) : horizon };
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
export const placeOf = (row: { readonly created_at: string; readonly id: string }): Place => ({
  at: row.created_at,
  id: row.id,
});

interface KeyRead {
  readonly rows: readonly CallRow[];
  /** Up to where every row of the key was seen; undefined: to the end. */
  readonly reached: Place | undefined;
}

async function readKey(
  db: Kysely<Schema>,
  { rest, from, to }: CallPlan,
  key: readonly Term[],
  {
    order,
    limit,
    after,
    budget,
  }: {
    readonly order: Order;
    readonly limit: number;
    readonly after: Place | undefined;
    readonly budget: { rows: number };
  },
): Promise<KeyRead> {
  const rows: CallRow[] = [];
  for (let place = after; ;) {
    const terms = [...key, ...timeTerms(order, { from, to, after: place })];
    const edge = rest.length === 0 ? undefined : await windowEdge(db, terms, order, windowRows);
    const read = await readRows(db, [...terms, ...untilEdge(order, edge), ...rest], order, limit - rows.length);
    rows.push(...read);
    if (rows.length >= limit) return { rows, reached: placeOf(rows.at(-1)!) };
    if (edge === undefined) return { rows, reached: undefined };
    place = beyond(order, edge);
    budget.rows -= windowRows;
    if (budget.rows <= 0) return { rows, reached: place };
    await turn();
  }
}

/** Time of the last row of the next window; undefined: the rows end before. */
export const windowEdge = async (
  db: Kysely<Schema>,
  terms: readonly Term[],
  order: Order,
  size: number,
): Promise<string | undefined> => (await edgeQuery(db, terms, order, size).executeTakeFirst())?.created_at;

/** The statement that finds it; a test shows its plan. */
export const edgeQuery = (db: Kysely<Schema>, terms: readonly Term[], order: Order, size: number) =>
  selecting(db, terms)
    .select('created_at')
    .orderBy('created_at', direction(order))
    .limit(1)
    .offset(size - 1);

/** The rows up to the edge of a window, those of the same moment included. */
export const untilEdge = (order: Order, edge: string | undefined): Term[] => {
  if (edge === undefined) return [];
  return [order === 'newest' ? sql`created_at >= ${edge}` : sql`created_at <= ${edge}`];
};

/** Ids are UUIDs: nothing of that moment comes before the one, or after the other. */
export const beyond = (order: Order, edge: string): Place => ({ at: edge, id: order === 'newest' ? '0' : 'g' });

/** Bounds of time as an index takes them; the id decides only among rows of one moment. */
export function timeTerms(
  order: Order,
  {
    from,
    to,
    after,
  }: { readonly from: string | undefined; readonly to: string | undefined; readonly after: Place | undefined },
): Term[] {
  const terms: Term[] = [];
  if (order === 'newest') {
    if (from !== undefined) terms.push(sql`created_at >= ${from}`);
    if (after !== undefined) {
      terms.push(sql`created_at <= ${after.at}`, sql`(created_at || '' < ${after.at} or id || '' < ${after.id})`);
    } else if (to !== undefined) terms.push(sql`created_at < ${to}`);
  } else {
    if (to !== undefined) terms.push(sql`created_at < ${to}`);
    if (after !== undefined) {
      terms.push(sql`created_at >= ${after.at}`, sql`(created_at || '' > ${after.at} or id || '' > ${after.id})`);
    } else if (from !== undefined) terms.push(sql`created_at >= ${from}`);
  }
  return terms;
}

const direction = (order: Order): 'asc' | 'desc' => (order === 'newest' ? 'desc' : 'asc');

/** Rows of calls under these terms. */
export function selecting(db: Kysely<Schema>, terms: readonly Term[]) {
  let rows = db.selectFrom('mcp_tool_calls');
  for (const term of terms) rows = rows.where(term);
  return rows;
}

/** The statement of one page; a test shows its plan. */
export const rowsQuery = (db: Kysely<Schema>, terms: readonly Term[], order: Order, limit: number) =>
  selecting(db, terms)
    .selectAll('mcp_tool_calls')
    .select((row) =>
      row
        .selectFrom('gateway_tokens')
        .select('machine_id')
        .whereRef('gateway_tokens.id', '=', 'mcp_tool_calls.token_id')
        .as('machine_id'),
    )
    .orderBy('created_at', direction(order))
    // Written so that no index seems better for bringing the ids in order: only rows of one moment need sorting.
    .orderBy(sql`id || ''`, direction(order))
    .limit(limit);

const readRows = (db: Kysely<Schema>, terms: readonly Term[], order: Order, limit: number): Promise<CallRow[]> =>
  rowsQuery(db, terms, order, limit).execute();
