import { expect, it } from 'vitest';
import { latencyBounds, latencyBucket, latencyError, latencyPercentile } from '../../domain/latency.ts';
import { systemClock } from '../clock.ts';
import { migrate } from '../database/migrate.ts';
import { openSqlite } from '../database/sqlite.ts';
import { hourOf, purgeCounts } from './call-counts.ts';
import { describeCounts } from './call-counts.contract.ts';

async function open() {
  const database = openSqlite(':memory:');
  await migrate(database, systemClock);
  return database;
}

describeCounts('SQLite', open, 15);

it('[VIS-03] estimates percentiles within the error it states', () => {
  expect(latencyBounds.every((bound, index) => index === 0 || bound > latencyBounds[index - 1]!)).toBe(true);
  for (const scale of [3, 40, 900, 60_000]) {
    const times = Array.from({ length: 2_000 }, (_, index) =>
      Math.floor(scale * ((index * 7919) % 2_000) ** 1.5 * 1e-4),
    );
    const counts = new Map<number, number>();
    for (const time of times) counts.set(latencyBucket(time), (counts.get(latencyBucket(time)) ?? 0) + 1);
    times.sort((a, b) => a - b);
    for (const share of [0.5, 0.95, 0.99]) {
      const exact = times[Math.ceil(times.length * share) - 1]!;
      const estimate = latencyPercentile(counts, share)!;
      // Whole milliseconds: rounding adds half of one.
      expect(Math.abs(estimate - exact)).toBeLessThanOrEqual(exact * latencyError + 0.5);
    }
  }
  expect(latencyPercentile(new Map(), 0.5)).toBeNull();
});

it('[AUD-03] forgets who called with the rows, and keeps what was called for two years', async () => {
  await using database = await open();
  const { db } = database;
  const now = Date.UTC(2026, 10, 21);
  const key = { workspace_id: 'w', server_slug: 's', outcome: 'ok', status: 200 };
  const sums = { calls: 1, bytes_in: 1, bytes_out: 1 };
  for (const time of ['2024-01-01T00:00:00.000Z', '2026-08-01T00:00:00.000Z', '2026-11-20T00:00:00.000Z']) {
    const hour = hourOf(time);
    await db
      .insertInto('caller_counts')
      .values({ ...key, hour, token_id: 't', ...sums })
      .execute();
    const rest = { latency_bucket: 1, would_deny: 0, latency_ms: 1, upstream_calls: 1, upstream_ms: 1 };
    await db
      .insertInto('call_counts')
      .values({ ...key, hour, tool_name: 't', method: 'm', ...rest, ...sums })
      .execute();
    await db
      .insertInto('health_history')
      .values({ server_id: 's', at: time, state: 'down', error_class: null })
      .execute();
  }
  await purgeCounts(db, 'w', '2026-11-01T00:00:00.000Z', now);
  const hours = async (table: 'call_counts' | 'caller_counts') =>
    (await db.selectFrom(table).select('hour').orderBy('hour').execute()).map(({ hour }) => hour);
  expect(await hours('caller_counts')).toEqual(['2026-11-20T00']);
  expect(await hours('call_counts')).toEqual(['2026-08-01T00', '2026-11-20T00']);
  expect(await db.selectFrom('health_history').select('at').execute()).toHaveLength(2);
});
