import { z } from 'zod';
import { toolClass } from './access.ts';
import { nextCursor, slug, time } from './common.ts';

const who = {
  member: z.string().max(300).optional().describe('Id or email, of somebody who is gone, too.'),
  machine: z.string().max(300).optional().describe('Id or name.'),
  team: z.string().max(300).optional().describe('Id or slug: the members who were in it then.'),
  server: slug.optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(200).describe('Rows per page.'),
  cursor: z.string().max(2_000).optional().describe('`nextCursor` of the page before.'),
};

export const accessAsOfQuery = z.strictObject({
  at: time.optional().describe('The moment asked about; now when left out or still to come.'),
  show: z.enum(['allowed', 'all']).default('allowed').describe('all: what was denied or hidden, too.'),
  ...who,
});

export const accessChangesQuery = z.strictObject({
  from: time.optional().describe('The earlier moment; the oldest that is known when left out.'),
  to: time.optional().describe('The later one; now when left out.'),
  ...who,
});

const caller = {
  subject: z.string().describe('member:…, machine:… or workspace token.'),
  token: z
    .string()
    .nullable()
    .describe('Label of the one token this is about; null: all that were narrowed to nothing, and worked then.'),
  server: z.string(),
  tool: z.string().nullable().describe('Null: the server itself, of which no tool was known.'),
};

const policyRef = z.object({ version: z.int(), digest: z.string(), since: time });

export const accessAsOfItem = z.object({
  ...caller,
  class: toolClass.nullable(),
  verdict: z.enum(['allowed', 'denied', 'hidden']),
  approval: z.boolean().describe('Whether every call of it needed somebody’s approval.'),
  rule: z.string().describe('What decided, as call records name it.'),
  reason: z.string().describe('The same in words.'),
  author: z.string().nullable().describe('Who made the rule or stop, as audit events name actors.'),
  wouldDeny: z.string().nullable().describe('What would have refused it, were enforcement on.'),
  known: z
    .enum(['listed', 'names'])
    .describe(
      'How it is known that there was such a tool. listed: the newest list of its server is older than the moment asked about. names: from names handed out by then and those the policy had, some of which the server may have had no more; its definition is taken as approved.',
    ),
});
export type AccessAsOfItem = z.output<typeof accessAsOfItem>;

export const accessAsOf = z.object({
  at: time,
  policy: policyRef,
  items: z.array(accessAsOfItem),
  nextCursor,
});
export type AccessAsOf = z.output<typeof accessAsOf>;

const access = z.enum(['none', 'allowed', 'once-approved']);

export const accessChange = z.object({
  ...caller,
  before: access,
  after: access,
  ruleBefore: z.string().nullable().describe('What decided; null: there was no such caller, server or tool.'),
  ruleAfter: z.string().nullable(),
  reason: z.string().describe('What decides in the end, in words.'),
});
export type AccessChange = z.output<typeof accessChange>;

export const accessChanges = z.object({
  from: time,
  to: time,
  policyBefore: policyRef,
  policyAfter: policyRef,
  items: z.array(accessChange),
  nextCursor,
});
export type AccessChanges = z.output<typeof accessChanges>;
