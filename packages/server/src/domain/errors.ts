import type { ErrorCode } from '@mcpnest/contract/error-codes';

/**
 * The one error class of the product. Thrown, never returned; rendered only at the edge of a plane.
 * `message` is safe for the caller; `detail` goes to the log and nowhere else.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  /** Milliseconds after which trying again may succeed, where that is known. */
  readonly retryAfterMs: number | undefined;
  /** Of an exhausted limit its name, as settings have it. */
  readonly limit: string | undefined;
  /** What exactly was wrong with the input: a path into it and a remedy. */
  readonly issues: readonly InputIssue[] | undefined;

  constructor(code: ErrorCode, message: string, more: AppErrorMore = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.detail = more.detail;
    this.retryAfterMs = more.retryAfterMs;
    this.limit = more.limit;
    this.issues = more.issues;
  }
}

export interface InputIssue {
  path: string;
  message: string;
}

interface AppErrorMore {
  detail?: string | undefined;
  cause?: unknown;
  retryAfterMs?: number | undefined;
  limit?: string | undefined;
  issues?: readonly InputIssue[] | undefined;
}

export const unauthenticated = (message: string): AppError => new AppError('unauthenticated', message);
export const forbidden = (message: string): AppError => new AppError('forbidden', message);
export const notFound = (noun: string, name: string): AppError =>
  new AppError('not_found', `No ${noun} '${name}' here.`);
export const alreadyExists = (noun: string, name: string): AppError =>
  new AppError('already_exists', `A ${noun} '${name}' exists already.`);
export const conflict = (message: string): AppError => new AppError('conflict', message);
export const invalidInput = (message: string, issues?: readonly InputIssue[]): AppError =>
  new AppError('invalid_input', message, { issues });
export const unavailable = (message: string, more: AppErrorMore = {}): AppError =>
  new AppError('unavailable', message, more);
