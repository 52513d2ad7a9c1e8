import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashToken } from '../../domain/token.ts';
import { failure, publicUrl, readSignedIn, startKit } from '../kit.contract.ts';
import type { Kit, SendOptions } from '../kit.contract.ts';

let kit: Kit;
beforeEach(async () => void (kit = await startKit()));
afterEach(() => kit[Symbol.asyncDispose]());

const acme = { workspace: 'acme' };
const hourMs = 3_600_000;
const email = 'ada@example.com';
const password = `the password of ${email}`;
const problemOf = async (response: Response) => {
  const { code, detail } = (await response.json()) as { code?: string; detail?: string };
  return { status: response.status, code, detail };
};
const signIn = (body: object = { email, password }, options: SendOptions = {}) =>
  kit.send('POST', '/api/v1/session', { key: null, body, ...options });
const statusWith = async (cookie: string) =>
  (await kit.send('GET', '/api/v1/session', { key: null, headers: { cookie } })).status;

describe('[NEW-11] signing in', () => {
  it('begins a session whose secret is stored nowhere and whose cookie no script and no other site gets', async () => {
    await kit.signIn(email);
    const response = await signIn();
    expect(response.status).toBe(201);
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Host-mcpnest-session=[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Strict; Secure$/,
      ),
    ]);
    expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    const said = (await response.json()) as { csrfToken: string };
    expect(said).toMatchObject({
      user: { email, name: 'ada' },
      instanceRole: 'owner',
      workspaces: [{ slug: 'acme', name: 'acme', role: 'owner', memberId: expect.any(String) as string }],
      authMethod: 'password',
      expiresAt: '2026-12-21T12:00:00.000Z',
    });
    const secret = readSignedIn(response, said.csrfToken).cookie.split('=')[1]!;
    const rows = await kit.database.db.selectFrom('console_sessions').selectAll().execute();
    expect(rows.map((row) => row.hash)).toContain(hashToken(secret));
    expect(JSON.stringify(rows)).not.toContain(secret);
    // Whoever has read the table has nothing to send.
    for (const { hash, id } of rows)
      for (const stolen of [hash, hash.slice(0, 43), id])
        expect(await statusWith(`__Host-mcpnest-session=${stolen}`)).toBe(401);
    const events = (await kit.owner.auditEvents.list({ params: acme, query: {} })).items;
    expect(JSON.stringify(events)).not.toContain(secret);
    const { items } = await kit.owner.auditEvents.listAll({ query: { action: 'session.create' } });
    expect(items[0]).toMatchObject({
      actorEmail: email,
      detail: { auth_method: 'password', address: expect.stringMatching(/^10\./) as string },
    });
  });

  it('says the same of an unknown address, an account without a password and a wrong one', async () => {
    await kit.owner.members.add({ params: acme, body: { email: 'bo@example.com' } });
    await kit.signIn(email);
    const answers = await Promise.all(
      ['nobody@example.com', 'bo@example.com', email].map(async (who) =>
        problemOf(await signIn({ email: who, password: 'not the password' })),
      ),
    );
    for (const answer of answers) expect(answer).toEqual({ ...answers[0], status: 401, code: 'unauthenticated' });
    const counted = await kit.database.db.selectFrom('event_counts').selectAll().execute();
    expect(counted.filter(({ action }) => action === 'login')).toHaveLength(3);
  });

  it('is always a new session; the one the browser bore ends, and one that was planted opens nothing', async () => {
    const before = await kit.signIn(email);
    const again = await signIn({ email, password }, { headers: { cookie: before.cookie } });
    expect(again.status).toBe(201);
    expect(await statusWith(before.cookie)).toBe(401);
    const planted = `__Host-mcpnest-session=${'A'.repeat(43)}`;
    const after = await signIn({ email, password }, { headers: { cookie: planted } });
    const { cookie } = readSignedIn(after, '');
    expect(cookie).not.toBe(planted);
    expect(await statusWith(planted)).toBe(401);
    expect(await statusWith(`${planted}; ${cookie}`)).toBe(401);
    expect(await statusWith(cookie)).toBe(200);
  });

  it('waits longer and longer where it fails, and not elsewhere', async () => {
    await kit.signIn(email);
    const from = (remoteAddress: string, given: string) => signIn({ email, password: given }, { remoteAddress });
    for (let index = 0; index < 5; index++) expect((await from('192.0.2.1', 'no')).status).toBe(401);
    const refused = await from('192.0.2.1', password);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '2']);
    expect((await from('192.0.2.2', password)).status).toBe(201);
    kit.advance(2_000);
    expect((await from('192.0.2.1', password)).status).toBe(201);
  });

  it('over plain http from another machine is refused with the remedy', async () => {
    await kit.signIn(email);
    const origin = 'http://localhost:8420';
    expect((await signIn({ email, password }, { headers: { origin } })).status).toBe(201);
    // The public URL is this machine, so nothing but a page of it passes the check of origins to begin with.
    const elsewhere = await signIn({ email, password }, { headers: { origin: 'http://192.0.2.1:8420' } });
    expect(elsewhere.status).toBe(403);
  });

  it('makes an old hash anew', async () => {
    await kit.signIn(email);
    const { db } = kit.database;
    // A hash with less memory, made beforehand: what an earlier release would have stored.
    const { argon2Sync } = await import('node:crypto');
    const nonce = Buffer.alloc(16, 1);
    const made = { message: password, nonce, memory: 8_192, passes: 1, parallelism: 1, tagLength: 32 };
    const text = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
    const hash = `$argon2id$v=19$m=8192,t=1,p=1$${text(nonce)}$${text(argon2Sync('argon2id', made))}`;
    await db.updateTable('passwords').set({ hash }).execute();
    expect((await signIn()).status).toBe(201);
    expect((await db.selectFrom('passwords').select('hash').executeTakeFirstOrThrow()).hash).toContain('m=19456');
    expect((await signIn()).status).toBe(201);
  });
});

