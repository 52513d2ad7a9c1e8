import { z } from 'zod';
import { time } from './common.ts';

/** How records are written for others. */
export const exportFormats = ['jsonl', 'csv', 'cef', 'ocsf', 'otlp'] as const;

export const exportMedia = ['application/x-ndjson', 'text/csv', 'text/plain', 'application/gzip'] as const;

/** The header of an answer that says where a later export goes on. */
export const cursorHeader = 'x-next-cursor';

export const exportQuery = z.strictObject({
  format: z
    .enum(exportFormats)
    .default('jsonl')
    .describe(
      'jsonl: one JSON object a line, nothing left out. csv: RFC 4180. cef: ArcSight Common Event Format. ocsf: OCSF 1.5.0, a JSON object a line. otlp: OpenTelemetry logs as OTLP JSON, a request a line.',
    ),
  include: z.enum(['all', 'calls', 'events']).default('all').describe('Calls, changes that people made, or both.'),
  from: time.optional().describe('Not before this moment.'),
  to: time.optional().describe('Before this moment.'),
  after: z
    .string()
    .max(20_000)
    .optional()
    .describe(`The \`${cursorHeader}\` of an earlier export: only what came since.`),
  compress: z.enum(['none', 'gzip']).default('none'),
});

export const evidenceQuery = z.strictObject({
  from: time.optional().describe('Beginning of the period; 30 days before its end where left out.'),
  to: time.optional().describe('End of the period, not in it; the beginning of today (UTC) where left out.'),
});
