import { z } from 'zod';
import { credentialHeaderProblem } from '../server-form.ts';

export const headerValue = z
  .string()
  .min(1, 'must not be empty')
  .max(8192, 'must have at most 8192 characters')
  .refine((value) => /^[\t\x20-\x7e]+$/.test(value), 'must be visible ASCII without line breaks')
  .refine((value) => value === value.trim(), 'must not begin or end with white space');

/** Header fields that carry a credential, by name. */
export const credentialHeaders = z
  .record(z.string(), headerValue)
  .superRefine((record, context) => {
    const names = Object.keys(record);
    if (names.length === 0) context.addIssue({ code: 'custom', message: 'must name at least one header' });
    if (names.length > 20) context.addIssue({ code: 'custom', message: 'must name at most 20 headers' });
    for (const name of names) {
      const reason = credentialHeaderProblem(name);
      if (reason !== undefined) context.addIssue({ code: 'custom', path: [name], message: reason });
    }
    if (new Set(names.map((name) => name.toLowerCase())).size !== names.length) {
      context.addIssue({ code: 'custom', message: 'must not name a header twice' });
    }
  })
  .describe('Header name → value. Write-only.');

/** Either headers as they are to be sent, or a bearer token (RFC 6750). */
export const serverCredential = z.union([
  z.strictObject({ headers: credentialHeaders }),
  z.strictObject({
    bearer: headerValue.refine(
      (value) => /^[A-Za-z0-9\-._~+/]+=*$/.test(value),
      'must be a bearer token (RFC 6750: no spaces)',
    ),
  }),
]);
