import { z } from 'zod';
import { time } from './common.ts';

export const pinning = z
  .enum(['off', 'on'])
  .describe(
    'on: only tools whose definition somebody has approved are listed and can be called; one that changes or is new is held back until it is reviewed.',
  );

export const definitionFlag = z.object({
  code: z.string().describe('What kind of oddity: hidden_characters, oversized_text, instructions, look_alike …'),
  message: z.string().describe('Fit to be printed: characters nobody sees are written out.'),
});

/** Characters of a tool's name; a tool with a longer one cannot be approved. */
export const mostToolName = 200;

const hash = z.string().regex(/^[0-9a-f]{64}$/, 'must be the hash that servers.review shows');

export const reviewItem = z.object({
  tool: z.string().describe('The server’s own name of it.'),
  state: z
    .enum(['approved', 'changed', 'new', 'refused', 'gone'])
    .describe('gone: approved, but the server lists it no longer. changed and new wait for a decision.'),
  hash: z
    .string()
    .nullable()
    .describe('Of the definition the server has now: SHA-256 of its canonical text without _meta.'),
  approvedHash: z.string().nullable(),
  changes: z.array(z.string()).describe('What the definition says now that the approved one did not say, in words.'),
  warnings: z.array(definitionFlag).describe('What to look at twice. None of them keeps a tool back by itself.'),
  decidedBy: z.string().nullable(),
  decidedAt: time.nullable(),
  definition: z.string().nullable().describe('Canonical text as it is now; only of a tool that was asked for by name.'),
  approvedDefinition: z.string().nullable().describe('The same as it was approved.'),
});
export type ReviewItem = z.output<typeof reviewItem>;

export const review = z.object({
  pinning,
  pending: z.int().describe('Tools that wait for a decision: changed or new.'),
  items: z.array(reviewItem),
});
export type Review = z.output<typeof review>;

export const reviewQuery = z.strictObject({
  tool: z.string().min(1).max(mostToolName).optional().describe('Only this tool, with both definitions in full.'),
});

export const reviewDecision = z.strictObject({
  tools: z
    .array(
      z.strictObject({
        tool: z.string().min(1).max(mostToolName),
        hash: hash.describe(
          'Of the definition that was looked at. If the server has another one by now, nothing is decided.',
        ),
      }),
    )
    .min(1, 'must name a tool')
    .max(500),
});
