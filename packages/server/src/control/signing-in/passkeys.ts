import type {
  AuthenticationResponseJSON,
  AuthenticatorTransport,
  RegistrationResponseJSON,
} from '@simplewebauthn/server';
import type { z } from 'zod';
import type { Passkey, passkeyAdd, passkeySignIn, Session } from '@mcpnest/contract/schemas/sessions';
import type { Kysely, Selectable } from 'kysely';
import { AppError, conflict, notFound, unauthenticated } from '../../domain/errors.ts';
import { newId } from '../../domain/ids.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { Change, Changer } from '../change.ts';
import type { Visit } from '../operation.ts';
import { keepChallenge, takeChallenge } from './challenges.ts';
import { relyingParty } from './relying-party.ts';
import { ownSession, startSession, wayInChanged } from './sessions.ts';
import type { SessionDeps } from './sessions.ts';

export interface PasskeyDeps extends SessionDeps {
  readonly publicUrl: () => string;
}

/** Passkeys one person may have. */
const mostPasskeys = 20;

type PasskeyRow = Selectable<Schema['passkeys']>;

/** Nothing else is asked for, so the passkey must have been unlocked by its owner: having found it is not enough. */
const userVerification = 'required';

/** EdDSA, ES256 and RS256 (IANA COSE): what authenticators have, and what this Node verifies without experiments. */
const algorithms = [-8, -7, -257];

/** Loaded where it is used: most starts of the command line have no use for it. */
const webauthn = () => import('@simplewebauthn/server');

/** What a passkey is to sign so that its owner is let in; the passkey says who that is. */
export async function signInOptions({ db, clock, publicUrl }: PasskeyDeps, visit: Visit) {
  const { id: rpID } = relyingParty(publicUrl(), visit.headers);
  const { generateAuthenticationOptions } = await webauthn();
  const options = await generateAuthenticationOptions({ rpID, userVerification, allowCredentials: [] });
  await keepChallenge(db, clock.now(), options.challenge, null);
  return { ...options };
}

/**
 * Sign in with a passkey (W3C Web Authentication Level 3, section 7.2).
 * @throws AppError `unauthenticated`; `conflict` where the page was opened by an address
 */
export async function signInWithPasskey(
  deps: PasskeyDeps,
  visit: Visit,
  { response }: z.output<typeof passkeySignIn>,
): Promise<Session> {
  const party = relyingParty(deps.publicUrl(), visit.headers);
  const challenge = await takeChallenge(deps.db, deps.clock.now(), response.response.clientDataJSON, null);
  const row = await deps.db
    .selectFrom('passkeys')
    .selectAll()
    .where('credential_id', '=', response.id)
    .executeTakeFirst();
  if (row === undefined) throw notKnown();
  const { verifyAuthenticationResponse } = await webauthn();
  const result = await verifyAuthenticationResponse({
    // The library checks every field of it; its type only says which it knows.
    response: response as unknown as AuthenticationResponseJSON,
    expectedChallenge: challenge,
    expectedOrigin: party.origin,
    expectedRPID: party.id,
    requireUserVerification: true,
    credential: {
      id: row.credential_id,
      publicKey: new Uint8Array(Buffer.from(row.public_key, 'base64url')),
      counter: row.counter,
      transports: transportsOf(row),
    },
  }).catch(notThisOne);
  if (!result.verified) throw notKnown();
  const { newCounter } = result.authenticationInfo;
  return startSession(deps, visit, {
    userId: row.user_id,
    method: 'passkey',
    confirm: async ({ tx, at }) => {
      const used = await tx
        .updateTable('passkeys')
        .set({ counter: newCounter, last_used_at: at })
        .where('id', '=', row.id)
        .where('counter', '=', row.counter)
        .returning('id')
        .executeTakeFirst();
      if (used === undefined) throw notKnown();
    },
  });
}

/** What a new passkey of a person is to sign. @throws AppError `conflict` where the page was opened by an address */
export async function addOptions({ db, clock, publicUrl }: PasskeyDeps, visit: Visit, userId: string) {
  const { id: rpID } = relyingParty(publicUrl(), visit.headers);
  const user = await db
    .selectFrom('users')
    .select(['email', 'name'])
    .where('id', '=', userId)
    .executeTakeFirstOrThrow();
  const known = await passkeysOf(db, userId).execute();
  const { generateRegistrationOptions } = await webauthn();
  const options = await generateRegistrationOptions({
    rpName: 'MCPNest',
    rpID,
    userID: new Uint8Array(Buffer.from(userId)),
    userName: user.email,
    userDisplayName: user.name,
    attestationType: 'none',
    supportedAlgorithmIDs: algorithms,
    excludeCredentials: known.map((row) => ({ id: row.credential_id, transports: transportsOf(row) })),
    authenticatorSelection: { residentKey: 'required', userVerification },
  });
  await keepChallenge(db, clock.now(), options.challenge, userId);
  return { ...options };
}

