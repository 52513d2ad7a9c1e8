import { z } from 'zod';
import { email, id, name, role, time } from './common.ts';

export const member = z.object({
  id,
  userId: id,
  email: z.string(),
  name: z.string(),
  role,
  createdAt: time,
});
export type Member = z.output<typeof member>;

export const memberList = z.object({ items: z.array(member) });

export const memberAdd = z.strictObject({
  email,
  name: name.optional().describe('The part of the email before @ when left out.'),
  role: role.default('member'),
});

export const memberUpdate = z.strictObject({ role });
