import { z } from 'zod';
import { toolListMode } from './workspaces.ts';

export const toolWeightsQuery = z.strictObject({
  member: z.string().max(300).optional().describe('Id or email.'),
  team: z.string().max(300).optional().describe('Slug; what somebody is shown who is in this team and no other.'),
  machine: z.string().max(300).optional().describe('Id or name.'),
});

const weight = {
  bytes: z.int().describe('UTF-8 bytes of the definitions as they are listed.'),
  tokens: z
    .int()
    .describe(
      'Estimated: bytes / 4.5. A model’s own count differs by its vocabulary and by how its client writes tools.',
    ),
};

export const toolWeights = z.object({
  subject: z.string(),
  mode: toolListMode,
  autoAboveTokens: z.int(),
  shown: z.enum(['all', 'search']).describe('What tools/list shows them at the URL of the workspace.'),
  all: z.object({ tools: z.int(), ...weight }).describe('The list with every tool they may use.'),
  search: z
    .object({
      tools: z.int(),
      ...weight,
      taskTokens: z
        .int()
        .describe('Estimated tokens of finding once, with ten results, and of reading two average definitions.'),
    })
    .describe('The list of search tools, and what using it costs.'),
  savedTokens: z.int().describe('What a conversation with one such task saves by search; negative where it loses.'),
  recommendation: z.string(),
  servers: z.array(z.object({ server: z.string(), tools: z.int(), ...weight })).describe('Heaviest first.'),
  tools: z.array(z.object({ server: z.string(), tool: z.string(), ...weight })).describe('Heaviest first.'),
  complete: z.boolean().describe('False: there are more tools than are named; the sums are of all.'),
  unknown: z.array(z.string()).describe('Servers of which no tool is known: they list none, or were never reached.'),
});
export type ToolWeights = z.output<typeof toolWeights>;
