import { z } from 'zod';
import { mostRules, objectForm, objectLimits, subjectForm } from '../rule-form.ts';
import { expiry, id, note, slug, time } from './common.ts';

const effect = z.enum(['allow', 'deny']);

export const ruleSubject = z
  .string()
  .max(300)
  .regex(subjectForm, 'must be everybody, member:<email>, team:<slug> or machine:<name>')
  .describe('`everybody`, `member:<email>`, `team:<slug>` or `machine:<name>`; an id serves in place of each.');

export const ruleObject = z
  .string()
  .max(objectLimits.length, `must have at most ${objectLimits.length} characters`)
  .regex(objectForm, 'must be server:tool (`github-mcp:list_issues`), server:@read, or server; * stands for any')
  .refine(
    (text) => text.slice(2).split('*').length - 1 <= objectLimits.stars,
    `must have at most ${objectLimits.stars} *`,
  )
  .describe(
    '`server:tool` with the server’s own name of the tool, `*` in it for any run of characters; `server:@read`, `@write`, `@destructive` for a class of tools; `server:@prompts`, `server:@resources`; `server` for all of it; `*` in place of the server for every one.',
  );

const absolute = z.boolean().describe('A deny rule for everybody that binds workspace tokens, too.');
const absoluteFits = (rule: { effect: string; subject: string; absolute?: boolean | undefined }): boolean =>
  rule.absolute !== true || (rule.effect === 'deny' && rule.subject === 'everybody');
const absoluteMessage = { path: ['absolute'], message: 'goes with a deny rule for everybody' };

export const rule = z.object({
  id,
  effect,
  subject: z.string(),
  object: z.string(),
  absolute: z.boolean(),
  expiresAt: time.nullable().describe('Null: it holds until it is deleted.'),
  note: z.string(),
  createdAt: time,
  createdBy: z.string(),
});
export type Rule = z.output<typeof rule>;

export const ruleList = z.object({ items: z.array(rule) });

export const ruleQuery = z.strictObject({
  subject: ruleSubject.optional(),
  server: slug.optional().describe('Rules that name this server.'),
});

const ruleExpiry = {
  expiresAt: time
    .nullable()
    .optional()
    .describe('The moment it ends (ISO 8601, UTC); null: never. Not together with expiresInDays.'),
  expiresInDays: expiry.expiresInDays,
};
const oneExpiry = (body: { expiresAt?: unknown; expiresInDays?: unknown }): boolean =>
  body.expiresAt === undefined || body.expiresInDays === undefined;
const oneExpiryMessage = { path: ['expiresInDays'], message: 'must not be sent together with expiresAt' };

export const ruleCreate = z
  .strictObject({
    effect,
    subject: ruleSubject,
    object: ruleObject,
    absolute: absolute.default(false),
    note: note.default(''),
    ...ruleExpiry,
    expiresInDays: ruleExpiry.expiresInDays.describe(
      'Days from now until it ends; 90 for an allow rule that reaches more than reading, when neither this nor expiresAt is sent.',
    ),
  })
  .refine(absoluteFits, absoluteMessage)
  .refine(oneExpiry, oneExpiryMessage);

export const ruleUpdate = z
  .strictObject({ note: note.optional(), ...ruleExpiry })
  .refine((body) => Object.keys(body).length > 0, 'must change something: send note, expiresAt or expiresInDays')
  .refine(oneExpiry, oneExpiryMessage);

/** A rule in a document: names in place of ids, so that the document can be read, compared and kept. */
export const ruleEntry = z
  .strictObject({
    effect,
    subject: ruleSubject,
    object: ruleObject,
    absolute: absolute.default(false),
    expiresAt: time.nullable().default(null),
    note: note.default(''),
  })
  .refine(absoluteFits, absoluteMessage);
export type RuleEntry = z.output<typeof ruleEntry>;

export const policyDocument = z.strictObject({
  format: z.literal('mcpnest-rules/1'),
  rules: z.array(ruleEntry).max(mostRules),
});
export type PolicyDocument = z.output<typeof policyDocument>;

export const policyImport = z.strictObject({
  document: policyDocument.describe('All rules the workspace is to have.'),
  dryRun: z.boolean().default(false).describe('Only say what would change.'),
});

export const policyDifference = z.object({
  dryRun: z.boolean(),
  added: z.array(ruleEntry),
  removed: z.array(ruleEntry),
  changed: z.array(z.object({ before: ruleEntry, after: ruleEntry })),
  unchanged: z.int(),
});
export type PolicyDifference = z.output<typeof policyDifference>;

export const allowlist = z.object({
  memberId: id,
  entries: z.array(z.string()).describe('`server_slug:tool_name`, sorted; what the member’s own allow rules list.'),
});
export type Allowlist = z.output<typeof allowlist>;

export const allowlistReplace = z.strictObject({
  entries: z
    .array(ruleObject)
    .min(1, 'must not be empty: without rules a member of an open workspace has full access; DELETE the list instead')
    .max(500)
    .describe('`server_slug:tool_name`, as `github-mcp:list_issues`; patterns and classes as in rules.'),
});
