import { z } from 'zod';
import { time } from './common.ts';

export const searchQuery = z.strictObject({
  words: z.string().trim().max(100).default('').describe('All of them must be in the name; case does not matter.'),
});

export const found = z.object({
  kind: z.enum(['server', 'tool', 'member', 'team', 'machine', 'token']),
  id: z.string().describe('What its own operations take: a slug or an id; of a tool `server:tool`.'),
  name: z.string(),
  detail: z.string().describe('What tells it from others of the name.'),
});
export type Found = z.output<typeof found>;

export const searchResult = z.object({
  items: z.array(found).max(20).describe('Names that begin with the words first.'),
  complete: z.boolean().describe('False: there are more than are shown.'),
});
export type SearchResult = z.output<typeof searchResult>;

export const impactQuery = z.strictObject({
  kind: z.enum(['server', 'member', 'team', 'machine', 'token', 'rule']),
  id: z.string().min(1).max(100).describe('Slug of a server or team; id of anything else.'),
});

export const impact = z.object({
  kind: impactQuery.shape.kind,
  name: z.string(),
  since: time.describe('From when calls were counted: a day ago, in whole hours.'),
  calls: z.int().describe('Made of it, or by it, since then.'),
  members: z.int().describe('People who made these calls, or whom it stands for.'),
  machines: z.int().describe('Machines that made these calls, or that it answers for.'),
  servers: z.int().describe('Servers these calls went to.'),
  tokens: z.int().describe('Living tokens that end, or made these calls.'),
  tools: z.int().describe('Tools that go with it.'),
  complete: z.boolean().describe('False: there were more calls than are looked at; the counts are the least there is.'),
});
export type Impact = z.output<typeof impact>;
