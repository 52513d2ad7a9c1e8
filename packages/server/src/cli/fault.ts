import { ApiError } from '@mcpnest/contract/client';
import type { ErrorCode } from '@mcpnest/contract/error-codes';
import { AppError } from '../domain/errors.ts';

/** Exit codes of the command line; documented, so scripts may rely on them. */
export const exit = { ok: 0, failed: 1, usage: 2, auth: 3, notFound: 4, conflict: 5 } as const;

const exitOf: Partial<Record<ErrorCode, number>> = {
  unauthenticated: exit.auth,
  forbidden: exit.auth,
  not_found: exit.notFound,
  already_exists: exit.conflict,
  conflict: exit.conflict,
  invalid_input: exit.usage,
};

/** The command was used wrongly, or cannot do what is asked here; the message says what to do instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface Fault {
  readonly message: string;
  /** A command that helps, if one is known. */
  readonly hint: string | undefined;
  readonly exitCode: number;
}

/** What to tell a person about an error, and which code to exit with. Never a stack. */
export function explainFault(error: unknown): Fault {
  if (error instanceof UsageError) return { message: error.message, hint: undefined, exitCode: exit.usage };
  if (error instanceof ApiError) {
    const { code, requestId } = error.problem;
    const hint = code === 'internal' ? `See the log of the server for request ${requestId}.` : hints[code];
    return { message: error.message, hint, exitCode: exitOf[code] ?? exit.failed };
  }
  if (error instanceof AppError) {
    return { message: error.message, hint: hints[error.code], exitCode: exitOf[error.code] ?? exit.failed };
  }
  const reason = error instanceof Error ? error : new Error(String(error));
  const cause = reason.cause instanceof Error && reason.cause.message !== '' ? ` (${reason.cause.message})` : '';
  return { message: `${reason.message}${cause}`, hint: 'mcpnest doctor', exitCode: exit.failed };
}

const hints: Partial<Record<ErrorCode, string>> = {
  unauthenticated: 'Set MCPNEST_API_KEY to a control key (mnk_…). An owner makes one with: mcpnest key issue',
  unavailable: 'mcpnest doctor',
};
