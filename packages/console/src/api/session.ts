import { ApiError } from '@mcpnest/contract/caller';
import type { Role } from '@mcpnest/contract/operation';
import { queryOptions, useSuspenseQuery } from '@tanstack/react-query';
import { sendWithSession, setCsrfToken } from './client.ts';
import { readProblem } from './problem.ts';

/** Who is signed in, and what may be done where. */
export interface Session {
  readonly user: { readonly id: string; readonly email: string; readonly name: string };
  readonly instanceRole: Role | null;
  readonly workspaces: readonly { readonly slug: string; readonly name: string; readonly role: Role }[];
  readonly csrfToken: string;
  readonly expiresAt: string;
  readonly authMethod: string;
}

export interface SetUp {
  readonly needed: boolean;
  readonly ownerEmail: string | null;
}

/**
 * Call an operation of signing in, which the person need not be signed in for.
 * @throws ApiError when the server refuses
 */
async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers = { accept: 'application/json', 'content-type': 'application/json' };
  const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  const response = await sendWithSession(new Request(new URL(path, location.origin), init));
  const answer: unknown = response.status === 204 ? undefined : await response.json().catch(() => null);
  if (response.ok) return answer as T;
  const { status } = response;
  throw new ApiError(
    readProblem(answer) ?? {
      ...{ type: 'about:blank', title: 'Unexpected answer', status, retryable: false, requestId: '' },
      ...{ code: 'unavailable', detail: `The server answered with HTTP ${status} and no explanation.` },
    },
  );
}

const begin = async (path: string, body: unknown): Promise<Session> => {
  const session = await ask<Session>('POST', path, body);
  setCsrfToken(session.csrfToken);
  return session;
};

export const signIn = (body: { email: string; password: string }): Promise<Session> => begin('/api/v1/session', body);
export const signOut = (): Promise<void> => ask('DELETE', '/api/v1/session');
export const passkeyOptions = (): Promise<never> => ask('POST', '/api/v1/session/passkey-options', {});
export const signInWithPasskey = (response: unknown): Promise<Session> =>
  begin('/api/v1/session/passkey', { response });
export const readSetUp = (): Promise<SetUp> => ask('GET', '/api/v1/setup');
export const setUp = (body: { key: string; email: string; name: string; password: string }): Promise<Session> =>
  begin('/api/v1/setup', body);
export const resetPassword = (body: { key: string; password: string }): Promise<Session> =>
  begin('/api/v1/password-reset', body);
export const acceptInvitation = (body: { secret: string; name: string; password: string }): Promise<Session> =>
  begin('/api/v1/invitations/accept-in-console', body);

/** A session of mine, on this device or another. */
export interface OpenSession {
  readonly id: string;
  readonly createdAt: string;
  readonly lastSeenAt: string;
  readonly address: string | null;
  readonly browser: string;
  readonly current: boolean;
}

export interface Passkey {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
}

export const listSessions = (): Promise<{ items: OpenSession[] }> => ask('GET', '/api/v1/sessions');
export const endSession = (id: string): Promise<void> => ask('DELETE', `/api/v1/sessions/${encodeURIComponent(id)}`);
export const endOtherSessions = (): Promise<void> => ask('DELETE', '/api/v1/sessions');
export const changePassword = (body: { current?: string; next: string }): Promise<void> =>
  ask('PUT', '/api/v1/password', body);
export const listPasskeys = (): Promise<{ items: Passkey[] }> => ask('GET', '/api/v1/passkeys');
export const newPasskeyOptions = (): Promise<never> => ask('POST', '/api/v1/passkeys/options', {});
export const addPasskey = (body: { name: string; response: unknown }): Promise<Passkey> =>
  ask('POST', '/api/v1/passkeys', body);
export const removePasskey = (id: string): Promise<void> => ask('DELETE', `/api/v1/passkeys/${encodeURIComponent(id)}`);

/** The session, or null when nobody is signed in. */
export const sessionQuery = queryOptions({
  queryKey: ['session', 'show'],
  staleTime: 60_000,
  queryFn: async (): Promise<Session | null> => {
    try {
      const session = await ask<Session>('GET', '/api/v1/session');
      setCsrfToken(session.csrfToken);
      return session;
    } catch (error) {
      if (error instanceof ApiError && error.problem.code === 'unauthenticated') return null;
      throw error;
    }
  },
});

/** The session inside the shell, which shows nothing without one. */
export function useSession(): Session {
  const { data } = useSuspenseQuery(sessionQuery);
  if (data === null) throw new Error('a page of the shell was shown to nobody');
  return data;
}
