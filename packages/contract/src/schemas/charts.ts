import { z } from 'zod';
import { timeRange } from './call-filters.ts';
import { slug, time } from './common.ts';
import { callSummary, span } from './statistics.ts';

const offset = z.coerce
  .number()
  .int()
  .min(-720)
  .max(840)
  .default(0)
  .describe('Minutes the wall clock is ahead of UTC. An hour that was counted belongs to where it begins.');

export const seriesQuery = z.strictObject({
  per: z.enum(['hour', 'day']).default('hour'),
  server: slug.optional(),
  tool: z.string().max(200).optional(),
  offset,
  from: timeRange.from.describe('Not before this moment; a day or, of days, thirty before the end when left out.'),
  to: timeRange.to.describe('Before this moment; now when left out.'),
});

const point = z.object({
  at: time.describe('Where the hour or day begins.'),
  calls: z.int(),
  ok: z.int(),
  wouldDeny: callSummary.shape.wouldDeny,
  faults: callSummary.shape.faults,
  p50: z.number().nullable().describe('Milliseconds.'),
  p95: z.number().nullable().describe('Milliseconds.'),
});

export const series = z.object({
  ...span,
  errorPercent: z.number().describe('By how much a percentile may be off, either way.'),
  points: z.array(point).describe('Oldest first, one for every hour or day; at most 750.'),
  total: callSummary,
});
export type Series = z.output<typeof series>;

export const heatQuery = z.strictObject({
  server: slug.optional(),
  tool: z.string().max(200).optional(),
  offset,
  from: timeRange.from.describe('Not before this moment; four weeks before the end when left out.'),
  to: timeRange.to.describe('Before this moment; now when left out.'),
});

export const heat = z.object({
  ...span,
  cells: z
    .array(
      z.object({
        weekday: z.int().describe('1 is Monday, 7 is Sunday (ISO 8601).'),
        hour: z.int().describe('0 to 23, by the wall clock.'),
        calls: z.int(),
        failed: z.int().describe('Calls that ended in anything but ok, refusals included.'),
      }),
    )
    .describe('All 168 of them, Monday 0 o’clock first.'),
});
export type Heat = z.output<typeof heat>;

export const dependencyQuery = z.strictObject({
  by: z
    .enum(['caller', 'team'])
    .default('caller')
    .describe('caller: members, machines and workspace tokens. team: calls of its members and of machines they own.'),
  server: slug.optional(),
  from: timeRange.from.describe('Not before this moment; seven days before the end when left out.'),
  to: timeRange.to.describe('Before this moment; now when left out.'),
});

const used = { calls: z.int(), failed: z.int(), denied: z.int() };

export const dependencies = z.object({
  ...span,
  servers: z.array(z.object({ server: z.string(), ...used })).describe('Most calls first.'),
  edges: z
    .array(
      z.object({
        from: z
          .string()
          .describe('member:…, machine:… or team:…; `workspace` for workspace tokens and who is in no team.'),
        server: z.string(),
        ...used,
      }),
    )
    .describe('Who used what, most calls first; at most 2,000.'),
  others: z.int().describe('Calls of edges that are not shown.'),
});
export type Dependencies = z.output<typeof dependencies>;

export const healthHistoryQuery = z.strictObject({
  bars: z.coerce.number().int().min(1).max(200).default(48),
  from: timeRange.from.describe('A day before the end when left out.'),
  to: timeRange.to.describe('Now when left out.'),
});

export const healthHistory = z.object({
  from: time,
  to: time,
  healthyShare: z.number().nullable().describe('Share of the time it was known in which it was not down.'),
  bars: z
    .array(
      z.object({
        from: time,
        to: time,
        state: z.string().describe('The worst state of that time; `unknown` where the gateway had seen none.'),
        downMs: z.int().describe('Milliseconds in which it was down.'),
        errorClass: z.string().nullable().describe('Of the last failure in it.'),
      }),
    )
    .describe('Oldest first, of equal length.'),
});
export type HealthHistory = z.output<typeof healthHistory>;
