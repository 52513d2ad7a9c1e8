/** Every way an operation can fail, what it means, and whether trying again unchanged may help. */
export const errorCodes = {
  unauthenticated: { meaning: 'No valid credential was sent.', retryable: false },
  forbidden: { meaning: 'The credential is valid but its role does not permit this.', retryable: false },
  reauthentication_required: {
    meaning: 'The session is valid, but this takes a sign-in of the last ten minutes.',
    retryable: false,
  },
  not_found: { meaning: 'Nothing by that name exists in what the caller may see.', retryable: false },
  already_exists: { meaning: 'Something by that name exists already.', retryable: false },
  conflict: { meaning: 'The change does not fit the present state.', retryable: false },
  invalid_input: { meaning: 'The request is malformed or a value is out of bounds.', retryable: false },
  denied_by_policy: { meaning: 'A rule of the workspace denies this call.', retryable: false },
  approval_required: { meaning: 'A person must approve this call first.', retryable: true },
  rate_limited: { meaning: 'A limit is exhausted; retry after the stated time.', retryable: true },
  upstream_failed: { meaning: 'The MCP server could not be reached or did not answer correctly.', retryable: true },
  upstream_busy: {
    meaning: 'The MCP server is overloaded or being left alone for a moment after failures.',
    retryable: true,
  },
  upstream_timeout: {
    meaning: 'The MCP server did not answer in time; whether the call took effect is unknown.',
    retryable: false,
  },
  unavailable: { meaning: 'MCPNest cannot serve this right now.', retryable: true },
  internal: { meaning: 'A defect in MCPNest; the request id finds it in the log.', retryable: false },
} as const satisfies Record<string, { meaning: string; retryable: boolean }>;

export type ErrorCode = keyof typeof errorCodes;
