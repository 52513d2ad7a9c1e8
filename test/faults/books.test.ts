import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CallRow } from '../books.ts';
import { runMany, type Entry } from './errand.ts';
import { extent, progress, randomFrom, seed } from './extent.ts';
import { buildTown, slugs, type Principal, type Town } from './town.ts';

let town: Town;
beforeAll(async () => {
  town = await buildTown();
});
afterAll(() => town[Symbol.asyncDispose]());

const calls = extent(2_000, 20_000);

/** Codes by which the gateway refuses before it sends anything, with the outcome their rows have. */
const refusals = new Map([
  [-32003, 'denied'],
  [-32602, 'denied'],
  [428, 'denied'],
  [429, 'throttled'],
]);
const upstreamsOwnError = -31234;
/** The URL of a server that is hidden from the caller: nothing is there, so nothing was called and there is no row. */
const nothingThere = 404;

const refused = ({ saw }: Entry): boolean => typeof saw === 'number' && refusals.has(saw);
const count = (row: CallRow): number => Number(row['repeat_count']);
const sum = (rows: readonly CallRow[]): number => rows.reduce((total, row) => total + count(row), 0);

/** Counts by a name. */
function tally<T>(items: Iterable<T>, name: (item: T) => string, weight: (item: T) => number = () => 1) {
  const counts: Record<string, number> = {};
  for (const item of items) counts[name(item)] = (counts[name(item)] ?? 0) + weight(item);
  return counts;
}

/** What the row of a call must say that was answered so. */
function expected({ saw }: Entry): Partial<CallRow> | undefined {
  if (saw === 'ok' || saw === 'tool_error') return { outcome: saw, status: 200, dispatched: 1 };
  if (saw === 'closed') return { outcome: 'cancelled', status: 499 };
  if (saw === upstreamsOwnError) return { outcome: 'rpc_error', error_code: `rpc:${saw}`, dispatched: 1 };
  if (saw === 504) return { outcome: 'timeout', status: 504 };
  if (saw === 502) return { outcome: 'transport', status: saw };
  // Left alone for a moment after failures, or with too many calls in flight: nothing is sent.
  return saw === 503 ? { status: saw, dispatched: 0 } : undefined;
}

it(
  `[AUD-01][AUD-02] the caller's book, the upstreams' books and the rows agree on every one of ${calls} random calls (seed ${seed})`,
  async () => {
    const book = await runMany(town, calls, 32, randomFrom(seed), (done) => {
      if (done % 2_000 === 0) progress(`${done} of ${calls} calls`);
    });
    expect(book).toHaveLength(calls);
    // A flood of refusals is gathered for a second before it becomes one record with a count.
    let rows: readonly CallRow[] = [];
    const answered = book.filter(({ saw }) => saw !== 'closed' && saw !== nothingThere);
    await expect
      .poll(async () => sum((rows = await town.product.calls())), { timeout: 10_000, interval: 200 })
      .toBeGreaterThanOrEqual(answered.length);
    const byTrace = Map.groupBy(rows, (row) => String(row['trace_id']));

    // Everything of the mix has happened, so that agreement says something.
    const saw = tally(book, (entry) => String(entry.saw));
    progress(`seen: ${JSON.stringify(saw)}`);
    for (const kind of ['ok', 'tool_error', 'closed', ...refusals.keys(), upstreamsOwnError, 502, 503, 504])
      if (kind !== 503) expect(saw[kind], String(kind)).toBeGreaterThan(5);

    // Nothing arrives anywhere that was refused, nothing twice, nothing by another name.
    const arrived = slugs.flatMap((slug) =>
      [...town.upstreams[slug].book].map(([trace, tool]) => ({ slug, trace, tool })),
    );
    const entries = new Map(book.map((entry) => [entry.trace, entry]));
    for (const { slug, trace, tool } of arrived) expect(entries.get(trace)).toMatchObject({ server: slug, tool });
    for (const slug of slugs) expect(town.upstreams[slug].twice).toEqual([]);
    const kept = (entry: Entry): boolean => refused(entry) || entry.saw === nothingThere;
    expect(arrived.filter(({ trace }) => kept(entries.get(trace)!))).toEqual([]);

    // Every call that was let through has one row, which says what its caller saw.
    const letThrough = book.filter((entry) => !kept(entry));
    const reached = new Set(arrived.map(({ trace }) => trace));
    for (const entry of letThrough) {
      const mine = byTrace.get(entry.trace) ?? [];
      // Who goes away before the request is read was never here.
      if (entry.saw === 'closed' && mine.length === 0 && !reached.has(entry.trace)) continue;
      expect(mine, JSON.stringify(entry)).toHaveLength(1);
      expect(expected(entry), JSON.stringify(entry)).toBeDefined();
      expect(mine[0], JSON.stringify(entry)).toMatchObject({
        ...expected(entry),
        token_id: town.tokenIds[entry.who],
        server_slug: entry.server,
        tool_name: entry.tool,
        era: entry.era,
        repeat_count: 1,
      });
      if (reached.has(entry.trace)) expect(mine[0]).toMatchObject({ dispatched: 1 });
    }

    // By server and tool, what upstreams saw is what the rows say was sent.
    const dispatched = rows.filter((row) => row.dispatched === 1);
    expect(tally(dispatched, (row) => `${row.server_slug} ${row.tool_name}`)).toEqual(
      tally(arrived, ({ slug, tool }) => `${slug} ${tool}`),
    );

    // By principal and outcome, what was refused is what callers were told; of a flood a row may stand for many.
    const who = new Map(Object.entries(town.tokenIds).map(([name, id]) => [id, name as Principal]));
    const refusedRows = rows.filter((row) => ['denied', 'throttled'].includes(row.outcome) && row.status !== 503);
    expect(refusedRows.every((row) => row.dispatched === 0)).toBe(true);
    expect(tally(refusedRows, (row) => `${who.get(row.token_id)} ${row.outcome}`, count)).toEqual(
      tally(book.filter(refused), (entry) => `${entry.who} ${refusals.get(entry.saw as number)}`),
    );
    for (const row of refusedRows)
      if (count(row) === 1)
        expect(entries.get(String(row['trace_id']))).toMatchObject({ who: who.get(row.token_id), era: row['era'] });
  },
  extent(120_000, 300_000),
);
