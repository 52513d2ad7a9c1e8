import type { CallFacet, FacetName } from '@mcpnest/contract/schemas/call-answers';
import { setImmediate as turn } from 'node:timers/promises';
import { sql, type Kysely, type SqlBool } from 'kysely';
import { isoTime } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { hourMs, hourName, hourStart, sumCounts, wholeHours, type CountTerm } from '../counts.ts';
import type { Place } from '../cursor.ts';
import type { WorkspaceRef } from '../operation.ts';
import { readDirectory } from '../subjects.ts';
import { planCalls, statusClass, tokensOf, type CallFilter, type CallPlan } from './call-terms.ts';
import { beyond, selecting, timeTerms, untilEdge, windowEdge, windowRows } from './walk.ts';

/** Columns of rows that calls are counted by; machines are known by their tokens. */
const columns: Readonly<Record<FacetName, string>> = {
  outcome: 'outcome',
  status: 'status',
  method: 'method',
  server: 'server_slug',
  tool: 'tool_name',
  member: 'token_id',
  machine: 'token_id',
  token: 'token_id',
  rule: 'rule',
  errorCode: 'error_code',
  client: 'client_name',
};

/** What each table of counts knows, by the names of filters and facets. */
const counted = [
  {
    table: 'call_counts',
    knows: new Set(['outcome', 'status', 'statusClass', 'failed', 'method', 'server', 'tool', 'toolPrefix']),
  },
  {
    table: 'caller_counts',
    knows: new Set([
      ...['outcome', 'status', 'statusClass', 'failed', 'server'],
      ...['member', 'machine', 'token', 'memberId', 'machineId', 'tokenId', 'team'],
    ]),
  },
] as const;

type Source = (typeof counted)[number];

const shown = 20;
/** Rows that are read where counts do not answer. */
const mostRows = 60_000;

/** Calls by value of a column; null in place of a value is none. */
type Counts = Map<string | number | null, number>;

interface Tally {
  readonly counts: Counts;
  readonly complete: boolean;
  readonly countedFrom: string | null;
}

/** Counts by several columns, in their order. */
type Tallies = Omit<Tally, 'counts'> & { readonly counts: readonly Counts[] };

/**
 * Count the calls a search finds. Where counts know every filter, whole hours come from them and the two edges from
 * rows, which is exact; otherwise rows are read, newest first, as far as the bound on work allows.
 */
export async function countFacets(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  { by, ...filter }: CallFilter & { readonly by: readonly FacetName[] },
): Promise<CallFacet[]> {
  const span = await spanOfRows(db, workspace.id, filter);
  const filters = Object.entries(filter).flatMap(([name, value]) =>
    value === undefined || name === 'from' || name === 'to' ? [] : [name],
  );
  const sourceOf = (name: FacetName): Source | undefined =>
    counted.find(({ knows }) => span !== undefined && [name, ...filters].every((needed) => knows.has(needed)));
  const tallies = new Map<FacetName, Tally>();
  // What has one source is read in one go.
  for (const [source, facets] of Map.groupBy(by, sourceOf)) {
    const read = facets.map((name) => columns[name]);
    const { counts, ...state } =
      source === undefined || span === undefined
        ? await readFacets(db, await planCalls(db, workspace.id, filter), read)
        : await fromCounts(db, workspace.id, source.table, filter, read, span);
    for (const [index, name] of facets.entries()) tallies.set(name, { ...state, counts: counts[index]! });
  }
  const names = await namesOf(db, workspace);
  return by.map((name) => view(name, tallies.get(name)!, names));
}

/** The time rows are there of, within what was asked for; undefined: there are none. */
async function spanOfRows(
  db: Kysely<Schema>,
  workspaceId: string,
  filter: CallFilter,
): Promise<{ from: number; to: number } | undefined> {
  const edge = async (of: 'min' | 'max'): Promise<string | null> => {
    const rows = db.selectFrom('mcp_tool_calls').where('workspace_id', '=', workspaceId);
    return (await rows.select((row) => row.fn[of]('created_at').as('at')).executeTakeFirstOrThrow()).at;
  };
  const [oldest, newest] = [await edge('min'), await edge('max')];
  if (oldest === null || newest === null) return undefined;
  const from = Math.max(Date.parse(oldest), Date.parse(filter.from ?? oldest));
  // Where the end is open, the last hour is as good as whole: its counts are those of its rows.
  const end = hourStart(hourName(Date.parse(newest))) + hourMs;
  const to = filter.to === undefined ? end : Math.min(end, Date.parse(filter.to));
  return from < to ? { from, to } : undefined;
}

