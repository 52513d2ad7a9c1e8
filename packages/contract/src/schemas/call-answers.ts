import { z } from 'zod';
import { callFilters } from './call-filters.ts';
import { time } from './common.ts';
import { toolCall } from './records.ts';

const facetNames = [
  'outcome',
  'status',
  'method',
  'server',
  'tool',
  'member',
  'machine',
  'token',
  'rule',
  'errorCode',
  'client',
] as const;

export const callFacetQuery = z.strictObject({
  ...callFilters,
  by: z
    .string()
    .max(200)
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(facetNames)).min(1).max(facetNames.length))
    .default(['outcome', 'server', 'tool', 'member'])
    .describe(`What to count by, with commas between: ${facetNames.join(', ')}.`),
});
export type FacetName = (typeof facetNames)[number];

const callFacet = z.object({
  by: z.enum(facetNames),
  complete: z.boolean().describe('False: only the newest rows were counted, since `countedFrom`.'),
  countedFrom: time.nullable().describe('Null: every call the filters let through was counted.'),
  items: z
    .array(
      z.object({
        value: z.string().nullable().describe('Null: it has none.'),
        name: z.string().nullable().describe('Of a member, machine or token: what people call it.'),
        calls: z.int(),
      }),
    )
    .describe('The 20 with the most calls, most first.'),
  others: z.int().describe('Calls of the rest.'),
});
export type CallFacet = z.output<typeof callFacet>;

export const callFacets = z.object({ items: z.array(callFacet) });

const part = z.object({
  part: z.enum(['caller', 'token', 'policy', 'approval', 'server', 'upstream', 'outcome']),
  what: z.string().describe('In words.'),
  milliseconds: z.number().nullable().describe('Null: not recorded for this part.'),
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});

export const callPath = z.object({
  call: toolCall,
  parts: z.array(part).describe('In the order the call went through them, as far as it came.'),
});
export type CallPath = z.output<typeof callPath>;
