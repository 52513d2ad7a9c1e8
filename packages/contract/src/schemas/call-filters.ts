import { z } from 'zod';
import { toolClass } from './access.ts';
import { time } from './common.ts';

const text = z.string().min(1).max(200).optional();

/** A span of time, open at either end. */
export const timeRange = {
  from: time.optional().describe('Not before this moment.'),
  to: time.optional().describe('Before this moment.'),
};

/** What calls are searched by; together they narrow. */
export const callFilters = {
  callId: text.describe('One call.'),
  traceId: text.describe('Of the W3C trace context the client sent.'),
  approvalId: text.describe('Asked for, or sent with.'),
  memberId: text,
  machineId: text,
  tokenId: text,
  team: text.describe('Slug: calls of those who are in the team now.'),
  server: text.describe('Slug it had when it was called.'),
  tool: text.describe('Name of the tool or prompt as its server has it, or URI of the resource.'),
  toolPrefix: text.describe('What such names begin with.'),
  class: toolClass.optional().describe('Of the tool, as it counted then.'),
  method: text,
  outcome: text,
  failed: z.enum(['true']).optional().describe('Calls that ended in anything but ok.'),
  status: z.coerce.number().int().min(100).max(599).optional(),
  statusClass: z
    .enum(['2xx', '4xx', '5xx'])
    .optional()
    .describe("4xx: the caller's fault or a refusal. 5xx: the upstream's, or ours."),
  errorCode: text,
  rule: text.describe('The rule that decided.'),
  client: text.describe('What the client calls itself.'),
  ...timeRange,
};
