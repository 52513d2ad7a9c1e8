import { setImmediate as turn } from 'node:timers/promises';
import { sql, type Expression, type Kysely, type RawBuilder, type SqlBool } from 'kysely';
import { isoTime } from '../platform/clock.ts';
import type { Schema } from '../platform/database/schema.ts';

/** Whole hours (UTC) as the counts name them, the second not included. */
export interface Hours {
  readonly from: string;
  readonly to: string;
}

export const hourMs = 3_600_000;
/** Hours that are summed in one statement, a part of a day: calls share the process with us. */
const hoursAtOnce = 6;

/** The name of the hour a moment lies in. @param at milliseconds since the epoch */
export const hourName = (at: number): string => isoTime(at).slice(0, 13);

/** The start of an hour. @returns milliseconds since the epoch */
export const hourStart = (hour: string): number => Date.parse(`${hour}:00:00.000Z`);

/** The hours that lie wholly between two moments in milliseconds. */
export const wholeHours = (from: number, to: number): Hours => ({
  from: hourName(Math.ceil(from / hourMs) * hourMs),
  to: hourName(to),
});

type Table = 'call_counts' | 'caller_counts';
export type CountTerm = RawBuilder<SqlBool>;

/** What is told apart, and what it adds up to. */
type CountSum<Key extends string, Sum extends string> = {
  readonly [K in Key]: K extends 'status' | 'latency_bucket' ? number : string;
} & { readonly [S in Sum]: number };

/**
 * Sum counts of a workspace over hours, a few hours at a time with room for others between, newest first.
 * @param columns what to tell apart
 * @param sums what to add up
 * @param fold called with every sum of some hours of a day, and the day as `2026-11-21`
 */
export async function sumCounts<Key extends string, Sum extends string>(
  db: Kysely<Schema>,
  table: Table,
  {
    workspaceId,
    hours,
    where = [],
    ofTokens,
    columns,
    sums,
  }: {
    readonly workspaceId: string;
    readonly hours: Hours;
    readonly where?: readonly CountTerm[];
    /** Only of these tokens, which then lead to their counts. */
    readonly ofTokens?: Expression<unknown> | undefined;
    readonly columns: readonly Key[];
    readonly sums: readonly Sum[];
  },
  fold: (row: CountSum<Key, Sum>, day: string) => void,
): Promise<void> {
  const first = hourStart(hours.from);
  for (let to = hourStart(hours.to); to > first;) {
    const from = Math.max(first, Math.floor((to - 1) / (hoursAtOnce * hourMs)) * hoursAtOnce * hourMs);
    const terms = [
      // As an expression, so that the index of tokens is not passed over for that of the workspace.
      ofTokens === undefined ? sql`workspace_id = ${workspaceId}` : sql`workspace_id || '' = ${workspaceId}`,
      ...(ofTokens === undefined ? [] : [sql`token_id in (${ofTokens})`]),
      sql`hour >= ${hourName(from)}`,
      sql`hour < ${hourName(to)}`,
      ...where,
    ];
    const { rows } = await sql<CountSum<Key, Sum>>`
      select ${sql.join([
        ...columns.map((column) => sql.ref(column)),
        ...sums.map((name) => sql`sum(${sql.ref(name)}) as ${sql.ref(name)}`),
      ])}
      from ${sql.table(table)} where ${sql.join(terms, sql` and `)}
      ${columns.length === 0 ? sql`having count(*) > 0` : sql`group by ${sql.join(columns.map((column) => sql.ref(column)))}`}
    `.execute(db);
    for (const row of rows) fold(row, hourName(from).slice(0, 10));
    to = from;
    await turn();
  }
}

/** The first and last hour a workspace has counts of; undefined: it has none. */
export async function countedHours(db: Kysely<Schema>, workspaceId: string): Promise<Hours | undefined> {
  const edge = (of: 'min' | 'max') =>
    db
      .selectFrom('call_counts')
      .select((row) => row.fn[of]('hour').as('hour'))
      .where('workspace_id', '=', workspaceId)
      .executeTakeFirstOrThrow();
  const [first, last] = [await edge('min'), await edge('max')];
  if (first.hour === null || last.hour === null) return undefined;
  return { from: first.hour, to: hourName(hourStart(last.hour) + hourMs) };
}

/** The counts of a span that may be open, in whole hours; no longer than there are counts. */
export async function hoursBetween(
  db: Kysely<Schema>,
  workspaceId: string,
  from: number | undefined,
  to: number | undefined,
): Promise<Hours | undefined> {
  const counted = await countedHours(db, workspaceId);
  if (counted === undefined) return undefined;
  const first = from === undefined ? counted.from : hourName(from);
  const last = to === undefined ? counted.to : hourName(Math.ceil(to / hourMs) * hourMs);
  const hours = { from: first > counted.from ? first : counted.from, to: last < counted.to ? last : counted.to };
  return hours.from < hours.to ? hours : undefined;
}
