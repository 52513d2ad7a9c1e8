import { z } from 'zod';
import { toolClass } from './access.ts';
import { id, nextCursor, slug } from './common.ts';

const offset = z.coerce.number().int().min(0).max(10_000_000).optional();

export const toolQuery = z.strictObject({
  server: slug.optional(),
  show: z.enum(['listed', 'all']).default('all').describe('listed: only what `tools/list` shows.'),
  words: z.string().max(200).optional().describe('All of them in the name, title or description.'),
  limit: z.coerce.number().int().min(1).max(500).default(200).describe('Rows per page.'),
  cursor: offset.describe('`nextCursor` of the page before.'),
});

export const shownTool = z.object({
  name: z.string().describe('As clients of the workspace’s URL call it.'),
  server: z.string(),
  tool: z.string().describe('The server’s own name of it.'),
  title: z.string().nullable().describe('What the server calls it for people.'),
  description: z.string().nullable().describe('What the server says of it, cut at 500 characters.'),
  class: toolClass,
  listed: z.boolean().describe('Whether `tools/list` shows it.'),
  approval: z.boolean().describe('Whether every call of it needs somebody’s approval.'),
  rule: z.string().describe('What decided, as call records name it.'),
  reason: z.string().describe('The same in words.'),
  wouldDeny: z.string().nullable().describe('What would refuse it, were enforcement on.'),
});
export type ShownTool = z.output<typeof shownTool>;

export const toolList = z.object({
  subject: z.string().describe('Whose list it is.'),
  total: z.int().describe('Tools on all pages.'),
  items: z.array(shownTool).describe('In the order of the list.'),
  unknown: z.array(z.string()).describe('Servers they may know of whose tools are not known.'),
  nextCursor,
});
export type ToolList = z.output<typeof toolList>;

export const matrixQuery = z.strictObject({
  of: z.enum(['members', 'teams', 'machines']).default('members').describe('Who the rows are.'),
  words: z.string().max(200).optional().describe('Only rows with all of them in their name.'),
  server: slug.optional().describe('The columns are the tools of this server; otherwise the servers.'),
  limit: z.coerce.number().int().min(1).max(100).default(50).describe('Rows per page.'),
  cursor: offset.describe('`nextCursor` of the page before.'),
  columns: z.coerce.number().int().min(1).max(200).default(100).describe('Columns per page.'),
  column: offset.describe('The first column, from 0.'),
});

const matrixCell = z.object({
  allowed: z.int().describe('Tools they may call, those that need an approval included.'),
  approval: z.int().describe('Of these, tools whose calls need an approval.'),
  denied: z.int(),
  hidden: z.int().describe('Tools they may not know of.'),
  rules: z
    .array(z.object({ rule: z.string(), tools: z.int() }))
    .describe('What decided, as call records name it, for how many tools; the three that decided most.'),
});
export type MatrixCell = z.output<typeof matrixCell>;

export const matrix = z.object({
  preset: z.enum(['open', 'strict']),
  enforcement: z.boolean(),
  columns: z.array(
    z.object({
      server: z.string(),
      tool: z.string().nullable(),
      class: toolClass.nullable(),
      tools: z.int().describe('Tools it stands for; 0: none is known, and a cell judges the server as a whole.'),
    }),
  ),
  rows: z.array(
    z.object({ id, subject: z.string(), cells: z.array(matrixCell).describe('One for every column, in order.') }),
  ),
  totals: z.object({ rows: z.int(), columns: z.int() }),
  nextCursor,
});
export type Matrix = z.output<typeof matrix>;
