import { readFileSync } from 'node:fs';
import { sql, type Kysely } from 'kysely';
import type { Schema } from '../../platform/database/schema.ts';

/**
 * Fill a workspace with calls by SQL alone, many thousand to a statement. Spread over servers, tools, tokens, outcomes
 * and latencies as real ones are: a few of everything make most of the calls.
 */
export interface Seed {
  readonly workspaceId: string;
  readonly rows: number;
  /** Days up to and including the last, over which the calls are spread evenly. */
  readonly days: number;
  readonly lastDay: string;
  readonly servers: number;
  readonly toolsPerServer: number;
  /** Number of the first call, 0 unless said: ids and sequence numbers are made of it. */
  readonly firstNumber?: number;
  readonly tokens: readonly { readonly id: string; readonly memberId: string | null; readonly kind: string }[];
}

const dayMs = 86_400_000;

/** Insert the calls, not their counts. */
export async function seedCalls(db: Kysely<Schema>, seed: Seed): Promise<void> {
  const perDay = Math.ceil(seed.rows / seed.days);
  const last = Date.parse(`${seed.lastDay}T00:00:00.000Z`);
  for (let day = 0, done = 0; done < seed.rows; day++, done += perDay) {
    const date = new Date(last - (seed.days - 1 - day) * dayMs).toISOString().slice(0, 10);
    const first = (seed.firstNumber ?? 0) + done;
    await seedDay(db, seed, { date, first, rows: Math.min(perDay, seed.rows - done), perDay });
  }
}

/** Count them as the migration counts rows that were there before. */
export async function countSeed(db: Kysely<Schema>): Promise<void> {
  await db.deleteFrom('call_counts').execute();
  await db.deleteFrom('caller_counts').execute();
  for (const statement of countingStatements()) await sql.raw(statement).execute(db);
}

const countingStatements = (): string[] =>
  readFileSync(new URL('../../platform/database/migrations/0012-questions.sql', import.meta.url), 'utf8')
    .replace(/^\s*--.*$/gm, '')
    .split(/;[ \t]*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement.startsWith('insert into'));

async function seedDay(
  db: Kysely<Schema>,
  { workspaceId, servers, toolsPerServer, tokens }: Seed,
  { date, first, rows, perDay }: { date: string; first: number; rows: number; perDay: number },
): Promise<void> {
  // Numbers that repeat with no period a query would meet: multiples of primes, cut down.
  const mixed = (factor: number, size: number) => sql`((i * ${sql.lit(factor)}) % 1000003 % ${sql.lit(size)})`;
  // The square of a share is small more often than large: few servers, tools and tokens have most of the calls.
  const skewed = (factor: number, size: number) => {
    const share = mixed(factor, 1_000);
    return sql`(${share} * ${share} * ${sql.lit(size)} / 1000000)`;
  };
  const padded = (value: unknown, digits: number) =>
    sql`substr(cast(${sql.lit(10 ** digits)} + ${value} as text), 2, ${sql.lit(digits)})`;
  const millisecond = sql`((i - ${sql.lit(first)}) * ${sql.lit(Math.floor(dayMs / perDay))})`;
  const time = sql`${sql.lit(`${date}T`)} || ${padded(sql`${millisecond} / 3600000`, 2)} || ':' || ${padded(sql`${millisecond} / 60000 % 60`, 2)}
    || ':' || ${padded(sql`${millisecond} / 1000 % 60`, 2)} || '.' || ${padded(sql`${millisecond} % 1000`, 3)} || 'Z'`;
  const pick = (index: unknown, values: readonly (string | number | null)[]) =>
    sql`case ${index} ${sql.join(
      values.slice(1).map((value, at) => sql`when ${sql.lit(at + 1)} then ${sql.lit(value)}`),
      sql` `,
    )} else ${sql.lit(values[0]!)} end`;
  const outcomes = ['ok', 'denied', 'tool_error', 'transport', 'throttled', 'unknown'];
  const latency = sql`(20 + ${mixed(7919, 40)} + case when ${mixed(104_729, 20)} = 0 then ${mixed(15_485_863, 4_000)} else 0 end)`;
  await sql`
    insert into mcp_tool_calls (id, workspace_id, member_id, token_id, principal_kind, server_id, server_slug, tool_name,
      method, status, outcome, error_code, latency_ms, upstream_ms, created_at, dispatched, rule, policy_version, era,
      client_name, tool_class, bytes_in, bytes_out, trace_id, approval_id, node, epoch, seq, end_epoch, end_seq, repeat_count)
    with recursive numbers (i) as (
      select cast(${sql.lit(first)} as bigint) union all select i + 1 from numbers where i + 1 < ${sql.lit(first + rows)}
    ), picked as (
      select i, ${skewed(15_485_867, tokens.length)} as who, ${skewed(32_452_843, servers)} as server,
        ${skewed(49_979_687, toolsPerServer)} as tool, case when ${mixed(67_867_967, 12)} > 0 then 0 else ${mixed(86_028_121, 5)} + 1 end as ending,
        ${latency} as ms
      from numbers
    )
    select '01990000-0000-7000-8000-' || ${padded(sql`i`, 12)}, ${sql.lit(workspaceId)},
      ${pick(
        sql`who`,
        tokens.map(({ memberId }) => memberId),
      )}, ${pick(
        sql`who`,
        tokens.map(({ id }) => id),
      )},
      ${pick(
        sql`who`,
        tokens.map(({ kind }) => kind),
      )},
      'server-' || server, 's' || server, 's' || server || '_tool_' || tool, 'tools/call',
      ${pick(sql`ending`, [200, 403, 200, 502, 429, 504])}, ${pick(sql`ending`, outcomes)},
      ${pick(sql`ending`, [null, 'denied_by_policy', 'tool_error', 'reset', 'rate_limited', 'upstream_timeout'])},
      ms, case when ending in (1, 4, 5) then null else ms end, ${time},
      case when ending in (1, 4) then 0 else 1 end,
      case ending when 1 then 'not-listed' when 4 then 'limit:server.perMinute' else 'member' end,
      1, 'modern', case when i % 3 = 0 then 'cursor' else 'claude-code' end, case when tool % 3 = 0 then 'read' else 'write' end, 100 + i % 50, 1000 + i % 500,
      case when i % 1000 = 0 then '4bf92f3577b34da6a3ce929d' || ${padded(sql`i`, 8)} end,
      case when i % 5000 = 0 then 'approval-' || i end, 'node-1', 1, i, 1, i,
      case when ending = 1 and i % 7 = 0 then 3 else 1 end
    from picked`.execute(db);
}
