import { z } from 'zod';
import { id, name, role, slug, time } from './common.ts';

export const team = z.object({
  id,
  slug,
  name: z.string(),
  memberCount: z.int(),
  createdAt: time,
  updatedAt: time,
});
export type Team = z.output<typeof team>;

export const teamList = z.object({ items: z.array(team) });

export const teamQuery = z.strictObject({
  member: id.optional().describe('Only teams this member is in.'),
});

export const teamDetail = team.extend({
  members: z.array(z.object({ id, email: z.string(), name: z.string(), role })).describe('By email.'),
});
export type TeamDetail = z.output<typeof teamDetail>;

export const teamCreate = z.strictObject({
  name,
  slug: slug.optional().describe('Made from the name when left out; it never changes.'),
});

export const teamUpdate = z.strictObject({ name });
