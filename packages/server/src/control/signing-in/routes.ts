import { invitations } from '@mcpnest/contract/operations/invitations';
import { people } from '@mcpnest/contract/operations/people';
import { session } from '@mcpnest/contract/operations/session';
import { sessions } from '@mcpnest/contract/operations/sessions';
import { setup } from '@mcpnest/contract/operations/setup';
import { passkeys, password, passwordReset } from '@mcpnest/contract/operations/ways-in';
import type { OpenDatabase } from '../../platform/database/database.ts';
import { route } from '../operation.ts';
import type { Route } from '../operation.ts';
import { acceptAndSignIn } from './accept.ts';
import { createAttempts, createQuestionLimit } from './attempts.ts';
import { createHashing } from './hashing.ts';
import { addOptions, addPasskey, listPasskeys, removePasskey, signInOptions, signInWithPasskey } from './passkeys.ts';
import { changePassword, signInWithPassword } from './passwords.ts';
import { findPerson, issueResetLink, resetPassword } from './reset.ts';
import { describeSession, endSessions, listSessions, ownSession, revokeSession, signOut } from './sessions.ts';
import type { SessionDeps } from './sessions.ts';
import { finishSetup, setupState } from './setup.ts';

export interface SigningInDeps extends SessionDeps {
  readonly publicUrl: () => string;
  readonly dialect: OpenDatabase['dialect'];
}

/** The routes of everything by which people get in and out of the console. */
export function signingInRoutes(given: SigningInDeps): Route[] {
  const { db, clock, publicUrl } = given;
  const deps = { ...given, hashing: createHashing(), attempts: createAttempts(clock) };
  const question = createQuestionLimit(clock);
  return [
    route(session.show, async ({ actor }) => describeSession(deps, await ownSession(db, actor))),
    route(session.create, ({ visit, input }) => signInWithPassword(deps, visit, input.body)),
    route(session.end, async ({ change, visit }) => {
      await change((made) => signOut(made, visit));
      return undefined;
    }),
    route(session.passkeyOptions, async ({ visit }) => {
      question(visit.address);
      return signInOptions(deps, visit);
    }),
    route(session.createByPasskey, ({ visit, input }) => signInWithPasskey(deps, visit, input.body)),
    route(sessions.list, async ({ actor }) => {
      const { id, user_id: userId } = await ownSession(db, actor);
      return { items: await listSessions(db, clock, userId, id) };
    }),
    route(sessions.revoke, async ({ change, input }) => {
      await change((made) => revokeSession(made, input.params.session));
      return undefined;
    }),
    route(sessions.revokeOthers, ({ change }) =>
      change(async (made) => {
        const { id, user_id: userId } = await ownSession(made.tx, made.actor);
        const ended = await endSessions(made, userId, id);
        await made.record({ workspaceId: null, target: `user:${userId}`, detail: { ended }, publish: 'nothing' });
        return { ended };
      }),
    ),
    route(password.change, async ({ actor, change, visit, input }) => {
      await changePassword(deps, change, visit, actor, input.body);
      return undefined;
    }),
    route(passkeys.list, async ({ actor }) => ({
      items: await listPasskeys(db, (await ownSession(db, actor)).user_id),
    })),
    route(passkeys.options, async ({ actor, visit }) => addOptions(deps, visit, (await ownSession(db, actor)).user_id)),
    route(passkeys.add, async ({ actor, change, visit, input }) =>
      addPasskey(deps, change, visit, (await ownSession(db, actor)).user_id, input.body),
    ),
    route(passkeys.remove, async ({ change, input }) => {
      await change((made) => removePasskey(made, input.params.passkey));
      return undefined;
    }),
    route(passwordReset.create, ({ visit, input }) => resetPassword(deps, visit, input.body)),
    route(setup.show, async ({ visit }) => {
      question(visit.address);
      return setupState(db);
    }),
    route(setup.finish, ({ visit, input }) => finishSetup(deps, visit, input.body)),
    route(invitations.acceptInConsole, ({ visit, input }) => acceptAndSignIn(deps, visit, input.body)),
    route(people.resetLink, ({ change, input }) =>
      change((made) => issueResetLink(made, input.params.email, publicUrl())),
    ),
    route(people.sessions, async ({ input }) => {
      const person = await findPerson(db, input.params.email);
      return { items: await listSessions(db, clock, person.id, undefined) };
    }),
    route(people.endSessions, ({ change, input }) =>
      change(async (made) => {
        const person = await findPerson(made.tx, input.params.email);
        const ended = await endSessions(made, person.id, undefined);
        await made.record({ workspaceId: null, target: `user:${person.id}`, detail: { ended }, publish: 'nothing' });
        return { ended };
      }),
    ),
  ];
}
