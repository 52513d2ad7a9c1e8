import type { Series, seriesQuery } from '@mcpnest/contract/schemas/charts';
import { sql, type Kysely } from 'kysely';
import type { z } from 'zod';
import { isoTime } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { hourMs, hourStart, sumCounts, type CountTerm } from '../counts.ts';
import type { WorkspaceRef } from '../operation.ts';
import { errorPercent } from './statistics.ts';
import { Summary, summaryColumns, summarySums } from './summary.ts';
import { dayMs, hoursIn, windowOf } from './window.ts';

const bounds = {
  hour: { usualMs: dayMs, mostMs: 31 * dayMs },
  day: { usualMs: 30 * dayMs, mostMs: 400 * dayMs },
} as const;

/**
 * Calls, failures and latency over time. Hours and days without a call are there, too: a chart is not to guess.
 * @param now milliseconds since the epoch
 * @throws AppError `invalid_input` for a span that is empty or too long
 */
export async function showSeries(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  query: z.output<typeof seriesQuery>,
  now: number,
): Promise<Series> {
  const { per } = query;
  const window = windowOf(query, now, bounds[per]);
  const step = per === 'hour' ? hourMs : dayMs;
  const shift = per === 'hour' ? 0 : query.offset * 60_000;
  const stepOf = (at: number): number => Math.floor((at + shift) / step) * step - shift;
  const points = new Map<number, Summary>();
  for (let at = stepOf(window.from); at < window.to; at += step) points.set(at, new Summary());
  const total = new Summary();
  const hours = await hoursIn(db, workspace.id, window);
  if (hours !== undefined)
    await sumCounts<'hour' | (typeof summaryColumns)[number], (typeof summarySums)[number]>(
      db,
      'call_counts',
      {
        workspaceId: workspace.id,
        hours,
        where: aboutWhat(query),
        columns: ['hour', ...summaryColumns],
        sums: summarySums,
      },
      (row) => {
        points.get(stepOf(hourStart(row.hour)))?.add(row);
        total.add(row);
      },
    );
  return {
    ...{ from: isoTime(window.from), to: isoTime(window.to), errorPercent },
    points: [...points].map(([at, summary]) => {
      const { calls, ok, wouldDeny, faults, latencyMs } = summary.view();
      return { at: isoTime(at), calls, ok, wouldDeny, faults, p50: latencyMs.p50, p95: latencyMs.p95 };
    }),
    total: total.view(),
  };
}

/** What of the counts is asked for. */
export function aboutWhat({ server, tool }: { server?: string | undefined; tool?: string | undefined }): CountTerm[] {
  const terms: CountTerm[] = [];
  if (server !== undefined) terms.push(sql`server_slug = ${server}`);
  if (tool !== undefined) terms.push(sql`tool_name = ${tool}`);
  return terms;
}
