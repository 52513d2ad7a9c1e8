import { errorCodes } from '@mcpnest/contract/error-codes';
import { errorStatus, errorTitle } from '@mcpnest/contract/problem';
import type { Problem } from '@mcpnest/contract/schemas/common';
import type { AppError } from '../domain/errors.ts';

/**
 * An error as the control API says it (RFC 9457). Only what is meant for the caller is in it.
 * @param status overrides the code's own where HTTP has a more exact one (405, 413, 415)
 */
export function problemResponse(
  error: AppError,
  requestId: string,
  status: number = errorStatus[error.code],
): Response {
  const body: Problem = {
    type: `/docs#${error.code}`,
    title: errorTitle[error.code],
    status,
    detail: error.message,
    code: error.code,
    retryable: errorCodes[error.code].retryable,
    requestId,
    ...(error.issues === undefined ? {} : { issues: error.issues.map((issue) => ({ ...issue })) }),
  };
  const headers = new Headers({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' });
  if (error.code === 'unauthenticated') headers.set('www-authenticate', 'Bearer realm="mcpnest control"');
  if (error.retryAfterMs !== undefined)
    headers.set('retry-after', String(Math.max(1, Math.ceil(error.retryAfterMs / 1000))));
  return new Response(JSON.stringify(body), { status, headers });
}
