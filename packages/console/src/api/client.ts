import { clientOf } from '@mcpnest/contract/caller';
import { readProblem } from './problem.ts';
import { askToSignInAgain } from './sign-in-again.ts';
import { wires } from './wires.precomputed.ts';

let csrfToken = '';

/** Keep what proves that a change comes from this page; it belongs to the session. */
export const setCsrfToken = (token: string): void => {
  csrfToken = token;
};

/**
 * Send a request of ours with the session. What takes a recent sign-in is sent once more when the person has signed in
 * again.
 */
async function sendWithSession(request: Request): Promise<Response> {
  const once = request.clone();
  const response = await send(request);
  return (await wantsSignIn(response)) && (await askToSignInAgain()) ? send(once) : response;
}

/** Whether it was refused because the sign-in is too long ago. */
async function wantsSignIn(response: Response): Promise<boolean> {
  if (response.status !== 403) return false;
  const copy = response.clone();
  const body: unknown = await copy.json().catch(() => undefined);
  return readProblem(body)?.code === 'reauthentication_required';
}

/** Everything that changes something carries the token. */
function send(request: Request): Promise<Response> {
  const headers = new Headers(request.headers);
  if (request.method !== 'GET') headers.set('x-csrf-token', csrfToken);
  return fetch(new Request(request, { credentials: 'same-origin', headers }));
}

/** Every operation of the contract, as the person who is signed in. */
export const client = clientOf(wires, { baseUrl: location.origin, fetch: sendWithSession, readProblem });
