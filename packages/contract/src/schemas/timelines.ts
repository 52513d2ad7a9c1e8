import { z } from 'zod';
import { timeRange } from './call-filters.ts';
import { time } from './common.ts';

const limit = z.coerce.number().int().min(1).max(1_000).default(200).describe('Entries, the newest.');

export const timelineQuery = z.strictObject({ ...timeRange, limit });

export const serverTimelineQuery = z.strictObject({
  ...timeRange,
  limit,
  tool: z.string().max(200).optional().describe('Of one tool: its calls, definitions and decisions.'),
});

const entry = z.object({
  at: time,
  kind: z.enum(['change', 'approval', 'health', 'calls', 'definition']),
  what: z.string(),
  by: z.string().nullable().describe('Who did it; null: nobody in particular.'),
  facts: z.record(z.string(), z.unknown()),
});
export type TimelineEntry = z.output<typeof entry>;

const tokenLife = z.object({
  id: z.string(),
  label: z.string(),
  holder: z.string(),
  createdAt: time,
  revokedAt: time.nullable(),
  expiresAt: time.nullable(),
  firstCallAt: time.nullable(),
  lastCallAt: time.nullable(),
  callsAfterRevocation: z.int().describe('Calls recorded after it was revoked.'),
  secondsToLastCall: z
    .number()
    .nullable()
    .describe('From the revocation to the last call; negative: that came before. Null: one of them never was.'),
});
export type TokenLife = z.output<typeof tokenLife>;

export const timeline = z.object({
  subject: z.string(),
  calls: z.object({ total: z.int(), firstAt: time.nullable(), lastAt: time.nullable() }),
  tokens: z.array(tokenLife),
  items: z.array(entry).describe('Newest first.'),
  complete: z.boolean().describe('False: there is more than `limit`, or than is looked at; narrow the span.'),
});
export type Timeline = z.output<typeof timeline>;
