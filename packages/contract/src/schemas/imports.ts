import { z } from 'zod';
import { errorCodes } from '../error-codes.ts';
import type { ErrorCode } from '../error-codes.ts';
import { name, note, slug } from './common.ts';
import { serverCredential } from './credentials.ts';
import { serverPrefix, serverUrl } from './servers.ts';

export const importedServer = z.strictObject({
  name,
  slug: slug.optional().describe('Made from the name when left out.'),
  url: serverUrl,
  prefix: serverPrefix.nullable().optional(),
  credential: serverCredential.optional().describe('Sealed at once and never returned.'),
  note: note.optional(),
});

export const importApply = z.strictObject({
  servers: z.array(importedServer).min(1, 'must name at least one server').max(200),
  atomic: z
    .boolean()
    .default(false)
    .describe('true: one that cannot be added keeps all from being added. false: the others are added.'),
});

const codes = Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]];

export const importResult = z.object({
  items: z.array(
    z.object({
      name: z.string(),
      slug: z.string().nullable().describe('Null where none could be made from the name.'),
      status: z
        .enum(['added', 'exists', 'failed'])
        .describe('exists: a server of that slug with that address is there already; it is left as it is.'),
      code: z.enum(codes).nullable().describe('Of one that failed.'),
      detail: z.string().nullable().describe('Of one that failed: why, and what to do.'),
    }),
  ),
});
export type ImportResult = z.output<typeof importResult>;
