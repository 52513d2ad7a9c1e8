import { z } from 'zod';
import { callFilters } from './call-filters.ts';
import { auditEvent } from './records.ts';

const { callId: _call, traceId: _trace, approvalId: _approval, from: _from, to: _to, ...filters } = callFilters;

export const tailQuery = z.strictObject({
  ...filters,
  show: z
    .enum(['calls', 'changes', 'all'])
    .default('calls')
    .describe('Filters are of calls: whoever asks for changes gets all of them, about five seconds late.'),
});

/** What the data of an event `change` is. */
export const tailedChange = auditEvent.omit({ chain: true, workspaceId: true });
export type TailedChange = z.output<typeof tailedChange>;
