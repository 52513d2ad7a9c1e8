import { z } from 'zod';

const label = z
  .string()
  .max(40)
  .regex(/^[a-z0-9]+(?:[-:.][a-z0-9]+)*$/, 'must be a–z, 0–9 and single - : . between them');

/** Who looks after a server, and what it touches. */
export const custodyFields = {
  maintainer: z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(254)
    .refine((text) => !/[\u0000-\u001f\u007f]/.test(text), 'must not contain control characters')
    .describe('Who looks after it: an email address, so that it shows when that person leaves, or words.'),
  sensitivity: z
    .enum(['none', 'internal', 'confidential', 'restricted'])
    .describe('How sensitive the systems and data are that it touches.'),
  labels: z
    .array(label)
    .max(8)
    .refine((labels) => new Set(labels).size === labels.length, 'must not name a label twice')
    .describe('Words to find it by, e.g. `pii`, `prod`, `kind:browser`.'),
};

const custody = z.object({ ...custodyFields, maintainer: custodyFields.maintainer.nullable() });
export type Custody = z.output<typeof custody>;
