import { allOperations } from '@mcpnest/contract/operations';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failure, readSignedIn, startKit } from '../kit.contract.ts';
import type { Kit } from '../kit.contract.ts';

/** Somebody holds a copy of the cookie and the token of an owner's session, and means to stay. */
let kit: Kit;
let stolen: Awaited<ReturnType<Kit['signIn']>>;
const email = 'ada@example.com';
const password = `the password of ${email}`;
const recentMs = 10 * 60_000;
const guarded = allOperations.filter(({ recentSignIn }) => recentSignIn === true);

beforeEach(async () => {
  kit = await startKit();
  stolen = await kit.signIn(email);
});
afterEach(() => kit[Symbol.asyncDispose]());

const signIn = (headers: Record<string, string> = {}) =>
  kit.send('POST', '/api/v1/session', { key: null, headers, body: { email, password } });
/** What opens the console or the API, as it is stored. */
const waysIn = async () => {
  const { db } = kit.database;
  return [
    await db.selectFrom('passwords').selectAll().execute(),
    await db.selectFrom('passkeys').selectAll().execute(),
    await db.selectFrom('passkey_challenges').selectAll().execute(),
    await db.selectFrom('api_keys').select(['id', 'hash', 'revoked_at']).execute(),
    await db.selectFrom('entry_links').selectAll().execute(),
    await db.selectFrom('invitations').selectAll().execute(),
  ];
};

describe('[NEW-11] a stolen session', () => {
  it('makes no passkey, key or link of it that outlives it', async () => {
    kit.advance(recentMs);
    const before = await waysIn();
    expect(guarded.map(({ id }) => id).toSorted()).toEqual([
      ...['apiKeys.issue', 'apiKeys.rotate', 'instanceKeys.issue', 'instanceKeys.rotate', 'invitations.create'],
      ...['passkeys.add', 'passkeys.options', 'passkeys.remove', 'people.resetLink'],
    ]);
    for (const { id, method, path, body, example } of guarded) {
      const at = path
        .replace('{workspace}', 'acme')
        .replace('{email}', email)
        .replace(/\{\w+\}/, '0199d2b4-7c1e-7a53-9f04-3a1f6f0f8a11');
      const sent = { key: null, headers: stolen.headers, ...(body === null ? {} : { body: example }) };
      const response = await kit.send(method, at, sent);
      expect([id, response.status, ((await response.json()) as { code: string }).code]).toEqual([
        id,
        403,
        'reauthentication_required',
      ]);
    }
    expect(await waysIn()).toEqual(before);
    const counted = await kit.database.db.selectFrom('event_counts').select(['action', 'target']).execute();
    expect(counted).toEqual(expect.arrayContaining([{ action: 'passkeys.add', target: 'refused' }]));
  });

  it('changes no password without knowing it, and sets none where there is none', async () => {
    kit.advance(recentMs);
    const next = 'one that a thief has chosen';
    const before = await waysIn();
    for (const body of [{ next }, { current: 'a guess of it', next }])
      expect(await failure(stolen.client.password.change({ body }))).toMatchObject({
        code: 'invalid_input',
        issues: [{ path: 'body.current' }],
      });
    expect(await waysIn()).toEqual(before);
    await kit.database.db.deleteFrom('passwords').execute();
    expect(await failure(stolen.client.password.change({ body: { next } }))).toMatchObject({
      code: 'reauthentication_required',
    });
    expect(await kit.database.db.selectFrom('passwords').selectAll().execute()).toEqual([]);
  });

  it('cannot use now what it was given while the sign-in was recent', async () => {
    const headers = { ...stolen.headers, origin: 'http://localhost:8420' };
    const begun = await kit.send('POST', '/api/v1/passkeys/options', { key: null, headers, body: {} });
    expect(begun.status).toBe(200);
    kit.advance(recentMs);
    const response = { id: 'rOcl9rQ', response: { clientDataJSON: 'eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIn0' } };
    expect(await failure(stolen.client.passkeys.add({ body: { name: 'Mine', response } }))).toMatchObject({
      code: 'reauthentication_required',
    });
  });

  it('gains nothing when its person signs in again: the copy is of a session that has ended', async () => {
    kit.advance(recentMs);
    const again = await signIn({ cookie: stolen.cookie });
    expect(again.status).toBe(201);
    const { csrfToken } = (await again.json()) as { csrfToken: string };
    const { headers } = readSignedIn(again, csrfToken);
    const issue = (as: Record<string, string>) => {
      const body = { email, role: 'owner', label: 'mine' };
      return kit.send('POST', '/api/v1/api-keys', { key: null, headers: as, body });
    };
    expect((await issue(headers)).status).toBe(201);
    expect((await issue(stolen.headers)).status).toBe(401);
  });

  it('stays as it was where somebody signs in elsewhere', async () => {
    kit.advance(recentMs);
    expect((await signIn()).status).toBe(201);
    const body = { email, role: 'owner', label: 'mine' } as const;
    expect(await failure(stolen.client.instanceKeys.issue({ body }))).toMatchObject({
      code: 'reauthentication_required',
    });
  });
});

it('[NEW-11] a sign-in is recent for ten minutes, and a control key is asked for none', async () => {
  kit.advance(recentMs - 1);
  const body = { email, role: 'admin', label: 'ci' } as const;
  expect((await stolen.client.instanceKeys.issue({ body })).secret).toMatch(/^mnk_/);
  kit.advance(1);
  expect(await failure(stolen.client.instanceKeys.issue({ body }))).toMatchObject({
    code: 'reauthentication_required',
  });
  expect((await kit.owner.instanceKeys.issue({ body })).secret).toMatch(/^mnk_/);
});
