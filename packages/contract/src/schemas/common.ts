import { z } from 'zod';
import { errorCodes } from '../error-codes.ts';
import type { ErrorCode } from '../error-codes.ts';
import { roles } from '../operation.ts';

/** For operations without path or query parameters. */
export const nothing = z.strictObject({});

export const id = z
  .string()
  .regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'must be an id as given by the API (a UUID)')
  .describe('A UUID, version 7: sorts by creation time.');

/** `[a-z0-9-]`, 1–40 characters, single hyphens. No underscore: underscores separate a slug from a tool name. */
export const slug = z
  .string()
  .max(40, 'must have at most 40 characters')
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'must be a–z, 0–9 and single hyphens between them (no underscores, no capitals)')
  .describe('Short name used in URLs.');

export const time = z.iso.datetime().describe('ISO 8601, UTC.');

export const name = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(100, 'must have at most 100 characters')
  .refine((text) => !/[\u0000-\u001f\u007f]/.test(text), 'must not contain control characters');

export const label = name.describe('What this is for, so that people can tell it from others.');

export const email = z
  .string()
  .trim()
  .toLowerCase()
  .max(254)
  .pipe(z.email('must be an email address'))
  .describe('Email address; compared in lower case.');

/** Where something of ours is sent to. Users in URLs end up in logs, and a fragment is never sent. */
export const targetUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http(s) URL' })
  .max(2_000)
  // The parser of URLs drops line breaks without a word; whoever reads the text afterwards does not.
  .refine(
    (text) => /^[^\u0000-\u0020\u007f-\u00a0\u2028\u2029]*$/.test(text),
    'must not have white space or control characters',
  )
  .refine((text) => {
    if (!URL.canParse(text)) return true;
    const { username, password, hash } = new URL(text);
    return username === '' && password === '' && hash === '';
  }, 'must have neither a user nor a fragment in it');

/** The same of a store: what is stored comes behind its path. */
export const storeUrl = targetUrl.refine((text) => !text.includes('?'), 'must not have a query');

export const role = z.enum(roles).describe('owner > admin > member.');

export const note = z.string().trim().max(500).describe('Why, for the people who read the history.');

/** Exactly one of the two, or neither for "does not expire". */
export const expiry = {
  expiresAt: time.optional().describe('The moment it ends (ISO 8601, UTC). Not together with expiresInDays.'),
  expiresInDays: z
    .int()
    .min(1)
    .max(3650)
    .optional()
    .describe('Days from now until it ends. Not together with expiresAt.'),
};

/** Seconds during which the old secret goes on working after a rotation. */
export const overlapSeconds = z
  .int()
  .min(0)
  .max(86_400)
  .default(0)
  .describe('Seconds during which the old one goes on working beside the new one.');

export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('Rows per page.'),
  cursor: z.string().max(200).optional().describe('`nextCursor` of the page before.'),
};

export const nextCursor = z
  .string()
  .nullable()
  .describe('Send it as `cursor` for the next page; null on the last page.');

export const warning = z
  .object({ code: z.string(), message: z.string(), remedy: z.string() })
  .describe('Something that was saved but will not work yet, and what to do about it.');

const codes = Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]];

/** Every error of the control API (RFC 9457, `application/problem+json`). */
export const problem = z.object({
  type: z.string().describe('Where the error is explained.'),
  title: z.string(),
  status: z.int(),
  detail: z.string().describe('What went wrong and what to do about it.'),
  code: z.enum(codes),
  retryable: z.boolean().describe('Whether the same request may succeed later.'),
  requestId: z.string().describe('Finds the request in the log.'),
  issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
export type Problem = z.output<typeof problem>;