/**
 * Add a passkey (W3C Web Authentication Level 3, section 7.1).
 * @throws AppError `invalid_input`, `unauthenticated` for an old answer, `already_exists`, `conflict`
 */
export async function addPasskey(
  deps: PasskeyDeps,
  change: Changer,
  visit: Visit,
  userId: string,
  { name, response }: z.output<typeof passkeyAdd>,
): Promise<Passkey> {
  const party = relyingParty(deps.publicUrl(), visit.headers);
  const challenge = await takeChallenge(deps.db, deps.clock.now(), response.response.clientDataJSON, userId);
  const { verifyRegistrationResponse } = await webauthn();
  const { registrationInfo } = await verifyRegistrationResponse({
    // The library checks every field of it; its type only says which it knows.
    response: response as unknown as RegistrationResponseJSON,
    expectedChallenge: challenge,
    expectedOrigin: party.origin,
    expectedRPID: party.id,
    requireUserVerification: true,
    supportedAlgorithmIDs: algorithms,
  }).catch(notThisOne);
  if (registrationInfo === undefined) throw notKnown();
  const { credential } = registrationInfo;
  return change(async (made) => {
    await ownSession(made.tx, made.actor);
    const known = await passkeysOf(made.tx, userId).execute();
    if (known.length >= mostPasskeys) throw conflict(`You have ${mostPasskeys} passkeys. Remove one first.`);
    const taken = await made.tx
      .selectFrom('passkeys')
      .select('id')
      .where('credential_id', '=', credential.id)
      .executeTakeFirst();
    if (taken !== undefined) throw new AppError('already_exists', 'This passkey is known here already.');
    const row: PasskeyRow = {
      id: newId(made.now),
      user_id: userId,
      name,
      credential_id: credential.id,
      public_key: Buffer.from(credential.publicKey).toString('base64url'),
      counter: credential.counter,
      transports: JSON.stringify(credential.transports ?? []),
      created_at: made.at,
      last_used_at: null,
    };
    await made.tx.insertInto('passkeys').values(row).execute();
    await wayInChanged(made, userId, `passkey:${row.id}`, { way: 'passkey' });
    return toPasskey(row);
  });
}

/** A person's passkeys, oldest first. */
export const listPasskeys = async (db: Kysely<Schema>, userId: string): Promise<Passkey[]> =>
  (await passkeysOf(db, userId).execute()).map(toPasskey);

/** @throws AppError `not_found`; `conflict` for the last way in */
export async function removePasskey(change: Change, id: string): Promise<void> {
  const { tx } = change;
  const { user_id: userId } = await ownSession(tx, change.actor);
  const known = await passkeysOf(tx, userId).execute();
  if (!known.some((row) => row.id === id)) throw notFound('passkey', id);
  const password = await tx.selectFrom('passwords').select('user_id').where('user_id', '=', userId).executeTakeFirst();
  if (known.length === 1 && password === undefined)
    throw conflict('This passkey is your last way to sign in. Set a password or add another passkey first.');
  await tx.deleteFrom('passkeys').where('id', '=', id).execute();
  await wayInChanged(change, userId, `passkey:${id}`, { way: 'passkey' });
}

const passkeysOf = (db: Kysely<Schema>, userId: string) =>
  db.selectFrom('passkeys').selectAll().where('user_id', '=', userId).orderBy('id');

const toPasskey = (row: PasskeyRow): Passkey => ({
  id: row.id,
  name: row.name,
  createdAt: row.created_at,
  lastUsedAt: row.last_used_at,
});

const transportsOf = (row: PasskeyRow): AuthenticatorTransport[] =>
  JSON.parse(row.transports) as AuthenticatorTransport[];

const notKnown = () => unauthenticated('This passkey does not open an account here.');

/** The library throws for everything that is not as it must be; what exactly is for the log. */
function notThisOne(cause: unknown): never {
  throw new AppError('unauthenticated', notKnown().message, {
    detail: cause instanceof Error ? cause.message : undefined,
    cause,
  });
}
