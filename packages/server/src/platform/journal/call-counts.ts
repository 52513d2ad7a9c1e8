import { sql, type CompiledQuery, type Kysely, type Selectable, type Transaction } from 'kysely';
import { latencyBucket } from '../../domain/latency.ts';
import { isoTime } from '../clock.ts';
import { prefersRowByRow, runForEach } from '../database/row-by-row.ts';
import type { Schema } from '../database/schema.ts';
import type { CallRow } from './call-rows.ts';

/** The tables counts may name. */
export type CountTables = Pick<Schema, 'call_counts' | 'caller_counts' | 'health_history'>;

type CallCount = Selectable<Schema['call_counts']>;
type CallerCount = Selectable<Schema['caller_counts']>;

/** The hour (UTC) of a stored time, as the counts name it. */
export const hourOf = (time: string): string => time.slice(0, 13);

const sliceSizes = [64, 8, 1] as const;
/** Calls without a duration of their own. */
const noBucket = -1;

/**
 * Add rows that were just inserted to the counts, in their transaction: counted exactly once, or not inserted.
 * Groups are written in one order, so that two nodes at work on the same hour cannot wait for each other.
 */
export async function countCalls(tx: Transaction<CountTables>, rows: readonly CallRow[]): Promise<void> {
  const calls = new Map<string, CallCount>();
  const callers = new Map<string, CallerCount>();
  for (const row of rows) {
    const count = callCount(row);
    const { workspace_id, hour, server_slug, outcome, status } = count;
    // No part but the name of a tool is free text, and that stands last.
    const where = `${workspace_id} ${hour} ${server_slug} ${outcome} ${status} `;
    merge(calls, `${where}${count.latency_bucket} ${count.method} ${count.tool_name}`, count, callSums);
    const { calls: number, bytes_in, bytes_out } = count;
    const key = { workspace_id, hour, token_id: row.token_id, server_slug, outcome, status };
    merge(callers, where + row.token_id, { ...key, calls: number, bytes_in, bytes_out }, callerSums);
  }
  await upsert(tx, calls, (some) =>
    tx
      .insertInto('call_counts')
      .values(some)
      .onConflict((clash) => clash.columns(callKeys).doUpdateSet(added('call_counts', callSums)))
      .compile(),
  );
  await upsert(tx, callers, (some) =>
    tx
      .insertInto('caller_counts')
      .values(some)
      .onConflict((clash) => clash.columns(callerKeys).doUpdateSet(added('caller_counts', callerSums)))
      .compile(),
  );
}

async function upsert<Row extends object>(
  tx: Transaction<CountTables>,
  groups: ReadonlyMap<string, Row>,
  compile: (some: readonly Row[]) => CompiledQuery,
): Promise<void> {
  const rows = [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  if (rows.length === 0) return;
  if (prefersRowByRow(tx)) await runForEach(tx, compile(rows.slice(0, 1)), rows.map(Object.values));
  else for (const some of slices(rows)) await tx.executeQuery(compile(some));
}

/** What one row adds. A call that was cut off has an outcome and no duration: nobody saw its end. */
function callCount(row: CallRow): CallCount {
  const times = row.repeat_count ?? 1;
  const timed = row.dispatched === 1 && row.outcome !== 'unknown';
  return {
    workspace_id: row.workspace_id,
    hour: hourOf(row.created_at),
    server_slug: row.server_slug ?? '',
    tool_name: row.tool_name,
    method: row.method ?? 'tools/call',
    outcome: row.outcome,
    status: row.status,
    latency_bucket: timed ? latencyBucket(row.latency_ms) : noBucket,
    calls: times,
    would_deny: typeof row.would_deny === 'string' ? times : 0,
    latency_ms: timed ? row.latency_ms : 0,
    upstream_calls: typeof row.upstream_ms === 'number' ? 1 : 0,
    upstream_ms: row.upstream_ms ?? 0,
    bytes_in: row.bytes_in * times,
    bytes_out: row.bytes_out * times,
  };
}

const callKeys = [
  'workspace_id',
  'hour',
  'server_slug',
  'tool_name',
  'method',
  'outcome',
  'status',
  'latency_bucket',
] as const;
const callSums = [
  'calls',
  'would_deny',
  'latency_ms',
  'upstream_calls',
  'upstream_ms',
  'bytes_in',
  'bytes_out',
] as const;
const callerKeys = ['workspace_id', 'hour', 'token_id', 'server_slug', 'outcome', 'status'] as const;
const callerSums = ['calls', 'bytes_in', 'bytes_out'] as const;

function merge<Key extends string, Row extends Record<Key, number>>(
  groups: Map<string, Row>,
  key: string,
  more: Row,
  sums: readonly Key[],
): void {
  const known: Record<Key, number> | undefined = groups.get(key);
  if (known === undefined) groups.set(key, more);
  else for (const name of sums) known[name] += more[name];
}

const added = (table: string, keys: readonly string[]) =>
  Object.fromEntries(
    keys.map((key) => [key, sql<number>`${sql.ref(`${table}.${key}`)} + ${sql.ref(`excluded.${key}`)}`]),
  );

/** Slices of few sizes, so that few statements need be prepared. */
function* slices<Row>(rows: readonly Row[]): Generator<Row[]> {
  for (let from = 0; from < rows.length;) {
    const size = sliceSizes.find((one) => one <= rows.length - from)!;
    yield rows.slice(from, from + size);
    from += size;
  }
}

/** Days that counts which name nobody are kept, if rows are not kept longer: two years and a month to compare with. */
const anonymousDays = 760;
const dayMs = 86_400_000;

/**
 * Forget whom the counts name before a moment, once the rows of that time are gone; of calls as such only what is very
 * old.
 * @param before stored time
 * @param now milliseconds since the epoch
 */
export async function purgeCounts(
  db: Kysely<CountTables>,
  workspaceId: string,
  before: string,
  now: number,
): Promise<void> {
  const old = isoTime(now - anonymousDays * dayMs);
  await db
    .deleteFrom('caller_counts')
    .where('workspace_id', '=', workspaceId)
    .where('hour', '<', hourOf(before))
    .execute();
  await db
    .deleteFrom('call_counts')
    .where('workspace_id', '=', workspaceId)
    .where('hour', '<', hourOf(old < before ? old : before))
    .execute();
  await db.deleteFrom('health_history').where('at', '<', old).execute();
}
