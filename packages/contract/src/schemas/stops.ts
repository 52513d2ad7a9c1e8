import { z } from 'zod';
import { id, note, time } from './common.ts';

/** `member:…`, `machine:…`, `token:…`, `server:<slug>`, `tool:<slug>:<name>`. */
export const stopTarget = z
  .string()
  .max(500)
  .regex(
    /^(?:(?:member|machine|token|server):.*\S|tool:[a-z0-9-]+:.+)$/,
    'must be member:<email>, machine:<name>, token:<id>, server:<slug> or tool:<slug>:<tool>',
  )
  .describe(
    '`member:<email>`, `machine:<name>`, `token:<id>`, `server:<slug>` or `tool:<slug>:<the server’s own name of it>`.',
  );

export const stop = z.object({
  id,
  target: z.string(),
  machines: z
    .array(z.string())
    .describe('Machines that are stopped with the member who owns them, also those that come to be theirs later.'),
  reason: z.string(),
  expiresAt: time.nullable().describe('Null: it holds until it is lifted.'),
  active: z.boolean().describe('Whether it holds at the moment.'),
  createdAt: time,
  createdBy: z.string(),
});
export type Stop = z.output<typeof stop>;

export const stopList = z.object({ items: z.array(stop) });

export const stopCreate = z
  .strictObject({
    target: stopTarget,
    reason: note.min(1, 'must say why'),
    machines: z
      .boolean()
      .default(true)
      .describe('Of a member: stop the machines they own as well. Means nothing for other targets.'),
    expiresAt: time.optional().describe('The moment it ends by itself. Not together with expiresInMinutes.'),
    expiresInMinutes: z.int().min(1).max(525_600).optional().describe('Minutes from now until it ends by itself.'),
  })
  .refine((body) => body.expiresAt === undefined || body.expiresInMinutes === undefined, {
    path: ['expiresInMinutes'],
    message: 'must not be sent together with expiresAt',
  });