async function fromCounts(
  db: Kysely<Schema>,
  workspaceId: string,
  table: Source['table'],
  filter: CallFilter,
  by: readonly string[],
  { from, to }: { readonly from: number; readonly to: number },
): Promise<Tallies> {
  const hours = wholeHours(from, to);
  const counts: Counts[] = by.map(() => new Map());
  const whole = hours.from < hours.to;
  if (whole) {
    const asked = { workspaceId, hours, where: countTerms(filter), ofTokens: tokensOf(db, workspaceId, filter) };
    await sumCounts(db, table, { ...asked, columns: [...new Set(by)], sums: ['calls'] }, (row) => {
      for (const [index, column] of by.entries())
        add(counts[index]!, row[column] === '' ? null : row[column]!, row.calls);
    });
  }
  const [start, end] = whole ? [hourStart(hours.from), hourStart(hours.to)] : [to, to];
  let countedFrom: string | null = null;
  for (const edge of [
    { from, to: start },
    { from: end, to },
  ]) {
    if (edge.from >= edge.to) continue;
    const range = { from: isoTime(edge.from), to: isoTime(edge.to) };
    const read = await readFacets(db, await planCalls(db, workspaceId, { ...filter, ...range }), by);
    for (const [index, found] of read.counts.entries())
      for (const [value, calls] of found) add(counts[index]!, value, calls);
    countedFrom = read.countedFrom ?? countedFrom;
  }
  return { counts, complete: countedFrom === null, countedFrom };
}

const add = (counts: Counts, value: string | number | null, calls: number): void =>
  void counts.set(value, (counts.get(value) ?? 0) + calls);

/** Filters as the tables of counts have them. */
function countTerms(filter: CallFilter): CountTerm[] {
  const { server, tool, method, outcome, status, failed, toolPrefix } = filter;
  const equal = Object.entries({ server_slug: server, tool_name: tool, method, outcome, status }).flatMap(
    ([column, value]) => (value === undefined ? [] : [sql<SqlBool>`${sql.ref(column)} = ${value}`]),
  );
  const hundreds = statusClass(filter);
  if (hundreds !== undefined) equal.push(hundreds);
  if (failed !== undefined) equal.push(sql`outcome <> 'ok'`);
  if (toolPrefix !== undefined) equal.push(sql`substr(tool_name, 1, ${toolPrefix.length}) = ${toolPrefix}`);
  return equal;
}

/** Count rows by columns, window by window, newest first. */
async function readFacets(
  db: Kysely<Schema>,
  { keys, rest, from, to }: CallPlan,
  by: readonly string[],
): Promise<Tallies> {
  const counts: Counts[] = by.map(() => new Map());
  if (by.length === 0) return { counts, complete: true, countedFrom: null };
  const share = Math.max(windowRows, Math.floor(mostRows / Math.max(1, keys.length)));
  const unread: string[] = [];
  for (const key of keys) {
    let after: Place | undefined;
    for (let left = share; ; left -= windowRows) {
      const terms = [...key, ...timeTerms('newest', { from, to, after })];
      const edge = await windowEdge(db, terms, 'newest', windowRows);
      const { rows } = await sql<Record<string, string | number | null> & { calls: number }>`
        select ${sql.join(by.map((column, index) => sql`${sql.ref(column)} as ${sql.ref(`v${index}`)}`))},
          sum(repeat_count) as calls
        from (${selecting(db, [...terms, ...untilEdge('newest', edge), ...rest]).selectAll()}) as found
        group by ${sql.join([...new Set(by)].map((column) => sql.ref(column)))}`.execute(db);
      for (const row of rows) {
        for (const [index, found] of counts.entries()) add(found, row[`v${index}`]!, row.calls);
      }
      if (edge === undefined) break;
      if (left <= windowRows) {
        unread.push(edge);
        break;
      }
      after = beyond('newest', edge);
      await turn();
    }
  }
  return { counts, complete: unread.length === 0, countedFrom: unread.sort().at(-1) ?? null };
}

interface Names {
  /** By id of a token: its holder and its label. */
  readonly tokens: ReadonlyMap<string, { member: string | null; machine: string | null; label: string }>;
  readonly of: (kind: 'member' | 'machine', id: string) => string;
}

async function namesOf(db: Kysely<Schema>, workspace: WorkspaceRef): Promise<Names> {
  const directory = await readDirectory(db, workspace);
  const rows = await db
    .selectFrom('gateway_tokens')
    .select(['id', 'member_id as member', 'machine_id as machine', 'label'])
    .where('workspace_id', '=', workspace.id)
    .execute();
  return {
    tokens: new Map(rows.map((row) => [row.id, row])),
    of: (kind, id) => directory.name({ kind, id }).slice(kind.length + 1),
  };
}

function view(by: FacetName, { counts, complete, countedFrom }: Tally, names: Names): CallFacet {
  const values: Counts = new Map();
  for (const [value, calls] of counts) {
    const holder = by === 'member' || by === 'machine' ? (names.tokens.get(String(value))?.[by] ?? null) : value;
    add(values, holder, calls);
  }
  const ordered = [...values].sort(([a, x], [b, y]) => y - x || (String(a) < String(b) ? -1 : 1));
  const nameOf = (value: string): string | null => {
    if (by === 'token') return names.tokens.get(value)?.label ?? null;
    return by === 'member' || by === 'machine' ? names.of(by, value) : null;
  };
  return {
    by,
    complete,
    countedFrom,
    items: ordered.slice(0, shown).map(([value, calls]) => ({
      value: value === null ? null : String(value),
      name: value === null ? null : nameOf(String(value)),
      calls,
    })),
    others: ordered.slice(shown).reduce((sum, [, calls]) => sum + calls, 0),
  };
}
