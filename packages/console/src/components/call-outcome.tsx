import type { ToolCall } from '@mcpnest/contract/schemas/records';
import { StatusWord } from '../ui/status.tsx';
import type { StatusTone } from '../ui/status.tsx';

/** How a call ended: the same word in the same tone wherever calls are shown. */
export const CallOutcome = ({ outcome, status }: Pick<ToolCall, 'outcome' | 'status'>) => (
  <StatusWord tone={toneOf(outcome, status)}>{outcome}</StatusWord>
);

/** What the upstream or the gateway did is bad; a refusal, a fault of the caller and what the tool itself says warn. */
function toneOf(outcome: string, status: number): StatusTone {
  // A tool that fails answers with 200: only its result says so.
  if (outcome === 'ok') return 'ok';
  return status >= 500 ? 'bad' : 'warn';
}
