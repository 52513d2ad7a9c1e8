import { z } from 'zod';
import { id, name, time } from './common.ts';

export const machine = z.object({
  id,
  name: z.string(),
  ownerId: id.describe('The member who answers for it.'),
  ownerEmail: z.string(),
  state: z
    .enum(['active', 'disabled', 'suspended'])
    .describe(
      'active: its tokens work. disabled: an administrator switched it off. suspended: its owner was removed; name another with ownerId.',
    ),
  enabled: z.boolean(),
  createdAt: time,
  createdBy: z.string(),
  updatedAt: time,
  lastUsedAt: time.nullable().describe('When any of its tokens was last used; up to a minute behind.'),
});
export type Machine = z.output<typeof machine>;

export const machineList = z.object({ items: z.array(machine) });

const ownerId = id.describe('The member who answers for it.');

export const machineCreate = z.strictObject({
  name: name.describe('Unique among the machines of the workspace.'),
  ownerId: ownerId.optional().describe('The member who answers for it; the caller when left out.'),
});

export const machineUpdate = z
  .strictObject({
    name: name.optional(),
    ownerId: ownerId.optional(),
    enabled: z.boolean().optional().describe('false: its tokens stop working at once and work again with true.'),
  })
  .refine((body) => Object.keys(body).length > 0, 'must change something: send name, ownerId or enabled');
