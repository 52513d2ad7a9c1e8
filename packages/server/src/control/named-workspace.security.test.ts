import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failure, startKit, type Kit, type SignedIn } from './kit.contract.ts';

/**
 * Operations whose path names no workspace, asked for by people who are signed in: each counts as what they are in that
 * very workspace, whatever they are elsewhere.
 */
let kit: Kit;
let both: SignedIn;
let admin: SignedIn;
let stranger: SignedIn;
let instance: string;

const acme = { workspace: 'acme' };
const other = { workspace: 'other' };
const files = { slug: 'files', env: { FILES_ROOT: '/data', FILES_KEY: 'a-key' } };
const unknownId = '0199d2b4-7c1e-7a53-9f04-3a1f6f0f8a11';

beforeAll(async () => {
  kit = await startKit();
  const { owner } = kit;
  await owner.workspaces.create({ body: { name: 'Other', slug: 'other' } });
  for (const [params, email, role] of [
    [acme, 'both@example.com', 'member'],
    [other, 'both@example.com', 'owner'],
    [acme, 'bo@example.com', 'admin'],
    [other, 'eve@example.com', 'owner'],
  ] as const)
    await owner.members.add({ params, body: { email, role } });
  both = await kit.signIn('both@example.com');
  admin = await kit.signIn('bo@example.com');
  stranger = await kit.signIn('eve@example.com');
  await kit.allowHosting();
  instance = (await owner.hosted.deploy({ body: { ...acme, ...files } })).instance_id;
});
afterAll(() => kit[Symbol.asyncDispose]());

const memberOf = async (params: { workspace: string }, email: string) =>
  (await kit.owner.members.list({ params })).items.find((member) => member.email === email)!.id;

/** An answer without what was asked for and the id of the request. */
const plain = (text: string, asked: string): string =>
  text.replaceAll(asked, 'ASKED').replace(/"requestId":"[^"]*"/, '');

describe('[GW-16][NEW-11] somebody who is signed in', () => {
  it('counts as what they are in the workspace that is named, and not as what they are in another', async () => {
    const refused = expect.objectContaining({ code: 'forbidden' }) as unknown;
    expect(await failure(both.client.hosted.deploy({ body: { ...acme, ...files } }))).toEqual(refused);
    for (const attempt of [
      () => both.client.hosted.terminate({ params: { instance } }),
      () => both.client.hosted.restart({ params: { instance } }),
      () => both.client.hosted.logs({ params: { instance }, query: {} }),
    ])
      expect(await failure(attempt())).toEqual(refused);
    expect((await both.client.hosted.show({ params: { instance } })).instance_id).toBe(instance);
    // Their own workspace has no hosting: that is told an owner, and no member.
    expect(await failure(both.client.hosted.deploy({ body: { ...other, ...files } }))).toMatchObject({
      code: 'conflict',
    });
    const counted = await kit.database.db.selectFrom('event_counts').select(['workspace_id', 'action']).execute();
    const { id } = (await kit.snapshot('acme')).workspace;
    expect(counted).toContainEqual({ workspace_id: id, action: 'hosted.deploy' });
  });

  it('may do what an administrator may, and is named in the record', async () => {
    const made = await admin.client.hosted.deploy({ body: { ...acme, ...files } });
    const { items } = await admin.client.hosted.list({ query: acme });
    expect(items.map(({ instance_id: id }) => id)).toContain(made.instance_id);
    await admin.client.hosted.terminate({ params: { instance: made.instance_id } });
    const events = (await kit.owner.auditEvents.list({ params: acme, query: { limit: 50 } })).items;
    const { actor } = events.find(({ action }) => action === 'hosted.terminate')!;
    expect(actor).toMatch(/\/session:/);
  });

  it('is told the same of another’s instance as of none', async () => {
    const answers = await Promise.all(
      [instance, unknownId].map(async (id) => {
        const response = await kit.send('GET', `/api/hosted/${id}`, { key: null, headers: stranger.headers });
        return [response.status, plain(await response.text(), id)];
      }),
    );
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]![0]).toBe(404);
    const named = await Promise.all(
      ['acme', 'nowhere'].map(async (workspace) => {
        const query = await kit.send('GET', `/api/hosted?workspace=${workspace}`, {
          key: null,
          headers: stranger.headers,
        });
        const body = { workspace, ...files };
        const made = await kit.send('POST', '/api/hosted', { key: null, headers: stranger.headers, body });
        const texts = await Promise.all([query.text(), made.text()]);
        return [query.status, made.status, ...texts.map((text) => plain(text, workspace))];
      }),
    );
    expect(named[0]).toEqual(named[1]);
    expect(named[0]!.slice(0, 2)).toEqual([404, 404]);
  });

  it('changes nothing without the token of their session', async () => {
    const { 'x-csrf-token': _token, ...without } = admin.headers;
    for (const [method, path] of [
      ['POST', '/api/hosted'],
      ['DELETE', `/api/hosted/${instance}`],
      ['POST', `/api/hosted/${instance}/restart`],
    ] as const) {
      const body = path === '/api/hosted' ? { ...acme, ...files } : {};
      const response = await kit.send(method, path, { key: null, headers: without, body });
      expect([path, response.status]).toEqual([path, 403]);
    }
  });

  it('is refused while they are stopped, and knows nothing once they have left', async () => {
    const { owner } = kit;
    const member = await memberOf(acme, 'bo@example.com');
    const { id } = await owner.stops.create({
      params: acme,
      body: { target: `member:${member}`, reason: 'to try it' },
    });
    expect(await failure(admin.client.hosted.restart({ params: { instance } }))).toMatchObject({ code: 'forbidden' });
    await owner.stops.remove({ params: { ...acme, stop: id } });
    await admin.client.hosted.restart({ params: { instance } });
    await owner.members.remove({ params: { ...acme, member } });
    for (const attempt of [
      () => admin.client.hosted.show({ params: { instance } }),
      () => admin.client.hosted.list({ query: acme }),
      () => admin.client.hosted.terminate({ params: { instance } }),
    ])
      expect(await failure(attempt())).toMatchObject({ code: 'not_found' });
  });
});
