import { z } from 'zod';
import { email, id } from './common.ts';

export const erasureRequest = z
  .strictObject({
    person: z.union([email, id]).describe('Email address, or id of the user (`userId` of a member).'),
    dryRun: z.boolean().default(false).describe('Only say what would be blanked.'),
    confirm: id.optional().describe('The `id` a dry run answers with, repeated; needed unless dryRun.'),
  })
  .refine((body) => body.dryRun || body.confirm !== undefined, {
    path: ['confirm'],
    message: 'must repeat the id that a dry run answers with',
  });

export const erasure = z.object({
  id: id.describe('What stands for the person from now on; names nobody.'),
  erased: z.boolean().describe('False: a dry run.'),
  directory: z
    .boolean()
    .describe('Whether email and name of the user go; not while the person belongs to a workspace not asked about.'),
  memberships: z.int().describe('Memberships that end, with their tokens, keys and open invitations.'),
  invitations: z.int().describe('Invitations to the person.'),
  events: z.int().describe('Audit events whose text goes because it names the person; their proofs stay valid.'),
  texts: z.int().describe('Notes, reasons, labels and documents in which the address is replaced.'),
});
export type Erasure = z.output<typeof erasure>;