describe('[NEW-11] a request of the console', () => {
  const path = '/api/v1/workspaces/acme/members';
  const body = { email: 'new@example.com' };
  const put = (headers: Record<string, string>, key: string | null = null) =>
    kit.send('POST', path, { key, body, headers });

  it('changes something only with the token of its own session, from its own pages, as JSON', async () => {
    const ada = await kit.signIn(email);
    const { csrfToken: other } = (await (await signIn()).json()) as { csrfToken: string };
    const { cookie, csrf } = ada;
    const refused: Record<string, string>[] = [
      { cookie },
      { cookie, 'x-csrf-token': '' },
      { cookie, 'x-csrf-token': `${csrf}x` },
      { cookie, 'x-csrf-token': other },
      { cookie, 'x-csrf-token': csrf, origin: 'https://evil.example.com' },
      { cookie, 'x-csrf-token': csrf, origin: 'null' },
      { cookie, 'x-csrf-token': csrf, 'sec-fetch-site': 'cross-site' },
      { cookie, 'x-csrf-token': csrf, 'sec-fetch-site': 'same-site' },
      { cookie, 'x-csrf-token': csrf, 'sec-fetch-site': 'none' },
    ];
    for (const headers of refused) expect([headers, (await put(headers)).status]).toEqual([headers, 403]);
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x']) {
      expect((await put({ cookie, 'x-csrf-token': csrf, 'content-type': type })).status).toBe(415);
    }
    expect((await kit.owner.members.list({ params: acme })).items).toHaveLength(1);
    expect(
      (await put({ cookie, 'x-csrf-token': csrf, origin: publicUrl, 'sec-fetch-site': 'same-origin' })).status,
    ).toBe(201);
  });

  it('a sign-in is asked for by our pages only, too', async () => {
    await kit.signIn(email);
    for (const site of ['cross-site', 'same-site'])
      expect((await signIn({ email, password }, { headers: { 'sec-fetch-site': site } })).status).toBe(403);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await signIn({ email, password }, { headers: form })).status).toBe(415);
  });

  it('with a key as well counts as the key', async () => {
    const ada = await kit.signIn(email);
    const member = await kit.memberKey('acme', 'cy@example.com', 'member');
    expect((await put(ada.headers, member)).status).toBe(403);
    expect((await put(ada.headers, `mnk_${'0'.repeat(48)}`)).status).toBe(401);
    expect((await put({ cookie: ada.cookie }, kit.ownerKey)).status).toBe(201);
  });

  it('counts for what its person is now: a demotion, a removal and a stop bite at once', async () => {
    await kit.owner.members.add({ params: acme, body: { email: 'bo@example.com', role: 'admin' } });
    const bo = await kit.signIn('bo@example.com');
    const { items } = await bo.client.members.list({ params: acme });
    const member = items.find((item) => item.email === 'bo@example.com')!.id;
    const params = { ...acme, member };
    const add = () => failure(bo.client.members.add({ params: acme, body: { email: 'x@example.com' } }));
    const stop = await kit.owner.stops.create({ params: acme, body: { target: `member:${member}`, reason: 'to try' } });
    expect(await add()).toMatchObject({ code: 'forbidden', detail: expect.stringContaining('stopped') as string });
    await kit.owner.stops.remove({ params: { ...acme, stop: stop.id } });
    await kit.owner.members.update({ params, body: { role: 'member' } });
    expect(await add()).toMatchObject({ code: 'forbidden' });
    expect((await bo.client.workspaces.list()).items.map(({ slug }) => slug)).toEqual(['acme']);
    await kit.owner.members.remove({ params });
    expect(await add()).toMatchObject({ code: 'not_found' });
    expect((await bo.client.workspaces.list()).items).toEqual([]);
    expect((await bo.client.session.show()).workspaces).toEqual([]);
  });

  it('of a member reaches no other workspace and nothing of the instance', async () => {
    await kit.owner.workspaces.create({ body: { name: 'Other' } });
    await kit.owner.members.add({ params: { workspace: 'other' }, body: { email: 'eve@example.com', role: 'owner' } });
    const eve = (await kit.signIn('eve@example.com')).client;
    expect((await eve.workspaces.list()).items.map(({ slug }) => slug)).toEqual(['other']);
    expect(await failure(eve.members.list({ params: acme }))).toMatchObject({
      code: 'not_found',
      detail: (await failure(eve.members.list({ params: { workspace: 'nothing' } }))).detail.replace('nothing', 'acme'),
    });
    expect(await failure(eve.people.resetLink({ params: { email } }))).toMatchObject({ code: 'forbidden' });
    expect(await failure(eve.workspaces.create({ body: { name: 'Mine' } }))).toMatchObject({ code: 'forbidden' });
    const ada = await kit.signIn(email);
    const session = (await ada.client.sessions.list()).items[0]!.id;
    expect(await failure(eve.sessions.revoke({ params: { session } }))).toMatchObject({ code: 'not_found' });
    expect(await statusWith(ada.cookie)).toBe(200);
  });
});

