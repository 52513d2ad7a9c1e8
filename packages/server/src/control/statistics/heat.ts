import type { Heat, heatQuery } from '@mcpnest/contract/schemas/charts';
import type { Kysely } from 'kysely';
import type { z } from 'zod';
import { isoTime } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { hourStart, sumCounts } from '../counts.ts';
import type { WorkspaceRef } from '../operation.ts';
import { aboutWhat } from './series.ts';
import { dayMs, hoursIn, windowOf } from './window.ts';

/**
 * Calls by weekday and hour of the wall clock.
 * @param now milliseconds since the epoch
 * @throws AppError `invalid_input` for a span that is empty or too long
 */
export async function showHeat(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  query: z.output<typeof heatQuery>,
  now: number,
): Promise<Heat> {
  const window = windowOf(query, now, { usualMs: 28 * dayMs, mostMs: 400 * dayMs });
  const cells = Array.from({ length: 7 * 24 }, (_, index) => ({
    weekday: Math.floor(index / 24) + 1,
    hour: index % 24,
    calls: 0,
    failed: 0,
  }));
  const hours = await hoursIn(db, workspace.id, window);
  if (hours !== undefined)
    await sumCounts<'hour' | 'outcome', 'calls'>(
      db,
      'call_counts',
      {
        workspaceId: workspace.id,
        hours,
        where: aboutWhat(query),
        columns: ['hour', 'outcome'],
        sums: ['calls'],
      },
      ({ hour, outcome, calls }) => {
        const local = new Date(hourStart(hour) + query.offset * 60_000);
        const cell = cells[((local.getUTCDay() + 6) % 7) * 24 + local.getUTCHours()]!;
        cell.calls += calls;
        if (outcome !== 'ok') cell.failed += calls;
      },
    );
  return { from: isoTime(window.from), to: isoTime(window.to), cells };
}
