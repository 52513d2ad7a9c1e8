import { z } from 'zod';
import { time } from './common.ts';

export const connection = z.object({
  client: z.string().describe('What the client calls itself; empty where it says nothing. It proves nothing.'),
  version: z.string().describe('The version it gives itself; empty where it says nothing.'),
  era: z
    .enum(['legacy', 'modern', 'bare'])
    .describe('legacy: with sessions. modern: 2026-07-28. bare: plain requests without a session.'),
  revision: z.string().describe('The protocol revision of its last request.'),
  server: z.string().nullable().describe('Slug of the one server its URL names; null: the whole workspace.'),
  tokenId: z.string(),
  tokenLabel: z.string(),
  kind: z.enum(['workspace', 'member', 'machine']).describe('For whom its token acts.'),
  memberId: z.string().nullable(),
  machineId: z.string().nullable(),
  since: time.describe('When it came first.'),
  lastRequestAt: time.describe('Up to a minute behind.'),
  toolsReadAt: time.nullable().describe('When it last read the list of tools; null: not yet.'),
  staleSince: time
    .nullable()
    .describe(
      'Since when it would be shown other tools than it has read; null: what it has read is current, or it has read none.',
    ),
});
export type Connection = z.output<typeof connection>;

export const connectionList = z.object({ items: z.array(connection) });
