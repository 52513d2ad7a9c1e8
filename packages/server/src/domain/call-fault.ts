/** Where a call went wrong; null: nowhere. */
export const callFaults = ['caller', 'denied', 'tool', 'upstream', 'gateway'] as const;
export type CallFault = (typeof callFaults)[number];

/**
 * Whose fault the end of a call was, from what its row says. `caller`: malformed, unknown or given up; `denied`:
 * refused by rules, stops, approvals or budgets; `tool`: the
 * tool was reached and said that it failed; `gateway`: a defect or limit of our own.
 */
export function callFault(outcome: string, status: number): CallFault | null {
  switch (outcome) {
    case 'ok':
      return null;
    case 'tool_error':
      return 'tool';
    case 'denied':
      if (status === 400 || status === 404) return 'caller';
      return status < 500 ? 'denied' : 'gateway';
    case 'throttled':
      // A budget of ours is 429; an upstream that throttles us, or is left alone for a while, is 5xx.
      return status < 500 ? 'denied' : 'upstream';
    case 'refused':
      return status < 500 ? 'caller' : 'gateway';
    case 'cancelled':
      return 'caller';
    default:
      return 'upstream';
  }
}
