import { z } from 'zod';
import { timeRange } from './call-filters.ts';
import { slug, time } from './common.ts';

/** What was counted, in whole hours. */
export const span = {
  from: time.describe('Start of the first whole hour (UTC) that was counted.'),
  to: time.describe('End of the last one.'),
};

const faults = z
  .object({
    caller: z.int().describe('Malformed, unknown or given up by the caller.'),
    denied: z.int().describe('Refused by rules, stops, approvals or budgets.'),
    tool: z.int().describe('The tool said that it failed.'),
    upstream: z.int().describe('The server could not be reached, did not answer in time or not correctly.'),
    gateway: z.int().describe('A defect or limit of MCPNest.'),
  })
  .describe('Calls that went wrong, by whose fault it was.');

const latency = z
  .object({
    p50: z.number().nullable(),
    p95: z.number().nullable(),
    p99: z.number().nullable(),
    mean: z.number().nullable(),
  })
  .describe('Milliseconds. Means are exact; percentiles are estimates from buckets, off by at most `errorPercent`.');

export const callSummary = z.object({
  calls: z.int(),
  ok: z.int(),
  wouldDeny: z.int().describe('Calls that enforcement would have refused, were it on.'),
  outcomes: z.record(z.string(), z.int()),
  faults,
  availability: z
    .number()
    .nullable()
    .describe('Share of the calls sent to a server that it answered, from 0 to 1; null: none was.'),
  latencyMs: latency.describe('From the request to the answer, of calls that reached a server.'),
  upstreamMs: z.number().nullable().describe('Mean milliseconds the server took.'),
  bytesIn: z.int(),
  bytesOut: z.int(),
});
export type CallSummary = z.output<typeof callSummary>;

export const statsQuery = z.strictObject({
  by: z.enum(['server', 'tool']).default('server'),
  server: slug.optional(),
  tool: z.string().max(200).optional(),
  ...timeRange,
});

const statsItem = callSummary.extend({
  server: z.string().nullable().describe('Null: calls that named nothing of any server.'),
  tool: z.string().nullable(),
  healthyShare: z
    .number()
    .nullable()
    .describe('Share of the span in which the server was not down, as the gateway saw it; null: not known.'),
});
export type StatsItem = z.output<typeof statsItem>;

export const stats = z.object({
  ...span,
  errorPercent: z.number().describe('By how much a percentile may be off, either way.'),
  total: callSummary,
  items: z.array(statsItem).describe('Most calls first; at most 1,000.'),
  others: z.int().describe('Calls of what is not shown.'),
});
export type Stats = z.output<typeof stats>;

export const usageQuery = z.strictObject({
  by: z
    .enum(['team', 'member', 'machine', 'token', 'server'])
    .default('member')
    .describe('A team has the calls of its members and of the machines they own, as they are now.'),
  per: z.enum(['day', 'month', 'all']).default('month'),
  ...timeRange,
});

const usageItem = z.object({
  period: z.string().describe('`2026-11-21`, `2026-11`, or `all`.'),
  id: z.string().nullable().describe('Null: of nobody of that kind, e.g. of no team.'),
  name: z.string().nullable(),
  calls: z.int(),
  failed: z.int().describe('Calls that ended in anything but ok, refusals included.'),
  denied: z.int(),
  bytesIn: z.int(),
  bytesOut: z.int(),
});
export type UsageItem = z.output<typeof usageItem>;

export const usage = z.object({
  ...span,
  items: z.array(usageItem).describe('By period, then most calls first; at most 10,000.'),
  others: z.int().describe('Calls of what is not shown.'),
});
export type Usage = z.output<typeof usage>;

export const overviewQuery = z.strictObject({
  hours: z.coerce.number().int().min(1).max(744).default(24).describe('Whole hours back from now.'),
});

const ranked = z.object({ server: z.string(), value: z.number() });

export const overview = z.object({
  ...span,
  errorPercent: z.number(),
  servers: z.object({
    enabled: z.int(),
    online: z.int().describe('Enabled, and neither down nor in a drill.'),
    byState: z.record(z.string(), z.int()),
  }),
  calls: callSummary,
  busiest: z.array(ranked).describe('Calls.'),
  failing: z.array(ranked).describe('Calls that failed by the fault of the server.'),
  slowest: z.array(ranked).describe('p95 in milliseconds.'),
  attention: z
    .array(
      z.object({
        kind: z.enum(['down', 'failing', 'orphaned', 'unused', 'review', 'approval', 'stop', 'token', 'drill']),
        what: z.string(),
        server: z.string().nullable().describe('Slug of the server it is about; null: of none.'),
        next: z.string().describe('The command that shows more or mends it.'),
      }),
    )
    .describe('What needs somebody, most urgent first.'),
});
export type Overview = z.output<typeof overview>;