describe('[NEW-11] a session', () => {
  it('ends after twelve hours without a request and after thirty days with them', async () => {
    const { cookie } = await kit.signIn(email);
    for (let hours = 0; hours < 30 * 24 - 6; hours += 6) {
      expect(await statusWith(cookie)).toBe(200);
      kit.advance(6 * hourMs);
    }
    kit.advance(6 * hourMs);
    expect(await statusWith(cookie)).toBe(401);
    const idle = await kit.signIn(email);
    kit.advance(12 * hourMs + 1);
    expect(await statusWith(idle.cookie)).toBe(401);
  });

  it('ends with the sign-out, which takes the cookie away', async () => {
    const ada = await kit.signIn(email);
    const response = await kit.send('DELETE', '/api/v1/session', { key: null, headers: ada.headers });
    expect(response.status).toBe(204);
    expect(response.headers.getSetCookie()[0]).toMatch(/^__Host-mcpnest-session=; Path=\/; Max-Age=0;/);
    expect(await statusWith(ada.cookie)).toBe(401);
  });

  it('is listed for its person, who ends one or all others', async () => {
    const [one, two] = [await kit.signIn(email), await signIn()];
    const third = await signIn(
      { email, password },
      { headers: { 'user-agent': 'Mozilla/5.0 (X11; Linux) Firefox/140.0' } },
    );
    const { items } = await one.client.sessions.list();
    expect(items).toHaveLength(3);
    expect(items.filter((item) => item.current)).toMatchObject([{ authMethod: 'reset', browser: 'Unknown browser' }]);
    const firefox = items.find((item) => item.browser === 'Firefox on Linux')!;
    await one.client.sessions.revoke({ params: { session: firefox.id } });
    expect(await statusWith(readSignedIn(third, '').cookie)).toBe(401);
    expect(await one.client.sessions.revokeOthers()).toEqual({ ended: 1 });
    expect(await statusWith(readSignedIn(two, '').cookie)).toBe(401);
    expect(await statusWith(one.cookie)).toBe(200);
    expect((await kit.owner.people.sessions({ params: { email } })).items).toHaveLength(1);
    expect(await kit.owner.people.endSessions({ params: { email } })).toEqual({ ended: 1 });
    expect(await statusWith(one.cookie)).toBe(401);
  });

  it('ends when another of the same person changes the password', async () => {
    const one = await kit.signIn(email);
    const two = readSignedIn(await signIn(), '');
    const change = (body: { current?: string; next: string }) => one.client.password.change({ body });
    expect(await failure(change({ next: 'another that nobody knows' }))).toMatchObject({
      issues: [{ path: 'body.current' }],
    });
    expect(await failure(change({ current: 'wrong', next: 'another that nobody knows' }))).toMatchObject({
      issues: [{ path: 'body.current' }],
    });
    for (const next of ['short', 'x'.repeat(257), 'password1234', email])
      expect(await failure(change({ current: password, next }))).toMatchObject({ issues: [{ path: 'body.next' }] });
    await change({ current: password, next: 'another that nobody knows' });
    expect([await statusWith(one.cookie), await statusWith(two.cookie)]).toEqual([200, 401]);
    expect((await signIn()).status).toBe(401);
    expect((await signIn({ email, password: 'another that nobody knows' })).status).toBe(201);
  });

  it('changes nothing once it has ended, also where the request was waiting already', async () => {
    const ada = await kit.signIn(email);
    const [ended, ...added] = await Promise.allSettled([
      kit.owner.people.endSessions({ params: { email } }),
      ...Array.from({ length: 6 }, (_, index) =>
        ada.client.members.add({ params: acme, body: { email: `late${index}@example.com` } }),
      ),
    ]);
    expect(ended.status).toBe('fulfilled');
    const { items } = await kit.owner.auditEvents.listAll({ query: { action: 'people.endSessions' } });
    const events = (await kit.owner.auditEvents.list({ params: acme, query: { action: 'members.add' } })).items;
    expect(events.filter((event) => event.id > items[0]!.id)).toEqual([]);
    expect(events).toHaveLength(added.filter((result) => result.status === 'fulfilled').length);
  });
});

