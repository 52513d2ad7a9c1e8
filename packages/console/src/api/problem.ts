import { ApiError } from '@mcpnest/contract/caller';
import type { Problem } from '@mcpnest/contract/schemas/common';

/** A problem document (RFC 9457) as the control API writes it, or undefined for any other body. */
export function readProblem(body: unknown): Problem | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { code, title, detail, status } = body as Partial<Problem>;
  const known = [code, title, detail].every((text) => typeof text === 'string') && typeof status === 'number';
  return known ? (body as Problem) : undefined;
}

/** Anything thrown, as something a person can be told: what is wrong and what to do about it. */
export interface AppProblem {
  readonly code: Problem['code'] | 'unreachable' | 'broken' | 'not_given';
  readonly title: string;
  readonly detail: string;
  /** What is wrong with which field, by its path in the form: `name`, where the server says `body.name`. */
  readonly errors: Readonly<Record<string, string>>;
  readonly retryable: boolean;
  readonly requestId: string | undefined;
}

/** What browsers throw where a passkey is asked for (W3C Web Authentication, sections 5.1.3 and 5.1.4), by name. */
const passkeyProblems: ReadonlyMap<string, { readonly title: string; readonly detail: string }> = new Map([
  [
    'NotAllowedError',
    { title: 'No passkey was given', detail: 'The browser was told no, or the time was up. Nothing has changed.' },
  ],
  [
    'InvalidStateError',
    {
      title: 'There is one already',
      detail: 'This device has a passkey of yours. Sign in with it, or use another device.',
    },
  ],
]);

const inBody = /^body\./;

/** Read whatever was thrown. */
export function problemOf(error: unknown): AppProblem {
  if (error instanceof ApiError) {
    const { code, title, detail, retryable, requestId, issues = [] } = error.problem;
    const errors = Object.fromEntries(issues.map(({ path, message }) => [path.replace(inBody, ''), message]));
    const said = issues.reduce((text, { path }) => text.replace(path, path.replace(inBody, '')), detail);
    return {
      ...{ code, title, detail: said, retryable, errors },
      requestId: requestId === '' ? undefined : requestId,
    };
  }
  const passkey = error instanceof Error ? passkeyProblems.get(error.name) : undefined;
  if (passkey !== undefined)
    return { code: 'not_given', ...passkey, errors: {}, retryable: false, requestId: undefined };
  const offline = error instanceof TypeError && /fetch|network|load/i.test(error.message);
  return {
    code: offline ? 'unreachable' : 'broken',
    title: offline ? 'MCPNest cannot be reached' : 'This page has a fault',
    detail: offline
      ? 'Check your connection and whether the server runs; what you see may be old. It is tried again by itself.'
      : 'Reload the page. If it happens again, tell whoever runs this instance what you did before.',
    errors: {},
    retryable: true,
    requestId: undefined,
  };
}
