import { z } from 'zod';
import { id, time } from './common.ts';

export const drillStart = z.strictObject({
  seconds: z.int().min(1).max(600).default(60).describe('How long the server is treated as failing.'),
});

export const drill = z.object({
  id,
  startedAt: time,
  startedBy: z.string(),
  endsAt: time.describe('When it ends, or ended: by itself or because somebody ended it.'),
  running: z.boolean(),
  calls: z.int().describe('Calls that it failed, as far as they are in the store.'),
  affected: z.array(
    z.object({
      who: z.string().describe('member:<email>, machine:<name>, or token:<label> for a workspace token.'),
      calls: z.int(),
    }),
  ),
});
export type Drill = z.output<typeof drill>;

export const drillList = z.object({ items: z.array(drill) });
