import { z } from 'zod';
import { email, id, name, role, slug, time } from './common.ts';
import { member } from './members.ts';
import { apiKey } from './tokens.ts';

export const invitation = z.object({
  id,
  email: z.string(),
  role,
  teams: z.array(z.string()).describe('Slugs.'),
  state: z.enum(['open', 'accepted', 'revoked', 'expired']),
  hint: z.string().describe('The last four characters of the secret.'),
  expiresAt: time,
  createdAt: time,
  createdBy: z.string(),
  revokedAt: time.nullable(),
  acceptedAt: time.nullable(),
  memberId: z.string().nullable().describe('The member it made.'),
});
export type Invitation = z.output<typeof invitation>;

export const invitationList = z.object({ items: z.array(invitation) });

export const invitationCreate = z.strictObject({
  email,
  role: role.default('member').describe("At most the caller's own."),
  teams: z
    .array(slug)
    .max(50, 'must name at most 50 teams')
    .default([])
    .describe('Slugs of the teams the person will be in.'),
  expiresInDays: z.int().min(1).max(30).default(7).describe('Days from now during which it can be accepted.'),
});

export const invitationCreated = z.object({
  invitation,
  secret: z
    .string()
    .describe('The invitation itself (mni_…), to be handed to the person. Shown this once; only its SHA-256 is kept.'),
  link: z.string().describe('The same as a link to the console.'),
});

export const invitationAccept = z.strictObject({
  name: name.optional().describe('The part of the email before @ when left out; a person known already keeps theirs.'),
});

export const invitationAccepted = z.object({
  workspace: slug,
  member,
  apiKey,
  secret: z.string().describe('The control key of the new member (mnk_…). Shown this once; only its SHA-256 is kept.'),
});
