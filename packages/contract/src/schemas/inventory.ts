import { z } from 'zod';
import { time } from './common.ts';
import { custodyFields } from './custody.ts';

const yesNo = z.enum(['true', 'false']).optional();

export const inventoryQuery = z.strictObject({
  online: yesNo,
  used: yesNo.describe('Called within `days`.'),
  days: z.coerce.number().int().min(1).max(365).default(30),
  orphaned: yesNo,
  sensitivity: z.enum(['none', 'internal', 'confidential', 'restricted']).optional().describe('This or above.'),
  label: z.string().max(40).optional(),
  maintainer: z.string().max(254).optional(),
  owner: z.string().max(40).optional().describe('Slug of a team.'),
});

export const inventoryItem = z.object({
  server: z.string(),
  name: z.string(),
  enabled: z.boolean(),
  online: z.boolean().describe('Enabled, and neither down nor in a drill when it was last seen.'),
  state: z.string(),
  owner: z.string().nullable().describe('Slug of the team it belongs to.'),
  ...custodyFields,
  maintainer: z.string().nullable(),
  orphaned: z.string().nullable().describe('Why nobody looks after it; null: somebody does.'),
  lastUsedAt: time.nullable().describe('Of the last call; to the hour where its row is gone. Null: never.'),
  lastHealthyAt: time.nullable(),
  pendingReview: z.int().describe('Tools of it that are held back until somebody decides.'),
  used: z.boolean().describe('Called within the days asked for.'),
});
export type InventoryItem = z.output<typeof inventoryItem>;

export const inventory = z.object({
  items: z.array(inventoryItem),
  counts: z
    .object({
      servers: z.int(),
      online: z.int(),
      used: z.int(),
      orphaned: z.int(),
      sensitive: z.int().describe('confidential or restricted'),
    })
    .describe('Of all servers, whatever the filters.'),
});