describe('[NEW-11] a reset link', () => {
  it('opens nothing any more once the person has changed the password themselves', async () => {
    const ada = await kit.signIn(email);
    const key = (await kit.owner.people.resetLink({ params: { email } })).link.split('#k=')[1]!;
    await ada.client.password.change({ body: { current: password, next: 'another that nobody knows' } });
    const body = { key, password: 'one that a thief has chosen' };
    expect((await kit.send('POST', '/api/v1/password-reset', { key: null, body })).status).toBe(401);
    expect(await statusWith(ada.cookie)).toBe(200);
  });

  it('works once, for a day, and the newest alone', async () => {
    const link = async () => (await kit.owner.people.resetLink({ params: { email } })).link.split('#k=')[1]!;
    const reset = (key: string) =>
      kit.send('POST', '/api/v1/password-reset', { key: null, body: { key, password: 'a long and private one' } });
    const [old, key] = [await link(), await link()];
    expect((await reset(old)).status).toBe(401);
    const tries = await Promise.all(Array.from({ length: 4 }, () => reset(key)));
    expect(tries.map(({ status }) => status).toSorted()).toEqual([201, 401, 401, 401]);
    const late = await link();
    kit.advance(24 * hourMs);
    const answers = await Promise.all([late, key, 'x'.repeat(43)].map(async (each) => problemOf(await reset(each))));
    for (const answer of answers) expect(answer).toEqual({ ...answers[0], status: 401, code: 'unauthenticated' });
    const rows = await kit.database.db.selectFrom('entry_links').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(late);
    expect((await kit.owner.people.resetLink({ params: { email } })).link).toMatch(
      /^http:\/\/localhost:8420\/password-reset#k=/,
    );
  });
});

it('[NEW-11] erasing a person takes every way in from them', async () => {
  await kit.owner.members.add({ params: acme, body: { email: 'cy@example.com' } });
  const cy = await kit.signIn('cy@example.com');
  const body = { person: 'cy@example.com' };
  const { id } = await kit.owner.people.erase({ params: acme, body: { ...body, dryRun: true } });
  await kit.owner.people.erase({ params: acme, body: { ...body, confirm: id } });
  expect(await statusWith(cy.cookie)).toBe(401);
  expect((await signIn({ email: 'cy@example.com', password: 'the password of cy@example.com' })).status).toBe(401);
  const { db } = kit.database;
  expect(await db.selectFrom('passwords').selectAll().execute()).toEqual([]);
  expect(await db.selectFrom('console_sessions').select(['address', 'browser']).execute()).toEqual([
    { address: 'erased', browser: 'erased' },
  ]);
});
