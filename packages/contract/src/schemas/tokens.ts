import { z } from 'zod';
import { expiry, id, label, overlapSeconds, role, time } from './common.ts';

const scopeEntry = z
  .string()
  .max(200)
  .regex(
    /^[a-z0-9]+(?:-[a-z0-9]+)*(?::[\x21-\x7e]+)?$/,
    'must be a server (`github`) or one of its tools (`github:list_issues`)',
  );

/** Narrows a token to servers, with all they offer, and to single tools. */
export const scope = z
  .array(scopeEntry)
  .min(1, 'must not be empty; leave it out for the whole workspace')
  .max(500)
  .describe(
    'Entries `server` or `server:tool`, with the names the server itself uses; prompts and resources come with `server` alone. Null or left out: the whole workspace.',
  );

const secretState = {
  label: z.string(),
  hint: z.string().describe('The last four characters.'),
  expiresAt: time.nullable(),
  createdAt: time,
  createdBy: z.string(),
  revokedAt: time.nullable(),
  replacedBy: z.string().nullable().describe('Id of the one that took its place.'),
};

export const token = z.object({
  id,
  kind: z.enum(['workspace', 'member', 'machine']),
  memberId: z.string().nullable(),
  machineId: z.string().nullable(),
  scope: z.array(z.string()).nullable(),
  ...secretState,
  lastUsedAt: time.nullable().describe('Up to a minute behind.'),
  purpose: z.enum(['console']).nullable().describe('console: made by a console to try tools with; null: to be kept.'),
});
export type Token = z.output<typeof token>;

export const tokenList = z.object({ items: z.array(token) });

const onlyOneExpiry = (body: { expiresAt?: unknown; expiresInDays?: unknown }): boolean =>
  body.expiresAt === undefined || body.expiresInDays === undefined;
const onlyOneExpiryMessage = { path: ['expiresInDays'], message: 'must not be sent together with expiresAt' };

export const tokenIssue = z
  .strictObject({
    kind: z
      .enum(['workspace', 'member', 'machine'])
      .default('workspace')
      .describe('member: acts for a member. machine: acts for a machine. workspace: acts for nobody in particular.'),
    memberId: id.optional().describe('Whose it is, for kind "member"; the caller\'s own when left out.'),
    machineId: id.optional().describe('Whose it is, for kind "machine".'),
    label,
    scope: scope.nullable().optional(),
    ...expiry,
    expiresInDays: expiry.expiresInDays.describe(
      'Days from now until it ends; 90 for a machine when neither this nor expiresAt is sent. Not together with expiresAt.',
    ),
  })
  .refine((body) => body.kind === 'member' || body.memberId === undefined, {
    path: ['memberId'],
    message: 'goes with kind "member" only',
  })
  .refine((body) => (body.kind === 'machine') === (body.machineId !== undefined), {
    path: ['machineId'],
    message: 'is required for kind "machine" and goes with no other',
  })
  .refine(onlyOneExpiry, onlyOneExpiryMessage);

export const tokenIssued = z.object({
  token,
  secret: z.string().describe('The token itself (mng_…). Shown this once; only its SHA-256 is kept.'),
});

export const apiKey = z.object({
  id,
  userId: id,
  email: z.string(),
  workspace: z.string().nullable().describe('Slug of the workspace the key is bound to; null = the whole instance.'),
  role,
  ...secretState,
  lastUsedAt: time.nullable().describe('Kept to the day.'),
});
export type ApiKey = z.output<typeof apiKey>;

export const apiKeyList = z.object({ items: z.array(apiKey) });

export const apiKeyIssue = z
  .strictObject({
    email: z.string().trim().toLowerCase().max(254).optional().describe('Whose key it is; the caller when left out.'),
    role: role.describe("At most the caller's own role, and for a workspace key at most the member's."),
    label,
    ...expiry,
  })
  .refine(onlyOneExpiry, onlyOneExpiryMessage);

export const apiKeyIssued = z.object({
  apiKey,
  secret: z.string().describe('The key itself (mnk_…). Shown this once; only its SHA-256 is kept.'),
});

/** Same for tokens and keys. The new one lives as long as the old one was meant to, unless told otherwise. */
export const rotate = z.strictObject({ overlapSeconds, ...expiry }).refine(onlyOneExpiry, onlyOneExpiryMessage);
