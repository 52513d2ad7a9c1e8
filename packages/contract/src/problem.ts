import type { ErrorCode } from './error-codes.ts';

/** HTTP status of each error in the control API (RFC 9110 section 15). */
export const errorStatus: Readonly<Record<ErrorCode, number>> = {
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  already_exists: 409,
  conflict: 409,
  invalid_input: 400,
  denied_by_policy: 403,
  approval_required: 428,
  reauthentication_required: 403,
  rate_limited: 429,
  upstream_failed: 502,
  upstream_busy: 503,
  upstream_timeout: 504,
  unavailable: 503,
  internal: 500,
};

/** Short name of each error; the same for every occurrence (RFC 9457, `title`). */
export const errorTitle: Readonly<Record<ErrorCode, string>> = {
  unauthenticated: 'Not signed in',
  forbidden: 'Not permitted',
  not_found: 'Not found',
  already_exists: 'Exists already',
  conflict: 'Does not fit the present state',
  invalid_input: 'Invalid request',
  denied_by_policy: 'Denied by policy',
  approval_required: 'Approval required',
  reauthentication_required: 'Sign in again',
  rate_limited: 'Too many requests',
  upstream_failed: 'Server failed',
  upstream_busy: 'Server busy',
  upstream_timeout: 'Server timed out',
  unavailable: 'Unavailable',
  internal: 'Internal error',
};
