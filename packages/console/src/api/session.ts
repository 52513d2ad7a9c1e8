import { ApiError } from '@mcpnest/contract/caller';
import type { Passkey, Session } from '@mcpnest/contract/schemas/sessions';
import type { AuthenticationResponseJSON, RegistrationResponseJSON, startRegistration } from '@simplewebauthn/browser';
import { queryOptions, useSuspenseQuery } from '@tanstack/react-query';
import { client, setCsrfToken } from './client.ts';

export type { Session } from '@mcpnest/contract/schemas/sessions';

type PasskeyResponse = Body<typeof client.passkeys.add>['response'];

type Body<Call extends (request: never) => unknown> = Parameters<Call>[0] extends { body: infer B } ? B : never;

const begun = async (answer: Promise<Session>): Promise<Session> => {
  const session = await answer;
  setCsrfToken(session.csrfToken);
  return session;
};

/** Each begins a session and throws ApiError when the server refuses. */
export const signIn = (body: Body<typeof client.session.create>): Promise<Session> =>
  begun(client.session.create({ body }));
export const signOut = (): Promise<void> => client.session.end();
export const setUp = (body: Body<typeof client.setup.finish>): Promise<Session> => begun(client.setup.finish({ body }));
export const resetPassword = (body: Body<typeof client.passwordReset.create>): Promise<Session> =>
  begun(client.passwordReset.create({ body }));
export const acceptInvitation = (body: Body<typeof client.invitations.acceptInConsole>): Promise<Session> =>
  begun(client.invitations.acceptInConsole({ body }));

type CreationOptions = Parameters<typeof startRegistration>[0]['optionsJSON'];

/** Sign in with a passkey; the browser asks for it. @throws ApiError, or what the browser throws when it is not given */
export async function signInByPasskey(): Promise<Session> {
  const [{ startAuthentication: ask }, options] = await Promise.all([
    import('@simplewebauthn/browser'),
    client.session.passkeyOptions({ body: {} }),
  ]);
  // Made by the server's half of the same library, in the JSON forms of WebAuthn.
  const answer = await ask({ optionsJSON: options });
  return begun(client.session.createByPasskey({ body: { response: asBody(answer) } }));
}

/** Make a passkey of this device and add it to the account. @throws as `signInByPasskey` */
export async function registerPasskey(name: string): Promise<Passkey> {
  const [{ startRegistration: ask }, options] = await Promise.all([
    import('@simplewebauthn/browser'),
    client.passkeys.options({ body: {} }),
  ]);
  const answer = await ask({ optionsJSON: options as unknown as CreationOptions });
  return client.passkeys.add({ body: { name, response: asBody(answer) } });
}

/** What the library types as an interface is an object of the wire. */
const asBody = (answer: AuthenticationResponseJSON | RegistrationResponseJSON): PasskeyResponse => ({
  ...answer,
  response: { ...answer.response },
});

/** The session, or null when nobody is signed in. */
export const sessionQuery = queryOptions({
  queryKey: ['session', 'show'],
  staleTime: 60_000,
  queryFn: async (): Promise<Session | null> => {
    try {
      return await begun(client.session.show());
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
